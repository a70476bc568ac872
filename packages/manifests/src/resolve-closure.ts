import path from 'node:path/posix';
import { isNode } from 'yaml';
import { type Closure, type ClosureEntry, closureLimits, type ClosureReader } from './closure.ts';
import { isRecord, type Reference, referencesOf } from './kustomization-references.ts';
import { type FilePosition, ManifestError, type manifestErrors } from './manifest-error.ts';
import { onlyDocument, type YamlPath } from './set-scalar.ts';
import { plainData, positionOf, readYaml, type YamlSource } from './yaml-source.ts';

/** Names of a kustomization file; a folder has exactly one. */
export const kustomizationFiles = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const;

interface Walk {
  readonly reader: ClosureReader;
  readonly files: Map<string, ClosureEntry>;
  readonly because: string[];
  readonly visited: Set<string>;
  readonly notLinks: Set<string>;
  bytes: number;
}

/** Where a path is named: fault position and the kustomization file. */
interface Naming {
  readonly at: FilePosition;
  /** Folders from the root kustomization down to the one that names it. */
  readonly chain: readonly string[];
}

/**
 * Walks the kustomization graph of a folder and names every file that rendering it needs, and no other.
 *
 * @param folder - of the kustomization, from the repository's root.
 * @returns `whole-tree` for fields or plugins this version does not know.
 * @throws ManifestError with file, line and column: `REMOTE_BASE_REFUSED`, `CLOSURE_PATH_OUTSIDE` (`..` beyond the root, absolute paths,
 *   links, submodules), `CLOSURE_FILE_MISSING`, `CLOSURE_CYCLE`, `CLOSURE_UNSUPPORTED` (Helm), `CLOSURE_TOO_LARGE`,
 *   `KUSTOMIZATION_INVALID`, `MANIFEST_SYNTAX`, `MANIFEST_TOO_LARGE`. What the reader throws passes through.
 */
