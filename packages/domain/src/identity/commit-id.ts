import { DomainError } from '../errors/domain-error.ts';

declare const commitBrand: unique symbol;
/** A full Git object name, 40 lower-case hex digits. Made only by {@link parseCommitId}. */
export type CommitId = string & { readonly [commitBrand]: true };

const shape = /^[0-9a-f]{40}$/;

/** Tells whether a text is a full Git hash, without an error. */
export function isCommitId(text: string): text is CommitId {
  return shape.test(text);
}

/** @throws {@link DomainError} `COMMIT_ID_INVALID`. */
export function parseCommitId(text: string): CommitId {
  if (!isCommitId(text)) {
    throw new DomainError('COMMIT_ID_INVALID', `${JSON.stringify(text.slice(0, 100))} is not a full Git hash`);
  }
  return text;
}

/** The first twelve digits, for people. */
export function shortCommit(commit: CommitId): string {
  return commit.slice(0, 12);
}

/** Git's name of "no object": a ref that does not exist yet or no longer. */
export const zeroCommit = '0'.repeat(40);
