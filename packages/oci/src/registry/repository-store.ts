import { type Digest, isDigest, parseDigest } from '@slipway/domain';
import { joinInside, writeAtomically } from '@slipway/host';
import type { Descriptor } from '@slipway/ports';
import { link, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { randomBytes } from 'node:crypto';
import { parseDescriptor } from '../manifest.ts';
import { parseJsonObject } from '../parse-json.ts';
import { absentIfMissing, ensureFolder, syncFolder } from './blob-store.ts';

/** An entry of the referrers list. */
export interface Referrer extends Descriptor {
  readonly artifactType?: string;
}

/**
 * What each repository holds of the common blobs: links to blobs, manifests with their media type, tags, referrers.
 * Every file is written whole under another name first; a repository's own folders begin with `_`, which no name does.
 */
export interface RepositoryStore {
  hasBlob(repository: string, digest: Digest): Promise<boolean>;
  linkBlob(repository: string, digest: Digest): Promise<void>;
  /** Media type; absent when the repository has no such manifest. */
  manifestType(repository: string, digest: Digest): Promise<string | undefined>;
  linkManifest(repository: string, digest: Digest, mediaType: string): Promise<void>;
  readTag(repository: string, tag: string): Promise<Digest | undefined>;
  /** With `isImmutable` false when the tag stands for another digest; nothing has changed then. */
  writeTag(repository: string, tag: string, target: { digest: Digest; isImmutable: boolean }): Promise<boolean>;
  /** Sorted as bytes; absent when there is no such repository. */
  listTags(repository: string): Promise<readonly string[] | undefined>;
  addReferrer(repository: string, subject: Digest, referrer: Referrer): Promise<void>;
  listReferrers(repository: string, subject: Digest): Promise<readonly Referrer[]>;
}

/** Opens the store below `rootDir/repositories`; drafts go where the blob store sweeps them. */
export function openRepositoryStore(rootDir: string): RepositoryStore {
  const root = path.join(rootDir, 'repositories');
  const keep = async (file: string, content: string): Promise<void> => {
    const draft = await writeDraft(rootDir, content);
    await ensureFolder(path.dirname(file));
    await rename(draft, file);
    await syncFolder(path.dirname(file));
  };
  const at = (repository: string, ...parts: readonly string[]): string =>
    joinInside(root, [repository, ...parts].join('/'));
  const blobFile = (repository: string, digest: Digest): string => at(repository, '_blobs', digest.slice(7));
  const manifestFile = (repository: string, digest: Digest): string => at(repository, '_manifests', digest.slice(7));
  return {
    hasBlob: async (repository, digest) =>
      (await stat(blobFile(repository, digest)).catch(absentIfMissing)) !== undefined,
    linkBlob: (repository, digest) => keep(blobFile(repository, digest), ''),
    manifestType: (repository, digest) => readText(manifestFile(repository, digest)),
    async linkManifest(repository, digest, mediaType) {
      const file = manifestFile(repository, digest);
      // The first media type stays: bytes that mean two things would be a confusion attack (CVE-2021-41190).
      if ((await readText(file)) === undefined) await keep(file, mediaType);
    },
    async readTag(repository, tag) {
      const text = await readText(at(repository, '_tags', tag));
      return text !== undefined && isDigest(text) ? text : undefined;
    },
    async writeTag(repository, tag, target) {
      const file = at(repository, '_tags', tag);
      if (target.isImmutable) return createTag(file, await writeDraft(rootDir, target.digest), target.digest);
      await keep(file, target.digest);
      return true;
    },
    listTags: (repository) => listTags(at(repository, '_tags'), at(repository, '_blobs')),
    addReferrer: (repository, subject, referrer) =>
      keep(at(repository, '_referrers', subject.slice(7), referrer.digest.slice(7)), JSON.stringify(referrer)),
    listReferrers: (repository, subject) => listReferrers(at(repository, '_referrers', subject.slice(7))),
  };
}

async function writeDraft(rootDir: string, content: string): Promise<string> {
  const draft = path.join(rootDir, 'drafts', randomBytes(16).toString('hex'));
  await writeAtomically(draft, content);
  return draft;
}

async function readText(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(absentIfMissing);
}

/** A hard link is made only where no file is, so two writers of one tag cannot both win. */
async function createTag(file: string, draft: string, digest: Digest): Promise<boolean> {
  try {
    await ensureFolder(path.dirname(file));
    await link(draft, file);
    await syncFolder(path.dirname(file));
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    return (await readText(file)) === digest;
  } finally {
    await rm(draft, { force: true });
  }
}

async function listTags(folder: string, blobs: string): Promise<readonly string[] | undefined> {
  const names = await readdir(folder).catch(absentIfMissing);
  if (names === undefined) return (await stat(blobs).catch(absentIfMissing)) === undefined ? undefined : [];
  return names.sort();
}

async function listReferrers(folder: string): Promise<readonly Referrer[]> {
  const names = (await readdir(folder).catch(absentIfMissing)) ?? [];
  const found = await Promise.all(
    names
      .filter((name) => isDigest(`sha256:${name}`))
      .sort()
      .map(async (name) => parseReferrer(await readFile(path.join(folder, name)), parseDigest(`sha256:${name}`))),
  );
  return found.filter((referrer) => referrer !== undefined);
}

function parseReferrer(bytes: Uint8Array, digest: Digest): Referrer | undefined {
  const json = parseJsonObject(bytes);
  const descriptor = parseDescriptor(json);
  if (descriptor?.digest !== digest) return undefined;
  const artifactType = json?.['artifactType'];
  return { ...descriptor, ...(typeof artifactType === 'string' ? { artifactType } : {}) };
}
