import { gzipSync } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { digestOf, type FolderRegistry } from './folder-registry.ts';

/** One tar entry; a plain text is a file's content. */
export interface TestEntry {
  readonly name: string;
  readonly content?: string | Buffer;
  readonly type?: 'file' | 'directory' | 'symlink' | 'link' | 'character-device' | 'fifo';
  readonly linkname?: string;
  readonly mode?: number;
}

export interface TestImage {
  readonly layers: readonly (readonly TestEntry[])[];
  readonly entrypoint: readonly string[];
  readonly cmd?: readonly string[];
  readonly env?: readonly string[];
  readonly workingDir?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly isGzip?: boolean;
}

/** A tar archive of the entries as they are, also of ones that no honest tool would write. */
export async function tarOf(entries: readonly TestEntry[]): Promise<Buffer> {
  const archive = pack();
  for (const entry of entries) {
    const content = Buffer.from(entry.content ?? '');
    const { name, type = 'file', linkname } = entry;
    const mode = entry.mode ?? (type === 'directory' ? 0o755 : 0o644);
    archive.entry(
      { name, type, mode, size: content.length, mtime: new Date(0), ...(linkname === undefined ? {} : { linkname }) },
      content,
    );
  }
  archive.finalize();
  return buffer(Readable.from(archive));
}

/** Pushes an image made by hand and returns its reference by digest. */
export async function pushImage(registry: FolderRegistry, name: string, image: TestImage): Promise<string> {
  const isGzip = image.isGzip ?? true;
  const tars = await Promise.all(image.layers.map(tarOf));
  const layers = tars.map((tar) => {
    const bytes = isGzip ? gzipSync(tar, { level: 1 }) : tar;
    const mediaType = `application/vnd.oci.image.layer.v1.tar${isGzip ? '+gzip' : ''}`;
    return { mediaType, digest: registry.store(bytes), size: bytes.length };
  });
  const config = Buffer.from(
    JSON.stringify({
      os: 'linux',
      architecture: 'amd64',
      config: {
        Entrypoint: image.entrypoint,
        Cmd: image.cmd,
        Env: image.env,
        WorkingDir: image.workingDir,
        Labels: image.labels,
      },
      rootfs: { type: 'layers', diff_ids: tars.map(digestOf) },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: {
        mediaType: 'application/vnd.oci.image.config.v1+json',
        digest: registry.store(config),
        size: config.length,
      },
      layers,
    }),
  );
  return `${registry.host}/${name}:test@${registry.store(manifest)}`;
}

/** An image of one Node script, run by the host's Node where there is no bubblewrap. */
export function nodeImage(registry: FolderRegistry, name: string, script: string): Promise<string> {
  return pushImage(registry, name, {
    layers: [
      [
        { name: 'app/', type: 'directory' },
        { name: 'app/server.js', content: script },
      ],
    ],
    entrypoint: ['node'],
    cmd: ['server.js'],
    workingDir: '/app',
    labels: { 'slipway.runtime': 'node' },
  });
}

/** A server that answers its version and what it sees, and ends in order when asked to. */
export function serverScript(version: string): string {
  return `
const http = require('node:http');
const fs = require('node:fs');
const server = http.createServer(async (request, response) => {
  if (request.url === '/slow') await new Promise((resolve) => setTimeout(resolve, 400));
  if (request.url === '/crash') process.exit(3);
  if (request.url === '/env') return response.end(JSON.stringify(process.env));
  if (request.url === '/whoami') return response.end(JSON.stringify({ uid: process.getuid(), ports: fs.readFileSync('/proc/net/tcp', 'utf8') }));
  if (request.url.startsWith('/file?')) return response.end(fs.readFileSync(decodeURIComponent(request.url.slice(6)), 'utf8'));
  if (request.url.startsWith('/call?')) {
    try {
      const answer = await fetch('http://' + request.url.slice(6));
      return response.end(await answer.text());
    } catch (error) {
      response.statusCode = 502;
      return response.end(String(error.cause ?? error));
    }
  }
  if (request.method === 'POST') {
    let size = 0;
    for await (const chunk of request) size += chunk.length;
    return response.end(String(size));
  }
  response.end(${JSON.stringify(version)});
});
process.on('SIGTERM', () => server.close(() => process.exit(0)));
server.listen(Number(process.env.PORT ?? 8080), process.env.HOST ?? '127.0.0.1', () => console.log('listening as ' + ${JSON.stringify(version)}));
`;
}
