import { describe, expect, it } from 'vitest';
import { decideNotification, type Outcome, type Trouble } from '../index.ts';

/** What is told of outcomes one after another. */
function tell(...outcomes: readonly (readonly [order: string, isSuccess: boolean, who?: string])[]): readonly string[] {
  let known: Trouble | undefined;
  return outcomes.map(([order, isSuccess, who = 'ada']) => {
    const outcome: Outcome = { subject: 'pipeline/web/ci/main', isSuccess, order, concerned: [who] };
    const { kind = 'nothing', recipients, next } = decideNotification(known, outcome);
    known = next;
    return [kind, ...(kind === 'nothing' ? [] : recipients)].join(' ');
  });
}

describe('decideNotification', () => {
  it('never tells of success', () => {
    expect(tell(['1', true], ['2', true])).toEqual(['nothing', 'nothing']);
  });

  it('tells of every failure, and once of the recovery', () => {
    expect(tell(['1', false], ['2', false], ['3', true], ['4', true])).toEqual([
      'failure ada',
      'failure ada',
      'recovery ada',
      'nothing',
    ]);
  });

  it('tells everybody who heard of the failure, and who mended it, of the recovery', () => {
    expect(tell(['1', false, 'ada'], ['2', false, 'ben'], ['3', true, 'eve']).at(-1)).toBe('recovery ada ben eve');
  });

  it('lets a report that comes late open and end nothing', () => {
    expect(tell(['2', true], ['1', false], ['3', true])).toEqual(['nothing', 'failure ada', 'nothing']);
    expect(tell(['2', false], ['1', true], ['3', true])).toEqual(['failure ada', 'nothing', 'recovery ada']);
  });

  it('tells nothing new of an outcome that is reported again', () => {
    expect(tell(['1', false], ['2', true], ['2', true])).toEqual(['failure ada', 'recovery ada', 'nothing']);
  });
});
