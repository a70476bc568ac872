import { DomainError } from '../errors/domain-error.ts';

declare const nameBrand: unique symbol;
/** The name of an application, environment, repository, pipeline or stage: a DNS label (RFC 1123). */
export type Name = string & { readonly [nameBrand]: true };

const shape = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;

/** Tells whether a text is a name, without an error. */
export function isName(text: string): text is Name {
  return shape.test(text);
}

/** @throws {@link DomainError} `NAME_INVALID`. */
export function parseName(text: string): Name {
  if (!isName(text)) throw new DomainError('NAME_INVALID', `${JSON.stringify(text.slice(0, 100))} is not a name`);
  return text;
}

declare const branchBrand: unique symbol;
/** A branch name without `refs/heads/`. Made only by {@link parseBranch}. */
export type Branch = string & { readonly [branchBrand]: true };

// git-check-ref-format(1), rules 1-10, and no leading dash: it would read as an option.
const forbidden = /[\x00-\x20\x7f~^:?*[\\]|\.\.|@\{|\/\/|^\/|\/$|^-|\.$|^@$/;

/**
 * @throws {@link DomainError} `REF_NAME_INVALID`.
 * @see git-check-ref-format(1).
 */
export function parseBranch(text: string): Branch {
  const parts = text.split('/');
  const isBad =
    text === '' ||
    text.length > 250 ||
    forbidden.test(text) ||
    parts.some((p) => p.startsWith('.') || p.endsWith('.lock'));
  if (isBad) throw new DomainError('REF_NAME_INVALID', `${JSON.stringify(text.slice(0, 100))} is not a branch name`);
  return text as Branch;
}
