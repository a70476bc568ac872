import { parseBranch, parseName } from '@slipway/domain';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followPolicies, type FollowOptions, type PolicyMemory } from './follow-policies.ts';
import { OperatorError } from './operator-error.ts';
import type { EnvironmentPolicy } from './policy.ts';

function policy(environment: string): EnvironmentPolicy {
  return {
    application: parseName('guestbook'),
    environment: parseName(environment),
    cloneUrl: 'http://127.0.0.1:1/git/config.git',
    branch: parseBranch('main'),
    path: `overlays/${environment}`,
    namespace: parseName(`guestbook-${environment}`),
    rolloutDeadlineMs: 1_000,
  };
}

class Memory implements PolicyMemory {
  kept: readonly EnvironmentPolicy[] | undefined;

  read(): Promise<readonly EnvironmentPolicy[] | undefined> {
    return Promise.resolve(this.kept);
  }

  write(policies: readonly EnvironmentPolicy[]): Promise<void> {
    this.kept = policies;
    return Promise.resolve();
  }
}

describe('followPolicies', () => {
  let memory: Memory;
  let ending: AbortController;
  let away: number;
  beforeEach(() => {
    memory = new Memory();
    ending = new AbortController();
    away = 0;
  });
  afterEach(() => ending.abort());

  const follow = (connect: FollowOptions['connect']): AsyncGenerator<readonly EnvironmentPolicy[]> =>
    followPolicies({ connect, memory, onAway: () => (away += 1), signal: ending.signal, firstRetryMs: 1 });
  const names = async (following: AsyncGenerator<readonly EnvironmentPolicy[]>): Promise<readonly string[]> => {
    const next = await following.next();
    return next.done === true ? ['the end'] : next.value.map((one) => one.environment);
  };

  it('begins with what was kept when the server is away, and goes on with the server when it is back', async () => {
    memory.kept = [policy('qa')];
    let attempts = 0;
    const following = follow(async function* () {
      await Promise.resolve();
      attempts += 1;
      if (attempts < 4) throw new Error('connection refused');
      yield [policy('stage')];
    });

    expect(await names(following)).toEqual(['qa']);
    expect(await names(following)).toEqual(['stage']);
    expect(away).toBe(3);
  });

  it('never tells what was kept beside a server that answers, also when that goes away later', async () => {
    memory.kept = [policy('old')];
    let attempts = 0;
    const following = follow(async function* () {
      await Promise.resolve();
      attempts += 1;
      if (attempts > 1 && attempts < 5) throw new Error('connection refused');
      yield [policy(`life-${attempts}`)];
    });

    expect([await names(following), await names(following)]).toEqual([['life-1'], ['life-5']]);
  });

  it('keeps what it hears before it tells it', async () => {
    const following = follow(async function* () {
      yield await Promise.resolve([policy('qa'), policy('stage')]);
    });

    await names(following);

    expect(memory.kept?.map((one) => one.environment)).toEqual(['qa', 'stage']);
  });

  it('ends when the server refuses it for good', async () => {
    memory.kept = [policy('qa')];
    const refusal = new OperatorError('AUTHORISATION_INVALID', 'this stands for any final refusal');
    const following = follow(async function* () {
      yield await Promise.reject(refusal);
    });

    await expect(following.next()).rejects.toBe(refusal);
  });

  it('ends with the signal, in the midst of a pause too', async () => {
    const following = follow(async function* () {
      yield await Promise.reject(new Error('connection refused'));
    });
    const next = names(following);
    await expect.poll(() => away).toBeGreaterThan(0);
    ending.abort();

    expect(await next).toEqual(['the end']);
  });
});
