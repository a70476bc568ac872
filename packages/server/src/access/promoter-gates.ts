import type { Account, UnmetGate } from '@slipway/domain';

/** What the role of an account leaves unmet of promoting, holding, freezing and going back; empty when it may. */
export function promoterGates(account: Account): readonly UnmetGate[] {
  const mayPromote = account.roles.includes('promoter') || account.roles.includes('admin');
  return mayPromote ? [] : [{ gate: 'RoleMissing', message: 'You do not hold the role promoter.' }];
}

/** Gates as a yes or a no with its first reason. */
export function permissionOf(gates: readonly UnmetGate[]): { readonly isAllowed: boolean; readonly reason?: string } {
  const [first] = gates;
  return first === undefined ? { isAllowed: true } : { isAllowed: false, reason: first.message };
}
