import { type CommitId, type ImagePin, parseBranch, parseDigest } from '@slipway/domain';
import type { GitHost, GitRepository } from '@slipway/ports';
import { BranchWriter, type WriterSettings } from '../src/writer/branch-writer.ts';
import { pinInFolders } from '../src/writer/image-edits.ts';
import { changeTrailer, type ManifestEdit } from '../src/writer/manifest-edit.ts';
import { localBranch, type WritableBranch } from '../src/writer/writable-branch.ts';

export const main = parseBranch('main');
export const mainRef = 'refs/heads/main';
export const ada = { name: 'Ada', email: 'ada@example.org' };
export const service = { name: 'Slipway', email: 'slipway@example.org' };
export const at = '2026-02-03T04:05:06Z';

/** A kustomization as people keep it: comments, quotes, blanks at the end of a line. */
export function kustomization(names: readonly string[]): string {
  const images = names.map((name) => `  - name: ${name} # ours\n    newTag: "0000"\n`);
  return `# Owned by the team of these applications.  \nresources: [../../base]\n\nimages:\n${images.join('')}# The end.\n`;
}

/** A digest that tells its number. */
export function pin(name: string, number: number): ImagePin {
  return { name, newTag: `t${number}`, digest: parseDigest(`sha256:${String(number).padStart(64, '0')}`) };
}

/** A bare repository whose main branch holds one kustomization for each folder. */
export async function configRepository(
  git: GitHost,
  gitDir: string,
  folders: Readonly<Record<string, readonly string[]>>,
): Promise<GitRepository> {
  const repository = await git.create(gitDir);
  const files = Object.entries(folders).map(
    ([folder, names]) => [`${folder}/kustomization.yaml`, kustomization(names)] as const,
  );
  await pushForeign(repository, [...files, ['README.md', 'Config\n']]);
  return repository;
}

/** A commit by somebody else: straight to the branch, with whatever is on it as its parent. */
export async function pushForeign(
  repository: GitRepository,
  files: readonly (readonly [string, string | undefined])[],
  message = 'By hand\n',
): Promise<CommitId> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const head = await repository.readRef(mainRef);
    const changes = files.map(([file, text]) => ({
      path: file,
      content: text === undefined ? undefined : Buffer.from(text),
    }));
    const [commit] = await repository.commitChain(head, [{ changes, author: ada, committer: ada, message, at }]);
    if (commit === undefined) throw new Error('no commit');
    if (await repository.updateRef(mainRef, commit, head)) return commit;
  }
  throw new Error('the branch never stood still');
}

export function writerOn(branch: WritableBranch, settings: Partial<WriterSettings> = {}): BranchWriter {
  const checkpoint = (): Promise<void> => Promise.resolve();
  return new BranchWriter(branch, { committer: service, now: () => at, maxAttempts: 40, checkpoint, ...settings });
}

export function localWriter(repository: GitRepository, settings: Partial<WriterSettings> = {}): BranchWriter {
  return writerOn(
    localBranch(repository, main, () => Promise.resolve()),
    settings,
  );
}

export function pinEdit(id: string, folder: string, pins: readonly ImagePin[]): ManifestEdit {
  const subject = `Set ${pins.map(({ name, newTag }) => `${name} to ${newTag}`).join(', ')}`;
  return { id, author: ada, subject, trailers: [], apply: (tree) => pinInFolders(tree, [folder], pins) };
}

/** Change ids on the branch, oldest first; commits without one are left out. */
export async function idsOn(repository: GitRepository): Promise<readonly string[]> {
  const head = await headOf(repository);
  const commits = await repository.log(head, { limit: 100_000 });
  return commits
    .flatMap(({ trailers }) => trailers.filter(([key]) => key === changeTrailer).map(([, value]) => value))
    .reverse();
}

export async function headOf(repository: GitRepository): Promise<CommitId> {
  const head = await repository.readRef(mainRef);
  if (head === undefined) throw new Error('no branch');
  return head;
}

export async function textOn(repository: GitRepository, file: string): Promise<string> {
  const bytes = await repository.readFile(await headOf(repository), file);
  if (bytes === undefined) throw new Error(`no ${file}`);
  return Buffer.from(bytes).toString();
}
