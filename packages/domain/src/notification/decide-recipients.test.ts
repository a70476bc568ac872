import { describe, expect, it } from 'vitest';
import { type Account, type Audience, type CommitId, decideRecipients, type Role } from '../index.ts';

const head = 'a'.repeat(40) as CommitId;
const account = (id: string, roles: readonly Role[], change: Partial<Account> = {}): Account => ({
  id,
  displayName: id,
  kind: 'person',
  roles,
  verifiedEmails: [`${id}@example.test`],
  isDisabled: false,
  createdAt: '2026-01-01T00:00:00Z',
  ...change,
});
const everybody = [
  account('ada', ['developer', 'approver']),
  account('ben', ['approver']),
  account('eve', ['approver'], { isDisabled: true }),
  account('bot', ['approver'], { kind: 'service' }),
  account('root', ['admin']),
];
const approvers: Audience = {
  kind: 'approvers',
  rule: {
    approvedHead: head,
    head,
    author: 'ada',
    promoter: 'ada',
    pushers: [],
    commitEmails: [],
    neededRole: 'approver',
  },
};
const ids = (audience: Audience, accounts = everybody): readonly string[] =>
  decideRecipients(audience, accounts).map(({ id }) => id);

describe('decideRecipients', () => {
  it('takes people by id, and leaves out what is none', () => {
    expect(ids({ kind: 'accounts', accounts: ['ada', 'policy', 'bot', 'eve', 'ada'] })).toEqual(['ada']);
  });

  it('takes people by role', () => {
    expect(ids({ kind: 'role', role: 'approver' })).toEqual(['ada', 'ben']);
  });

  it('takes only those whose approval would count', () => {
    expect(ids(approvers)).toEqual(['ben']);
  });

  it('leaves out an author of a commit in it', () => {
    expect(ids({ ...approvers, rule: { ...approvers.rule, commitEmails: ['BEN@example.test'] } })).toEqual(['root']);
  });

  it('turns to administrators only where nobody else may', () => {
    expect(
      ids(
        approvers,
        everybody.filter(({ id }) => id !== 'ben'),
      ),
    ).toEqual(['root']);
  });
});
