import { isCommitId, parseBranch, type CommitId } from '@slipway/domain';
import type { GitRemote } from '@slipway/ports';
import path from 'node:path';
import { GitError, quoted } from './git-error.ts';

/** @throws {@link GitError} `GIT_REVISION_REFUSED` for anything but a full ref name (git-check-ref-format(1)). */
export function checkRef(ref: string): string {
  if (!ref.startsWith('refs/') || !isRefPath(ref.slice('refs/'.length))) {
    throw new GitError('GIT_REVISION_REFUSED', `${quoted(ref)} is not a full ref name`);
  }
  return ref;
}

/** The brand can be forged by a cast, and a hash is the last thing between a caller and Git's option parser. */
export function checkHash(id: string): CommitId {
  if (!isCommitId(id)) throw new GitError('GIT_REVISION_REFUSED', `${quoted(id)} is not a full hash`);
  return id;
}

/**
 * A path inside a tree. Empty is the root.
 *
 * @throws {@link GitError} `GIT_PATH_REFUSED`, also for line feeds: Git's line protocols could not carry them.
 */
export function checkPath(file: string): string {
  if (file === '') return file;
  const parts = file.split('/');
  const isBad = parts.some((part) => part === '' || part === '.' || part === '..');
  if (isBad || hasControl(file) || /\p{Surrogate}/u.test(file)) {
    throw new GitError('GIT_PATH_REFUSED', `${quoted(file)} is not a path in a tree`);
  }
  return file;
}

/** As {@link checkPath}, and never Git's own folder under any name that a file system takes for it. */
export function checkWritablePath(file: string): string {
  checkPath(file);
  const isOwn = file.split('/').some(isGitFolder);
  if (file === '' || isOwn) throw new GitError('GIT_PATH_REFUSED', `${quoted(file)} cannot be written`);
  return file;
}

/** @throws {@link GitError} `GIT_URL_REFUSED`; the address stays out of the message, since it may hold a secret. */
export function checkRemote(remote: GitRemote): string {
  const { url } = remote;
  if (path.isAbsolute(url) && path.normalize(url) === url && !hasControl(url)) return url;
  const parsed = /^https?:\/\//.test(url) && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || hasControl(url) || /\s/.test(url)) {
    throw new GitError('GIT_URL_REFUSED', 'A remote has an address of a kind that is not allowed');
  }
  if (parsed.username !== '' || parsed.password !== '') {
    throw new GitError('GIT_URL_REFUSED', `The address of a remote at ${parsed.host} holds a credential`);
  }
  return url;
}

/** `[+]<source>:<destination>`; the source is a hash or a full ref, both may hold one `*`. */
export function checkRefspec(refspec: string): string {
  const [source, destination, ...rest] = refspec.replace(/^\+/, '').split(':');
  const isSource = source !== undefined && (isCommitId(source) || isRefPattern(source));
  if (!isSource || destination === undefined || !isRefPattern(destination) || rest.length > 0) {
    throw new GitError('GIT_REVISION_REFUSED', `${quoted(refspec)} is not a refspec of full names`);
  }
  return refspec;
}

function isRefPattern(text: string): boolean {
  return text.startsWith('refs/') && isRefPath(text.slice('refs/'.length).replace('*', 'x'));
}

function isRefPath(text: string): boolean {
  try {
    parseBranch(text);
    return true;
  } catch {
    return false;
  }
}

// Names that NTFS and HFS+ take for `.git` (path.c, is_ntfs_dotgit; utf8.c, is_hfs_dotgit).
function isGitFolder(part: string): boolean {
  const visible = part.replace(/\p{Default_Ignorable_Code_Point}/gu, '');
  return /^(\.git|git~\d+)([. ]|:.*)*$/i.test(visible);
}

function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20 || unit === 0x7f) return true;
  }
  return false;
}
