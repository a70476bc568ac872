import { describe, expect, it } from 'vitest';
import { decideMerge, type MergeFacts, type PolicyChange, type PullRequest } from '../index.ts';

const policyChanges: readonly PolicyChange[] = [
  { pipeline: 'web', stage: 'lint', message: 'Stage lint of pipeline web is gone.' },
];
const fine: MergeFacts = {
  pullRequest: { state: 'open', base: 'b', mergeCommit: 'm', conflicts: [], target: 'main' } as unknown as PullRequest,
  protection: { requiresPullRequest: true, requiredApprovals: 1, requiredChecks: ['web'] },
  checks: [{ pipeline: 'web', phase: 'finished', conclusion: 'success' }],
  approvals: ['rita'],
  policyChanges: [],
  policyApprovals: [],
  objections: [],
  targetHead: 'b',
  entryGates: [],
};

const gatesOf = (change: Partial<MergeFacts>): readonly string[] => {
  const decision = decideMerge({ ...fine, ...change });
  return decision.kind === 'allowed' ? [] : decision.unmet.map((one) => one.gate);
};

describe('decideMerge', () => {
  it('allows what was checked on the head of its target and reviewed', () => {
    expect(decideMerge(fine)).toEqual({ kind: 'allowed' });
  });

  it.each<[string, Partial<MergeFacts>, readonly string[]]>([
    ['a moved target', { targetHead: 'c' }, ['BaseMoved']],
    ['a check that is missing', { checks: [] }, ['CheckNotPassed']],
    ['a check that runs', { checks: [{ pipeline: 'web', phase: 'running' }] }, ['CheckNotPassed']],
    ['no approval', { approvals: [] }, ['WaitingForApproval']],
    [
      'everything at once',
      { approvals: [], checks: [], targetHead: 'c' },
      ['BaseMoved', 'CheckNotPassed', 'WaitingForApproval'],
    ],
    ['a change of policy with a reviewer alone', { policyChanges }, ['PolicyChangeNotApproved']],
    [
      'a change of policy whose reviewer is its approver too',
      { policyChanges, policyApprovals: ['rita'] },
      ['PolicyChangeNotApproved'],
    ],
    [
      'a change of policy with an approver alone',
      { policyChanges, approvals: [], policyApprovals: ['ola'] },
      ['WaitingForApproval', 'PolicyChangeNotApproved'],
    ],
  ])('refuses %s', (_name, change, gates) => {
    expect(gatesOf(change)).toEqual(gates);
  });

  it('allows a change of policy with an approver beside the reviewer, whoever holds both roles', () => {
    expect(gatesOf({ policyChanges, policyApprovals: ['ola'] })).toEqual([]);
    expect(gatesOf({ policyChanges, approvals: ['rita', 'ada'], policyApprovals: ['ada'] })).toEqual([]);
  });

  it('names what changes, so that a person sees why', () => {
    expect(decideMerge({ ...fine, policyChanges })).toMatchObject({
      unmet: [{ message: expect.stringContaining('Policy change: Stage lint of pipeline web is gone.') }],
    });
  });
});
