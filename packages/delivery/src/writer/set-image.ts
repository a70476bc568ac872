import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Branch, contentDigest, type ImagePin, InvariantError, type Signature } from '@slipway/domain';
import { type MachineLock, takeMachineLock } from '@slipway/host';
import type { GitHost, GitRemote } from '@slipway/ports';
import { BranchWriter } from './branch-writer.ts';
import { openChangeIndex } from './change-index-file.ts';
import { EditSpool, type SetImageEdit } from './edit-spool.ts';
import { pinInFiles, pinInFolders } from './image-edits.ts';
import type { EditOutcome, ManifestEdit } from './manifest-edit.ts';
import type { LandedEdit } from './plan-batch.ts';
import { remoteBranch } from './writable-branch.ts';

/** An image to set without a server. */
export interface SetImageRequest {
  readonly git: GitHost;
  /** Absolute folder for mirrors, locks and waiting edits; one a user, kept between calls. */
  readonly mirrorDir: string;
  /**
   * A URL with its credential, or an absolute folder. A folder is a remote like any other: its hooks run, and Git refuses a
   * branch that its work tree has checked out.
   */
  readonly remote: GitRemote;
  readonly branch: Branch;
  /** Folders with a kustomization. @default [] */
  readonly folders?: readonly string[];
  /** Plain manifests. @default [] */
  readonly files?: readonly string[];
  readonly pins: readonly ImagePin[];
  readonly author: Signature;
  readonly committer: Signature;
  /**
   * Makes the edit happen exactly once, however often it is asked for; take one that the build gives, such as its run's id.
   *
   * @default a random one: what an earlier call has set is then found as "nothing to change", and setting an older image again,
   *   a rollback, stays possible; an id made of the content would take it for a repetition.
   */
  readonly id?: string;
  /** @default a line that names image, tag and places */
  readonly subject?: string;
  /** In order, before `Slipway-Digest` and the id's own. @default [] */
  readonly trailers?: readonly (readonly [string, string])[];
  readonly now: () => string;
  readonly signal?: AbortSignal;
  /** @default nothing */
  readonly checkpoint?: (name: string) => Promise<void>;
}

const maxAttempts = 12;
/** Longer than any Git of ours may take: its lock file is left by one that died. */
const lockFileLifeMs = 900_000;

/**
 * Sets images in a config repository, without a server: one commit, pushed, never forced.
 *
 * Processes of this machine share a mirror, and who has the branch's lock lands the edits of all that wait in one push;
 * against other machines the edit is applied again to whatever head is newest.
 *
 * @throws DeliveryError `CHANGE_ID_INVALID`, `KUSTOMIZATION_MISSING`, `CONFIG_BRANCH_MISSING`, `CONFIG_BRANCH_BUSY`,
 *   `CONFIG_BRANCH_CHECKED_OUT`, `CONFIG_PUSH_REFUSED`; ManifestError for what cannot be edited; GitError `GIT_REMOTE_FAILED`,
 *   `GIT_URL_REFUSED`; HostError `PROGRAM_MISSING` without flock(1).
 */
export async function setImageInRepository(request: SetImageRequest): Promise<LandedEdit> {
  const places = placesOf(request);
  await mkdir(request.mirrorDir, { recursive: true, mode: 0o700 });
  const spool = new EditSpool(places.spool);
  const edit = editOf(request);
  const name = await spool.offer(edit);
  const turn = await lockOrAnswer(request, { spool, name, lockFile: places.lock });
  try {
    if (turn.kind === 'answered') return turn.landed;
    return (await spool.readAnswer(name)) ?? (await landAll(request, { ...places, edit, name }));
  } finally {
    await spool.withdraw(name).finally(() => (turn.kind === 'locked' ? turn.lock.release() : undefined));
  }
}

type Turn =
  | { readonly kind: 'answered'; readonly landed: LandedEdit }
  | { readonly kind: 'locked'; readonly lock: MachineLock };

async function lockOrAnswer(
  request: SetImageRequest,
  wait: { readonly spool: EditSpool; readonly name: string; readonly lockFile: string },
): Promise<Turn> {
  const done = new AbortController();
  const signal = request.signal === undefined ? done.signal : AbortSignal.any([done.signal, request.signal]);
  const locked = takeMachineLock(wait.lockFile, { signal });
  const answered = wait.spool.waitForAnswer(wait.name, signal);
  try {
    const first = await Promise.race([locked, answered]);
    if (first !== undefined && 'release' in first) return { kind: 'locked', lock: first };
    if (first !== undefined) {
      void locked.then((lock) => lock.release()).catch(() => undefined);
      return { kind: 'answered', landed: first };
    }
    return { kind: 'locked', lock: await locked };
  } catch (error) {
    await wait.spool.withdraw(wait.name);
    throw error;
  } finally {
    done.abort();
  }
}