export async function resolveClosure(folder: string, reader: ClosureReader): Promise<Closure> {
  const walk: Walk = { reader, files: new Map(), because: [], visited: new Set(), notLinks: new Set(), bytes: 0 };
  const naming: Naming = { at: { file: folder, line: 1, column: 1 }, chain: [] };
  const root = insideRoot('', folder, naming);
  await refuseLinks(walk, root, naming);
  await walkFolder(walk, root, naming);
  if (walk.because.length > 0) return { kind: 'whole-tree', because: walk.because };
  const files = [...walk.files.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
  return { kind: 'files', files };
}

async function walkFolder(walk: Walk, folder: string, naming: Naming): Promise<void> {
  const { chain } = naming;
  if (chain.includes(folder)) {
    const cycle = [...chain.slice(chain.indexOf(folder)), folder].map((part) => part || '.').join(' → ');
    throw new ManifestError('CLOSURE_CYCLE', `it includes itself: ${cycle}`, naming.at);
  }
  if (chain.length >= closureLimits.depth) {
    throw new ManifestError('CLOSURE_TOO_LARGE', `bases nest deeper than ${closureLimits.depth}`, naming.at);
  }
  if (walk.visited.has(folder)) return;
  walk.visited.add(folder);
  const file = await kustomizationIn(walk, folder, naming);
  const source = await readKustomization(walk, file, naming);
  const data = plainData(source, onlyDocument(source));
  if (!isRecord(data)) {
    throw new ManifestError('KUSTOMIZATION_INVALID', 'it is not a kustomization', { file, line: 1, column: 1 });
  }
  const { references, unknown, unsupported } = referencesOf(data);
  for (const field of unsupported) fail(source, [field], ['CLOSURE_UNSUPPORTED', `\`${field}\` is not supported`]);
  for (const field of unknown) walk.because.push(`${file}: \`${field.slice(0, 100)}\` is not known`);
  for (const reference of references) {
    const at = positionAt(source, reference.at);
    await follow(walk, reference, { folder, file, naming: { at, chain: [...chain, folder] } });
  }
}

interface Place {
  readonly folder: string;
  readonly file: string;
  readonly naming: Naming;
}

async function follow(walk: Walk, reference: Reference, { folder, file, naming }: Place): Promise<void> {
  if (reference.mayBeInline && /[\n{]|:\s/.test(reference.path)) {
    if (reference.kind === 'plugin') inspectPlugin(walk, reference.path, file);
    return;
  }
  if (isRemote(reference.path)) {
    throw new ManifestError('REMOTE_BASE_REFUSED', `${quote(reference.path)} is not in this repository`, naming.at);
  }
  const target = insideRoot(folder, reference.path, naming);
  await refuseLinks(walk, target, naming);
  const mode = target === '' ? '040000' : await walk.reader.modeOf(target);
  if (mode === '040000' && reference.kind === 'plugin') walk.because.push(`${file}: what a plugin reads is not known`);
  if (mode === '040000' && reference.kind !== 'file') return walkFolder(walk, target, naming);
  if (mode !== '100644' && mode !== '100755') {
    throw new ManifestError('CLOSURE_FILE_MISSING', `${quote(target)} is not there`, naming.at);
  }
  addFile(walk, { path: target, origin: file }, naming);
  if (reference.kind === 'plugin') inspectPlugin(walk, (await readText(walk, target, naming)) ?? '', target);
}

/** Builtin plugins whose configuration names no file. */
const closedPlugins: readonly string[] = [
  'AnnotationsTransformer',
  'HashTransformer',
  'ImageTagTransformer',
  'LabelTransformer',
  'NamespaceTransformer',
  'PrefixTransformer',
  'PrefixSuffixTransformer',
  'SuffixTransformer',
  'ReplicaCountTransformer',
  'SortOrderTransformer',
];

function inspectPlugin(walk: Walk, text: string, file: string): void {
  const source = readYaml(text, file);
  for (const document of source.documents) {
    const data = plainData(source, document);
    const kind = isRecord(data) ? String(data['kind']) : '';
    if (kind.startsWith('HelmChart')) fail(source, [], ['CLOSURE_UNSUPPORTED', 'Helm charts are not supported']);
    const isBuiltin = isRecord(data) && data['apiVersion'] === 'builtin';
    if (data !== null && !(isBuiltin && closedPlugins.includes(kind))) {
      walk.because.push(`${file}: what this plugin reads is not known`);
    }
  }
}

async function kustomizationIn(walk: Walk, folder: string, naming: Naming): Promise<string> {
  const names = (await walk.reader.listFolder(folder)) ?? [];
  const [name, second] = kustomizationFiles.filter((candidate) => names.includes(candidate));
  if (name === undefined) {
    throw new ManifestError('CLOSURE_FILE_MISSING', `${quote(folder || '.')} has no kustomization.yaml`, naming.at);
  }
  if (second !== undefined) {
    throw new ManifestError('KUSTOMIZATION_INVALID', `${quote(folder || '.')} has ${name} and ${second}`, naming.at);
  }
  const file = path.join(folder, name);
  await refuseLinks(walk, file, naming);
  return file;
}

async function readKustomization(walk: Walk, file: string, naming: Naming): Promise<YamlSource> {
  const text = await readText(walk, file, naming);
  if (text === undefined) throw new ManifestError('CLOSURE_FILE_MISSING', `${quote(file)} is not there`, naming.at);
  addFile(walk, { path: file, origin: file }, naming);
  return readYaml(text, file);
}

async function readText(walk: Walk, file: string, naming: Naming): Promise<string | undefined> {
  const bytes = await walk.reader.readFile(file);
  walk.bytes += bytes?.byteLength ?? 0;
  if (walk.bytes > closureLimits.bytes) {
    throw new ManifestError('CLOSURE_TOO_LARGE', `more than ${closureLimits.bytes} bytes are needed`, naming.at);
  }
  return bytes === undefined ? undefined : new TextDecoder().decode(bytes);
}

function addFile(walk: Walk, entry: ClosureEntry, naming: Naming): void {
  if (walk.files.has(entry.path)) return;
  walk.files.set(entry.path, entry);
  if (walk.files.size > closureLimits.files) {
    throw new ManifestError('CLOSURE_TOO_LARGE', `more than ${closureLimits.files} files are needed`, naming.at);
  }
}

/** Whatever kustomize might fetch; it decides by form, before it looks for a file. */
function isRemote(reference: string): boolean {
  return /:\/\/|^git::|^gh:|^(?:www\.)?(?:github|gitlab|bitbucket)\.(?:com|org)[/:]|^[^/]+@[^/]+[:/]|[?&](?:ref|version|timeout|submodules)=|\.git(?:$|[/?])|_git\//i.test(
    reference,
  );
}

function insideRoot(folder: string, reference: string, naming: Naming): string {
  const joined = path.normalize(path.join(folder, reference)).replace(/\/$/, '');
  const isOutside =
    path.isAbsolute(reference) || /[\0\\]/.test(reference) || joined === '..' || joined.startsWith('../');
  if (isOutside)
    throw new ManifestError('CLOSURE_PATH_OUTSIDE', `${quote(reference)} leaves the repository`, naming.at);
  return joined === '.' ? '' : joined;
}

async function refuseLinks(walk: Walk, target: string, naming: Naming): Promise<void> {
  const parts = target.split('/');
  for (let length = 1; length <= parts.length; length += 1) {
    const part = parts.slice(0, length).join('/');
    if (part === '' || walk.notLinks.has(part)) continue;
    const mode = await walk.reader.modeOf(part);
    if (mode === '120000' || mode === '160000') {
      const what = mode === '120000' ? 'a link' : 'a submodule';
      throw new ManifestError('CLOSURE_PATH_OUTSIDE', `${quote(part)} is ${what}`, naming.at);
    }
    walk.notLinks.add(part);
  }
}

function fail(source: YamlSource, at: YamlPath, [code, what]: readonly [keyof typeof manifestErrors, string]): never {
  throw new ManifestError(code, what, positionAt(source, at));
}

/** Where a value stands; the nearest container's place when it came through a merge or an alias. */
function positionAt(source: YamlSource, at: YamlPath): FilePosition {
  if (at.length === 0) return positionOf(source, 0);
  const document = onlyDocument(source);
  for (let length = at.length; length > 0; length -= 1) {
    const node: unknown = document.getIn(at.slice(0, length), true);
    if (isNode(node) && node.range) return positionOf(source, node.range[0]);
  }
  return positionOf(source, 0);
}

function quote(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}
