import { describe, expect, it } from 'vitest';
import { decideRun, type PipelineRun, type StageDefinition, type StageRun } from '../index.ts';

function stage(name: string, needs: readonly string[] = [], rest: Partial<StageDefinition> = {}): StageDefinition {
  return {
    name,
    kind: 'run',
    needs,
    requirement: 'required',
    commands: [],
    workingDirectory: '',
    environment: {},
    inputs: [],
    outputs: {},
    network: [],
    timeoutMs: 1,
    maxOutputBytes: 1,
    isOnlyOnBranches: false,
    options: {},
    ...rest,
  } as StageDefinition;
}

function runOf(stages: readonly StageDefinition[], trigger = 'push'): PipelineRun {
  return { trigger: { kind: trigger }, definition: { name: 'web', stages } } as unknown as PipelineRun;
}

function state(
  definition: StageDefinition,
  conclusion?: StageRun['conclusion'],
  phase: StageRun['phase'] = 'pending',
): StageRun {
  return {
    name: definition.name,
    requirement: definition.requirement,
    phase: conclusion === undefined ? phase : 'finished',
    ...(conclusion === undefined ? {} : { conclusion }),
  } as StageRun;
}

describe('decideRun', () => {
  const build = stage('build');
  const test = stage('test', ['build']);
  const image = stage('image', ['test'], { isOnlyOnBranches: true });

  it('starts only stages whose needs succeeded', () => {
    const decision = decideRun(runOf([build, test]), [state(build), state(test)]);

    expect(decision.start.map((one) => one.name)).toEqual(['build']);
    expect(decision.conclusion).toBeUndefined();
  });

  it('skips everything behind a failure in one decision, and fails the run', () => {
    const decision = decideRun(runOf([build, test, image]), [state(build, 'failure'), state(test), state(image)]);

    expect(decision.skip.map((one) => [one.stage.name, one.reason])).toEqual([
      ['test', 'NeedFailed'],
      ['image', 'NeedSkipped'],
    ]);
    expect(decision.conclusion).toBe('failure');
  });

  it('skips an image on a pull request with the rule that decided it, and still succeeds', () => {
    const decision = decideRun(runOf([build, image], 'pull-request'), [state(build, 'success'), state(image)]);

    expect(decision.skip[0]?.reason).toBe('OnlyOnBranches');
    expect(decision.conclusion).toBe('success');
  });

  it('does not let an advisory stage fail the run', () => {
    const advisory = stage('lint', [], { requirement: 'advisory' });

    expect(decideRun(runOf([build, advisory]), [state(build, 'success'), state(advisory, 'failure')]).conclusion).toBe(
      'success',
    );
  });

  it('says nothing while a stage still runs', () => {
    const decision = decideRun(runOf([build, test]), [state(build, undefined, 'running'), state(test)]);

    expect(decision).toEqual({ start: [], skip: [] });
  });
});
