import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Installation } from './installation.ts';
import { api, git, type Person, waitFor } from './outside.ts';
import { codeFiles, configFiles, type EnvironmentName, type Files } from './repositories.ts';

/** An installation with people and repositories in it. */
export interface World {
  readonly installation: Installation;
  readonly admin: Person;
  /** Writes code. */
  readonly ada: Person;
  /** Promotes. */
  readonly carol: Person;
  /** Approves. */
  readonly dora: Person;
  /** Folder of checkouts, which the product does not know. */
  readonly desk: string;
}

/** What the board says of one environment, as far as the suite looks. */
export interface Environment {
  readonly environment: string;
  readonly running?: {
    readonly revision: string;
    readonly phase: string;
    readonly renderDigest: string;
    readonly images: readonly { readonly tag: string; readonly digest: string }[];
  };
  readonly verifications: readonly { readonly phase: string }[];
  readonly services: readonly { readonly name: string; readonly url: string }[];
  readonly promotion?: { readonly id: string; readonly kind: string; readonly pullRequest?: number };
  readonly holds: readonly { readonly id: string; readonly cause: string }[];
  readonly pending?: { readonly reason: string };
}

interface Promotion {
  readonly id: string;
  readonly pullRequest?: number;
}

interface PullRequest {
  readonly state: string;
  readonly mergeCommit?: string;
  readonly reviews: readonly { readonly account: string }[];
}

/** Puts people, repositories and their first files into a fresh installation that runs. */
export async function makeWorld(installation: Installation): Promise<World> {
  const admin = await installation.openAdmin();
  const ada = await installation.addPerson(admin, { account: 'ada', name: 'Ada Author', roles: ['developer'] });
  const carol = await installation.addPerson(admin, { account: 'carol', name: 'Carol Promoter', roles: ['promoter'] });
  const dora = await installation.addPerson(admin, { account: 'dora', name: 'Dora Approver', roles: ['approver'] });
  const desk = path.join(installation.stateDir, 'desk');
  const world = { installation, admin, ada, carol, dora, desk };
  for (const [name, role] of [
    ['crash', 'code'],
    ['crash-config', 'config'],
  ] as const) {
    const protection = { requiresPullRequest: false, requiredApprovals: 1, requiredChecks: [] };
    await api(`${installation.url}/api/v1/repositories`, admin, { name, role, protection });
    const folder = path.join(desk, name);
    await mkdir(folder, { recursive: true });
    await git(ada, folder, ['init', '-q']);
    await git(ada, folder, ['remote', 'add', 'origin', `${installation.url}/git/${name}.git`]);
  }
  await commitFiles(world, 'crash-config', configFiles(new URL(installation.url).host), 'begin');
  await git(ada, path.join(desk, 'crash-config'), ['push', '-q', 'origin', 'HEAD:refs/heads/main']);
  return world;
}

/**
 * Carries one version all the way to production, as people do who ask again when nobody answered.
 *
 * @returns the commit of the code.
 */
export async function carryToProduction(world: World, version: string): Promise<string> {
  const commit = await carryToStage(world, version);
  await promoteToProduction(world);
  await settled(world, 'prod', commit);
  return commit;
}

/** Carries one version to where a person promotes it. @param change - what is made of the files first. */
export async function carryToStage(
  world: World,
  version: string,
  change: (files: Files) => Files = (files) => files,
): Promise<string> {
  const commit = await commitFiles(world, 'crash', change(codeFiles(version)), `release ${version}`);
  await waitFor('the push', async () => {
    await git(world.ada, path.join(world.desk, 'crash'), ['push', '-q', 'origin', 'HEAD:refs/heads/main']);
    return true;
  });
  await settled(world, 'stage', commit);
  return commit;
}

/** Promotes what runs in stage, and lets a second person approve it. @returns the promotion. */
export async function promoteToProduction(world: World): Promise<string> {
  const { url } = world.installation;
  const at = `${url}/api/v1/applications/crash/environments/prod/promotions`;
  const asked = await waitFor('a promotion', () => api<Promotion>(at, world.carol, {}));
  await approvePromotion(world, asked.id);
  return asked.id;
}

/** Waits for the pull request of a promotion or a rollback, and approves it as the second person. */
export async function approvePromotion(world: World, promotionId: string): Promise<void> {
  const { url } = world.installation;
  const one = `${url}/api/v1/promotions/${encodeURIComponent(promotionId)}`;
  const opened = await waitFor('its pull request', async () => {
    const promotion = await api<Promotion>(one, world.carol);
    return promotion.pullRequest === undefined ? undefined : promotion;
  });
  const request = `${url}/api/v1/repositories/crash-config/pull-requests/${opened.pullRequest ?? 0}`;
  await waitFor('its merge result', async () => (await api<PullRequest>(request, world.dora)).mergeCommit);
  await waitFor('the approval', async () => {
    const { state, reviews } = await api<PullRequest>(request, world.dora);
    // Who sees the own approval there does not press again: what it began, the server ends.
    if (state === 'merged' || reviews.some((review) => review.account === world.dora.account)) return true;
    await api<Promotion>(`${one}/approve`, world.dora, { verdict: 'approved' });
    return true;
  });
}

export async function environment(world: World, name: EnvironmentName): Promise<Environment> {
  const board = await api<{ readonly environments: readonly Environment[] }>(
    `${world.installation.url}/api/v1/applications/crash/board`,
    world.ada,
  );
  const found = board.environments.find((one) => one.environment === name);
  if (found === undefined) throw new Error(`there is no environment ${name}`);
  return found;
}

/** Waits until an environment runs the image of a commit, healthy and verified. */
export function settled(world: World, name: EnvironmentName, commit: string): Promise<Environment> {
  return waitFor(`${commit.slice(0, 12)} in ${name}`, async () => {
    const view = await environment(world, name);
    const { running, verifications } = view;
    const isThere = running?.phase === 'succeeded' && running.images.some((image) => image.tag === commit);
    const isVerified = verifications.length > 0 && verifications.every((one) => one.phase === 'succeeded');
    return isThere && isVerified ? view : undefined;
  });
}

async function commitFiles(world: World, name: string, files: Files, subject: string): Promise<string> {
  const folder = path.join(world.desk, name);
  for (const [file, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(folder, file)), { recursive: true });
    await writeFile(path.join(folder, file), text);
  }
  await git(world.ada, folder, ['add', '-A']);
  await git(world.ada, folder, ['commit', '-q', '-m', subject]);
  return git(world.ada, folder, ['rev-parse', 'HEAD']);
}
