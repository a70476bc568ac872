import { randomUUID } from 'node:crypto';
import type { Digest } from '@slipway/domain';
import { isRepositoryName } from '../media-types.ts';
import { answer, type Exchange, Refusal } from './answer.ts';
import type { BlobDraft, BlobStore } from './blob-store.ts';
import { demandDigest } from './blob-routes.ts';
import type { Route, RouteContext } from './handler.ts';

interface Upload {
  readonly id: string;
  readonly repository: string;
  readonly draft: BlobDraft;
  /** One request at a time writes to it. */
  isBusy: boolean;
  touchedAtMs: number;
}

interface Uploads {
  begin(repository: string): Promise<Upload>;
  /** @throws Refusal 404 when there is none of that id in that repository, 409 while another request writes to it. */
  claim(id: string, repository: string): Upload;
  drop(upload: Upload): Promise<void>;
}

const idleMs = 60 * 60 * 1000;
const maxUploads = 1000;

/** Uploads live in memory only: after a restart they are unknown and the client starts again, as the spec provides. */
export function openUploads(blobs: BlobStore): Uploads {
  const open = new Map<string, Upload>();
  const drop = async (upload: Upload): Promise<void> => {
    open.delete(upload.id);
    await upload.draft.discard();
  };
  return {
    async begin(repository) {
      const now = Date.now();
      const idle = [...open.values()].filter((upload) => !upload.isBusy && upload.touchedAtMs < now - idleMs);
      await Promise.all(idle.map(drop));
      if (open.size >= maxUploads) throw new Refusal(429, 'TOOMANYREQUESTS', { message: 'too many open uploads' });
      const upload = { id: randomUUID(), repository, draft: await blobs.begin(), isBusy: true, touchedAtMs: now };
      open.set(upload.id, upload);
      return upload;
    },
    claim(id, repository) {
      const upload = open.get(id);
      if (upload?.repository !== repository) {
        throw new Refusal(404, 'BLOB_UPLOAD_UNKNOWN', { message: 'no such upload; start again' });
      }
      if (upload.isBusy) throw new Refusal(409, 'BLOB_UPLOAD_INVALID', { message: 'another request writes to it' });
      upload.isBusy = true;
      return upload;
    },
    drop,
  };
}

const start: Route = async (context, exchange, { repository }) => {
  await context.demand(exchange, 'push', repository);
  const mount = exchange.query.get('mount');
  if (mount !== null && (await tryMount(context, exchange, { repository, digest: demandDigest(mount) }))) return;
  const wanted = exchange.query.get('digest');
  const digest = wanted === null ? undefined : demandDigest(wanted);
  const upload = await context.uploads.begin(repository);
  try {
    if (digest !== undefined) {
      await finishUpload(context, exchange, { upload, digest });
      return;
    }
  } catch (error) {
    await context.uploads.drop(upload);
    throw error;
  }
  await release(upload);
  answer(exchange, 202, { headers: position(upload) });
};

/** Links a blob of another repository when the caller may read it there; else false, and the client uploads. */
async function tryMount(
  context: RouteContext,
  exchange: Exchange,
  target: { readonly repository: string; readonly digest: Digest },
): Promise<boolean> {
  const from = exchange.query.get('from') ?? '';
  if (!isRepositoryName(from)) return false;
  try {
    await context.demand(exchange, 'pull', from);
  } catch (error) {
    if (error instanceof Refusal) return false;
    throw error;
  }
  if (!(await context.repositories.hasBlob(from, target.digest))) return false;
  await context.repositories.linkBlob(target.repository, target.digest);
  created(exchange, target.repository, target.digest);
  return true;
}

const status: Route = async (context, exchange, { repository, reference }) => {
  await context.demand(exchange, 'push', repository);
  const upload = context.uploads.claim(reference, repository);
  upload.isBusy = false;
  answer(exchange, 204, { headers: position(upload) });
};

const append: Route = async (context, exchange, { repository, reference }) => {
  await context.demand(exchange, 'push', repository);
  const upload = context.uploads.claim(reference, repository);
  try {
    demandInOrder(exchange, upload);
    // A request that breaks off leaves what arrived; the client asks for the position and goes on from there.
    await receive(context, exchange, upload);
  } finally {
    await release(upload);
  }
  // Only now: the next chunk may come the moment the client has the answer.
  answer(exchange, 202, { headers: position(upload) });
};

const finish: Route = async (context, exchange, { repository, reference }) => {
  await context.demand(exchange, 'push', repository);
  const digest = demandDigest(exchange.query.get('digest') ?? undefined);
  const upload = context.uploads.claim(reference, repository);
  try {
    demandInOrder(exchange, upload);
  } catch (error) {
    await release(upload);
    throw error;
  }
  try {
    await finishUpload(context, exchange, { upload, digest });
  } finally {
    await context.uploads.drop(upload);
  }
};

async function release(upload: Upload): Promise<void> {
  await upload.draft.rest();
  upload.touchedAtMs = Date.now();
  upload.isBusy = false;
}

const cancel: Route = async (context, exchange, { repository, reference }) => {
  await context.demand(exchange, 'push', repository);
  await context.uploads.drop(context.uploads.claim(reference, repository));
  answer(exchange, 204);
};

async function finishUpload(
  context: RouteContext,
  exchange: Exchange,
  { upload, digest }: { readonly upload: Upload; readonly digest: Digest },
): Promise<void> {
  await receive(context, exchange, upload);
  const isKept = await upload.draft.commit(digest);
  await context.uploads.drop(upload);
  if (!isKept) throw new Refusal(400, 'DIGEST_INVALID', { message: 'the bytes are not those of the digest' });
  await context.repositories.linkBlob(upload.repository, digest);
  created(exchange, upload.repository, digest);
}

async function receive(context: RouteContext, exchange: Exchange, upload: Upload): Promise<void> {
  const body: AsyncIterable<Uint8Array> = exchange.request;
  for await (const bytes of body) {
    if (upload.draft.size + bytes.length > context.maxBlobBytes) {
      await context.uploads.drop(upload);
      throw new Refusal(413, 'SIZE_INVALID', { message: `a blob has at most ${context.maxBlobBytes} bytes` });
    }
    await upload.draft.append(bytes);
  }
  if (!exchange.request.complete) throw new Refusal(400, 'BLOB_UPLOAD_INVALID', { message: 'the request broke off' });
}

/** Chunks come in order (distribution-spec 1.1, "Pushing a blob in chunks"). */
function demandInOrder(exchange: Exchange, upload: Upload): void {
  const range = exchange.request.headers['content-range'];
  if (range === undefined) return;
  const first = /^(?:bytes[ =])?(\d{1,15})-\d{1,15}(?:\/.*)?$/.exec(range)?.[1];
  if (first !== undefined && Number(first) === upload.draft.size) return;
  throw new Refusal(416, 'BLOB_UPLOAD_INVALID', {
    message: `the next byte is ${upload.draft.size}`,
    headers: position(upload),
  });
}

function position(upload: Upload): Readonly<Record<string, string>> {
  return {
    location: `/v2/${upload.repository}/blobs/uploads/${upload.id}`,
    range: `0-${Math.max(0, upload.draft.size - 1)}`,
    'docker-upload-uuid': upload.id,
  };
}

function created(exchange: Exchange, repository: string, digest: Digest): void {
  answer(exchange, 201, {
    headers: { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest },
  });
}

/** Writing blobs. @see distribution-spec 1.1, "Pushing blobs". */
export const uploadRoutes = { start, status, append, finish, cancel } as const;
