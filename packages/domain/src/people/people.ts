import type { CommitId } from '../identity/commit-id.ts';
import type { Branch, Name } from '../identity/names.ts';
import type { NotificationKind } from '../notification/notification.ts';

/** Rights, each asked for by name; deny by default. */
export const roles = ['viewer', 'developer', 'reviewer', 'promoter', 'approver', 'operator', 'admin'] as const;
export type Role = (typeof roles)[number];

/** Who somebody is. Account ids count everywhere; Git metadata never does. */
export interface Account {
  /** The login: a name, never changed. */
  readonly id: string;
  readonly displayName: string;
  readonly kind: 'person' | 'service';
  readonly roles: readonly Role[];
  /** Addresses the account has proved to own; they may exclude a person from approving, never qualify one. */
  readonly verifiedEmails: readonly string[];
  readonly isDisabled: boolean;
  readonly createdAt: string;
}

/** A credential; the secret itself is never stored. Its id is the first part of the secret. */
export interface AccessToken {
  readonly id: string;
  readonly account: string;
  /** SHA-256 of the secret, hex. */
  readonly secretHash: string;
  readonly purpose: 'person' | 'stage' | 'operator' | 'login-link' | 'application';
  readonly label: string;
  /** Narrowed rights, such as `registry:push:guestbook/web`; absent means all of the account's. */
  readonly scopes?: readonly string[];
  readonly createdAt: string;
  readonly expiresAt?: string;
  readonly revokedAt?: string;
}

/**
 * The public half of the key that an operator signs its reports with. Its id is `account/keyId`. A removed one stays, so that what
 * it signed can be read and it never comes back.
 */
export interface OperatorKey {
  readonly id: string;
  readonly account: string;
  /** Fingerprint: `sha256:` and hex over the SPKI DER bytes. */
  readonly keyId: string;
  /** SPKI PEM, Ed25519. */
  readonly publicKey: string;
  readonly enrolledAt: string;
  readonly removedAt?: string;
  /** Account of the admin. */
  readonly removedBy?: string;
}

/** A repository of the built-in forge. Its id is its name. */
export interface Repository {
  readonly id: Name;
  readonly role: 'code' | 'config' | 'app-config';
  readonly defaultBranch: Branch;
  readonly protection: BranchProtection;
  readonly createdAt: string;
}

/** Rules for the default branch; force-push and deletion are always refused, for admins too. */
export interface BranchProtection {
  readonly requiresPullRequest: boolean;
  readonly requiredApprovals: number;
  /** Names of pipelines that must have succeeded on the merge result. */
  readonly requiredChecks: readonly string[];
}

/** Its id is `repository#number`. */
export interface PullRequest {
  readonly id: string;
  readonly repository: Name;
  readonly number: number;
  readonly title: string;
  readonly body: string;
  readonly author: string;
  readonly source: Branch;
  readonly target: Branch;
  readonly head: CommitId;
  /** Target's head when the merge result was made. */
  readonly base: CommitId;
  /** Absent when it conflicts. */
  readonly mergeCommit?: CommitId;
  readonly conflicts: readonly string[];
  readonly state: 'open' | 'merged' | 'closed';
  readonly mergedBy?: string;
  readonly mergedCommit?: CommitId;
  /** Accounts that pushed commits to it. */
  readonly pushers: readonly string[];
  /** Promotion that it carries. */
  readonly promotion?: string;
  readonly createdAt: string;
  readonly updatedAt: string;
}

/** Bound to a head commit: a new push voids it. Its id is `repository#number/account/head`. */
export interface Review {
  readonly id: string;
  readonly pullRequest: string;
  readonly account: string;
  readonly head: CommitId;
  readonly verdict: 'approved' | 'changes-requested' | 'commented';
  readonly body: string;
  readonly createdAt: string;
}

/** A line comment on a pull request. */
export interface LineComment {
  readonly id: string;
  readonly pullRequest: string;
  readonly account: string;
  readonly head: CommitId;
  readonly path: string;
  /** 1-based, in the new file. */
  readonly line: number;
  readonly body: string;
  readonly createdAt: string;
}

/** What a push did to a ref, as the server saw it. Its id is `repository/ref/new`. */
export interface Push {
  readonly id: string;
  readonly repository: Name;
  readonly ref: string;
  readonly before?: CommitId;
  readonly after?: CommitId;
  readonly account: string;
  readonly at: string;
}

/** Where a ref stood when its last move was dealt with. Its id is `repository/ref`. */
export interface RefHead {
  readonly id: string;
  readonly repository: Name;
  readonly ref: string;
  readonly commit: CommitId;
}

/** One line in a person's inbox. */
export interface InboxItem {
  readonly id: string;
  readonly account: string;
  readonly kind: NotificationKind;
  readonly subject: string;
  readonly body: string;
  readonly link: string;
  readonly createdAt: string;
  readonly readAt?: string;
}
