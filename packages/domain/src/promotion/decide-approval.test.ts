import { describe, expect, it } from 'vitest';
import { type Account, type ApprovalFacts, type CommitId, decideApproval } from '../index.ts';

const head = 'a'.repeat(40) as CommitId;
const boss: Account = {
  id: 'boss',
  displayName: 'Boss',
  kind: 'person',
  roles: ['approver'],
  verifiedEmails: ['boss@example.test'],
  isDisabled: false,
  createdAt: '2026-01-01T00:00:00Z',
};
const fine: ApprovalFacts = {
  approver: boss,
  approvedHead: head,
  head,
  author: 'dev',
  promoter: 'dev',
  pushers: ['dev'],
  commitEmails: ['dev@example.test'],
  neededRole: 'approver',
};

describe('decideApproval', () => {
  it('counts a second person with the role', () => {
    expect(decideApproval(fine)).toEqual({ kind: 'counts' });
  });

  it.each<[string, Partial<ApprovalFacts>, string]>([
    ['the promoter', { promoter: 'boss' }, 'OwnPromotion'],
    ['the author of the request', { author: 'boss' }, 'OwnPullRequest'],
    ['a pusher', { pushers: ['boss'] }, 'OwnCommits'],
    ['a co-author, whatever the case of the address', { commitEmails: ['Boss@Example.test'] }, 'OwnChange'],
    ['an older head', { approvedHead: 'b'.repeat(40) as CommitId }, 'HeadMoved'],
    ['somebody who lost the role', { approver: { ...boss, roles: ['viewer'] } }, 'RoleMissing'],
    ['a disabled account', { approver: { ...boss, isDisabled: true } }, 'AccountDisabled'],
    ['a service account', { approver: { ...boss, kind: 'service' } }, 'NotAPerson'],
  ])('refuses %s', (_who, change, reason) => {
    expect(decideApproval({ ...fine, ...change })).toMatchObject({ kind: 'refused', reason });
  });
});
