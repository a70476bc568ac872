import type { GitRepository } from '@slipway/ports';
import { GitError } from './git-error.ts';

export type PushResult = Awaited<ReturnType<GitRepository['push']>>;

/** Git's own reasons for "somebody was first": its own check, and the two forms of a lost race at the remote. */
const staleReasons = /^(fetch first|non-fast-forward|stale info|needs force|already exists)$/;
const lostRace =
  /cannot lock ref|failed to update ref|incorrect old value|reference already exists|is at [0-9a-f]{40} but/;

/**
 * Reads what `git push --porcelain` says of one ref: `flag TAB from:to TAB summary`.
 *
 * @throws {@link GitError} `GIT_REMOTE_FAILED` when the remote said nothing of the ref.
 * @see git-push(1), "OUTPUT".
 */
export function readPushReport(push: {
  readonly ref: string;
  readonly exitCode: number;
  readonly report: string;
  /** Standard error; lines of the remote begin with `remote: `. */
  readonly messages: string;
}): PushResult {
  const line = push.report.split('\n').find((candidate) => candidate.split('\t')[1]?.endsWith(`:${push.ref}`));
  const [flag, , summary = ''] = line?.split('\t') ?? [];
  if (line === undefined || (flag !== '!' && push.exitCode !== 0)) {
    throw new GitError('GIT_REMOTE_FAILED', `push: ${push.messages.trim().slice(-2000)}`);
  }
  if (flag !== '!') return { kind: 'pushed' };
  const [, kind = '', why = ''] = /^\[(.*?)\] ?\(?(.*?)\)?$/.exec(summary) ?? [];
  const said = push.messages
    .split('\n')
    .filter((text) => text.startsWith('remote: '))
    .map((text) => text.slice('remote: '.length).trimEnd());
  const isStale = (kind === 'rejected' && staleReasons.test(why)) || (kind === 'remote rejected' && lostRace.test(why));
  return { kind: 'rejected', isStale, reason: [why || summary, ...said].join('\n').slice(0, 4000) };
}