interface Places {
  /** The bare mirror. */
  readonly mirror: string;
  readonly lock: string;
  /** What is known of the branch's changes. */
  readonly index: string;
  readonly spool: string;
}

/** One mirror a remote and one lock a branch; edits meet only where remote, credential and committer are the same. */
function placesOf({ mirrorDir, remote, branch, committer }: SetImageRequest): Places {
  const mirror = path.join(mirrorDir, `${shortHash(remote.url)}.git`);
  const place = path.join(mirrorDir, `${shortHash(remote.url)}-${shortHash(branch)}`);
  const key = shortHash(contentDigest({ remote, branch, committer }));
  return {
    mirror,
    lock: `${place}.lock`,
    index: `${place}.changes`,
    spool: path.join(mirrorDir, `${key}.waiting`),
  };
}

/** With the lock held: our edit, and on the way those of everybody who waits for it. */
async function landAll(
  request: SetImageRequest,
  own: Places & { readonly edit: SetImageEdit; readonly name: string },
): Promise<LandedEdit> {
  const spool = new EditSpool(own.spool);
  const others = (await spool.take()).filter(({ name }) => name !== own.name);
  await sweepLockFile(own.mirror, request.branch);
  const repository = await request.git.create(own.mirror);
  const opened = await openChangeIndex(repository, own.index);
  const { index } = opened;
  const writer = new BranchWriter(remoteBranch(repository, request.remote, request.branch), {
    committer: request.committer,
    now: request.now,
    maxAttempts,
    index,
    checkpoint: request.checkpoint ?? (() => Promise.resolve()),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  });
  const mine = writer.submit(manifestEdit(own.edit));
  const theirs = others.map(async ({ name, edit }) => {
    // Without an answer its owner tries for itself, and hears the error first-hand.
    const landed = await writer.submit(manifestEdit(edit)).catch(() => undefined);
    if (landed !== undefined) await spool.answer(name, landed);
  });
  const [landed] = await Promise.allSettled([mine, ...theirs]);
  await opened.save();
  if (landed.status === 'rejected') throw landed.reason;
  return landed.value;
}

function editOf(request: SetImageRequest): SetImageEdit {
  const { folders = [], files = [], pins, trailers = [] } = request;
  if (pins.length === 0 || folders.length + files.length === 0) throw new InvariantError('an edit of nothing');
  return {
    id: request.id ?? randomUUID(),
    author: request.author,
    subject: request.subject ?? subjectOf(pins, [...folders, ...files]),
    trailers: [
      ...trailers,
      ...pins.map((pin) => ['Slipway-Digest', `${pin.newName ?? pin.name}@${pin.digest}`] as const),
    ],
    folders,
    files,
    pins,
  };
}

function subjectOf(pins: readonly ImagePin[], places: readonly string[]): string {
  const images = pins.map((pin) => `${pin.name} to ${pin.newTag.slice(0, 12)}`);
  const more = (count: number): string => (count > 1 ? ` and ${count - 1} more` : '');
  return `Set ${images[0] ?? ''}${more(images.length)} in ${places[0] ?? ''}${more(places.length)}`;
}

function manifestEdit(edit: SetImageEdit): ManifestEdit {
  const { id, author, subject, trailers, folders, files, pins } = edit;
  return {
    id,
    author,
    subject,
    trailers,
    async apply(tree): Promise<EditOutcome> {
      const outcomes = [await pinInFolders(tree, folders, pins), await pinInFiles(tree, files, pins)];
      const changes = outcomes.flatMap((outcome) => (outcome.kind === 'changes' ? outcome.changes : []));
      return changes.length === 0 ? { kind: 'nothing' } : { kind: 'changes', changes };
    },
  };
}

/** A Git that was cut off leaves the lock file of its ref, and every later one stops at it. */
async function sweepLockFile(mirror: string, branch: Branch): Promise<void> {
  const file = path.join(mirror, 'refs/remotes/origin', `${branch}.lock`);
  const found = await stat(file).catch(() => undefined);
  if (found !== undefined && Date.now() - found.mtimeMs > lockFileLifeMs) await rm(file, { force: true });
}

function shortHash(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 20);
}
