import type { Role } from '@slipway/domain';
import type { Principal } from './tokens.ts';

/** What a route asks for: a role, any account, leave to read the config that its path names, or nothing at all. A route that says none of these does not start. */
export type Right = Role | 'any' | 'public' | 'config-reader';

/** Tells whether a principal may read an application's config in one environment. */
export function mayReadConfig(
  principal: Principal,
  place: { readonly application: string; readonly profile: string },
): boolean {
  const { scopes } = principal.token;
  if (scopes === undefined) return holdsRight(principal, 'viewer');
  const scope = `config:read:${place.application}`;
  return scopes.some((own) => own === scope || own === `${scope}/${place.profile}`);
}

/** Roles that hold another's right too. */
const includes: Readonly<Record<Role, readonly Role[]>> = {
  viewer: [],
  developer: ['viewer'],
  reviewer: ['viewer'],
  promoter: ['viewer'],
  approver: ['viewer'],
  operator: [],
  admin: ['viewer', 'developer', 'reviewer', 'promoter', 'approver'],
};

/** Tells whether a principal holds a right. Tokens with scopes hold no role: they are for one thing elsewhere. */
export function holdsRight(principal: Principal | undefined, right: Right): boolean {
  if (right === 'public') return true;
  if (principal === undefined) return false;
  if (principal.token.scopes !== undefined || principal.token.purpose === 'login-link') return false;
  if (right === 'config-reader') return false;
  if (right === 'any') return principal.token.purpose === 'person';
  return principal.account.roles.some((role) => role === right || includes[role].includes(right));
}

/** Tells whether a principal may do a scoped thing, such as `registry:push:guestbook/web`; `*` ends a prefix. */
export function holdsScope(principal: Principal, scope: string, otherwise: Role): boolean {
  const { scopes } = principal.token;
  if (scopes === undefined) return holdsRight(principal, otherwise);
  return scopes.some((own) => own === scope || (own.endsWith('*') && scope.startsWith(own.slice(0, -1))));
}
