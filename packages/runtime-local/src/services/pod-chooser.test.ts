import { describe, expect, it } from 'vitest';
import { PodChooser } from './pod-chooser.ts';

const pods = [
  { id: 'a1', deployment: 'web' },
  { id: 'a2', deployment: 'web' },
  { id: 'b1', deployment: 'canary' },
];

describe('PodChooser', () => {
  it('takes pods in turn and names all others as a way out', () => {
    const chooser = new PodChooser();

    const orders = [1, 2, 3, 4].map(() => chooser.order(pods, undefined).map((pod) => pod.id));

    expect(orders).toEqual([
      ['a1', 'a2', 'b1'],
      ['a2', 'b1', 'a1'],
      ['b1', 'a1', 'a2'],
      ['a1', 'a2', 'b1'],
    ]);
  });

  it('keeps weights exactly and spreads them', () => {
    const chooser = new PodChooser();

    const chosen = Array.from({ length: 20 }, () => chooser.order(pods, { web: 9, canary: 1 })[0]?.id);

    expect(chosen.filter((id) => id === 'b1').length).toBe(2);
    expect(chosen.slice(0, 10).filter((id) => id === 'b1').length).toBe(1);
    expect(chosen.filter((id) => id === 'a1').length).toBe(9);
  });

  it('gives a Deployment of weight 0 nothing, not even as a way out, unless nobody else is there', () => {
    const chooser = new PodChooser();

    expect(chooser.order(pods, { web: 1, canary: 0 }).map((pod) => pod.id)).toEqual(['a1', 'a2']);
    expect(chooser.order(pods.slice(2), { web: 1, canary: 0 }).map((pod) => pod.id)).toEqual(['b1']);
  });
});
