import path from 'node:path';
import type { Logger } from 'pino';
import { InvariantError, type Name, type Push, type Repository } from '@slipway/domain';
import {
  createSmartHttpHandler,
  decideRefUpdates,
  describeUpdates,
  proveProtection,
  type ReceivedPush,
  type ReceiveHooks,
  startReceiveHooks,
} from '@slipway/forge';
import { createGitHost } from '@slipway/git';
import { pushId } from '@slipway/pipeline';
import type { GitHost, GitRepository } from '@slipway/ports';
import { findPrincipal, holdsRight, holdsScope, type Principal, type RawHandler } from '@slipway/server';
import type { OpenStore } from '@slipway/store';
import type { StateFolder } from './state-folder.ts';

/** The built-in forge's Git side. */
export interface GitSide {
  readonly host: GitHost;
  readonly hooks: ReceiveHooks;
  readonly handler: RawHandler;
  readonly openRepository: (name: Name) => Promise<GitRepository>;
  /** Makes the bare repository of a record; one that is there is left as it is. */
  readonly createRepository: (name: Name) => Promise<GitRepository>;
  close(): Promise<void>;
}

/** What the forge stands on, proven to refuse what it must. */
export type GitGround = Pick<GitSide, 'host' | 'hooks'>;

export interface GitOptions {
  readonly ground: GitGround;
  readonly folder: StateFolder;
  readonly store: OpenStore;
  /** A push moved refs of this repository. */
  readonly onPushed: (repository: Name) => Promise<void>;
  readonly log: Logger;
}

/** Accounts that write protected branches without a pull request. */
const serviceWriters = ['slipway'] as const;

/** Proves once that the forge refuses what it must, before anybody can push. Needs no records. */
export async function openGitGround(options: Pick<GitOptions, 'folder' | 'log'>): Promise<GitGround> {
  const { folder, log } = options;
  const host = createGitHost({});
  const onFault = (error: unknown): void => log.error({ err: error }, 'forge fault');
  const hooks = await startReceiveHooks({ stateDir: folder.root, git: host, onFault });
  await proveProtection(hooks);
  return { host, hooks };
}

/** Opens the forge on its ground. */
export function openGitSide(options: GitOptions): GitSide {
  const { folder, store, log } = options;
  const { host, hooks } = options.ground;
  const onFault = (error: unknown): void => log.error({ err: error }, 'forge fault');
  const dirOf = (name: Name): string => path.join(folder.repositories, `${name}.git`);
  const open = new Map<Name, Promise<GitRepository>>();
  const openRepository = async (name: Name): Promise<GitRepository> => {
    const known = open.get(name) ?? host.open(dirOf(name));
    open.set(name, known);
    return known.catch((error: unknown) => {
      open.delete(name);
      throw error;
    });
  };
  const handler = createSmartHttpHandler({
    prefix: '/git',
    hooks,
    openRepository: async (name) =>
      (await store.get('repository', name)) === undefined ? undefined : { gitDir: dirOf(name) },
    authorise: async ({ credentials, repository, action }) => {
      const principal =
        credentials === undefined ? undefined : await findPrincipal(store, credentials.token, new Date().toISOString());
      if (principal === undefined) return { kind: 'unauthenticated' };
      const isAllowed =
        holdsScope(principal, `git:${action}:${repository}`, action === 'read' ? 'viewer' : 'developer') ||
        (action === 'read' && (await isOperatorOf(store, principal, repository)));
      return isAllowed
        ? { kind: 'allowed', account: principal.account.id }
        : { kind: 'denied', reason: `${principal.account.id} may not ${action} ${repository}` };
    },
    decideReceive: (push) => decideReceive(store, push),
    onPushed: (push) => options.onPushed(push.repository),
    onFault,
  });
  return {
    host,
    hooks,
    handler,
    openRepository,
    createRepository: (name) => host.create(dirOf(name)),
    close: () => hooks.close(),
  };
}

/** An operator reads config repositories and nothing else. */
async function isOperatorOf(store: OpenStore, principal: Principal, repository: Name): Promise<boolean> {
  const role = (await store.get('repository', repository))?.value.role;
  return role === 'config' && holdsRight(principal, 'operator');
}

/** The rules of the repository; who pushes is written down before the refs move, so that a crash does not lose it. */
async function decideReceive(
  store: OpenStore,
  push: ReceivedPush,
): ReturnType<Parameters<typeof createSmartHttpHandler>[0]['decideReceive']> {
  const record = (await store.get('repository', push.repository))?.value;
  if (record === undefined) throw new InvariantError(`repository ${push.repository} has no record`);
  const updates = await describeUpdates(push);
  const decision = decideRefUpdates({
    account: push.account,
    updates,
    protectedBranches: [{ branch: record.defaultBranch, requiresPullRequest: record.protection.requiresPullRequest }],
    serviceWriters,
  });
  if (decision.kind === 'accepted') await recordPush(store, record, push);
  else await recordRefusal(store, push, decision.refs);
  return decision;
}

async function recordPush(store: OpenStore, record: Repository, push: ReceivedPush): Promise<void> {
  const at = new Date().toISOString();
  await store.transact(async (tx) => {
    for (const { ref, before, after } of push.updates) {
      if (after === undefined) continue;
      const id = pushId(record.id, ref, after);
      const made: Push = {
        id,
        repository: record.id,
        ref,
        account: push.account,
        at,
        after,
        ...(before === undefined ? {} : { before }),
      };
      await tx.put('push', id, made);
    }
  });
}

async function recordRefusal(
  store: OpenStore,
  push: ReceivedPush,
  refs: readonly { readonly ref: string; readonly reason: string }[],
): Promise<void> {
  const at = Date.now();
  await store.transact(async (tx) => {
    for (const { ref, reason } of refs) {
      const after = push.updates.find((update) => update.ref === ref)?.after;
      await tx.record({
        id: `refusal/push/${push.repository}/${ref}/${after ?? 'deletion'}/${at}`,
        kind: 'refusal',
        subjects: [{ name: `git:${push.repository}`, digest: { gitCommit: after ?? '0'.repeat(40) } }],
        predicate: { repository: push.repository, ref, account: push.account, what: 'push', reason },
        links: [],
      });
    }
  });
}
