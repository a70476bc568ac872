import type { Account } from '../people/people.ts';
import { decideApproval } from '../promotion/decide-approval.ts';
import type { Audience } from './notification.ts';

/**
 * Decides who is told, of all accounts: people only, each once, none whose account is disabled.
 *
 * Of those who may approve, administrators are told only where nobody holds the role itself: they could, but it is not their work.
 */
export function decideRecipients(audience: Audience, accounts: readonly Account[]): readonly Account[] {
  const people = accounts.filter((account) => account.kind === 'person' && !account.isDisabled);
  if (audience.kind === 'accounts') return people.filter((account) => audience.accounts.includes(account.id));
  if (audience.kind === 'role') return people.filter((account) => account.roles.includes(audience.role));
  const { rule } = audience;
  const able = people.filter((account) => decideApproval({ ...rule, approver: account }).kind === 'counts');
  const holders = able.filter((account) => account.roles.includes(rule.neededRole));
  return holders.length > 0 ? holders : able;
}
