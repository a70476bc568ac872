import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ProgramEnvironment } from '@slipway/config';
import type { Branch, Name, Repository, Role } from '@slipway/domain';
import { putAccount, renewToken } from '../platform/accounts.ts';
import type { Platform } from '../platform/start-platform.ts';
import { mustGit, type Person } from './outside.ts';

/** The people of the story, each with one part in it. */
export interface World {
  readonly url: string;
  /** Where programs are found, and the home of the person who started the demo. */
  readonly path: string;
  readonly home: string;
  readonly platform: Platform;
  /** Writes code. */
  readonly ada: Person;
  /** Reviews code. */
  readonly ben: Person;
  /** Promotes. */
  readonly carol: Person;
  /** Approves production. */
  readonly dora: Person;
  readonly admin: Person;
  /** Folder for checkouts; nothing of the product looks there. */
  readonly desk: string;
}

const people: readonly { readonly id: string; readonly name: string; readonly roles: readonly Role[] }[] = [
  { id: 'ada', name: 'Ada Author', roles: ['developer', 'reviewer'] },
  { id: 'ben', name: 'Ben Reviewer', roles: ['developer', 'reviewer'] },
  { id: 'carol', name: 'Carol Promoter', roles: ['promoter', 'approver'] },
  { id: 'dora', name: 'Dora Approver', roles: ['approver'] },
  { id: 'admin', name: 'Admin', roles: ['admin'] },
];

/** Puts people and repositories into a demo installation; demo users exist only there. */
export async function makeWorld(platform: Platform, desk: string, environment: ProgramEnvironment): Promise<World> {
  await mkdir(desk, { recursive: true, mode: 0o700 });
  const made = new Map<string, Person>();
  for (const { id, name, roles } of people) {
    const email = `${id}@demo.example`;
    await putAccount(platform.data.store, { id, displayName: name, kind: 'person', roles, verifiedEmails: [email] });
    const token = await renewToken(platform.data.store, { account: id, purpose: 'person', label: 'demo' });
    made.set(id, { account: id, name, email, token });
  }
  const of = (id: string): Person => {
    const person = made.get(id);
    if (person === undefined) throw new Error(`nobody is called ${id}`);
    return person;
  };
  await makeRepository(platform, 'guestbook', {
    role: 'code',
    protection: { requiresPullRequest: true, requiredApprovals: 1, requiredChecks: ['web', 'api', 'store'] },
  });
  await makeRepository(platform, 'guestbook-config', {
    role: 'config',
    protection: { requiresPullRequest: false, requiredApprovals: 1, requiredChecks: [] },
  });
  await makeRepository(platform, 'guestbook-settings', {
    role: 'app-config',
    protection: { requiresPullRequest: false, requiredApprovals: 1, requiredChecks: [] },
  });
  return {
    url: platform.url,
    path: environment.path,
    home: environment.personal['HOME'] ?? '/',
    platform,
    ada: of('ada'),
    ben: of('ben'),
    carol: of('carol'),
    dora: of('dora'),
    admin: of('admin'),
    desk,
  };
}

async function makeRepository(
  platform: Platform,
  name: string,
  rest: Pick<Repository, 'role' | 'protection'>,
): Promise<void> {
  const id = name as Name;
  await platform.git.createRepository(id);
  await platform.data.store.transact(async (tx) => {
    if ((await tx.lock('repository', id)) !== undefined) return;
    await tx.put('repository', id, {
      id,
      defaultBranch: 'main' as Branch,
      createdAt: new Date().toISOString(),
      ...rest,
    });
  });
}

const examples = fileURLToPath(new URL('../../../../examples/', import.meta.url));
const configClient = fileURLToPath(new URL('../../../../packages/config-client/', import.meta.url));

/** A checkout of an example, with the placeholder of the registry replaced by the real one, as a first commit. */
export async function checkOutExample(world: World, name: string): Promise<string> {
  const folder = path.join(world.desk, name);
  await rm(folder, { recursive: true, force: true });
  await cp(path.join(examples, name), folder, {
    recursive: true,
    filter: (from) => !/\/(node_modules|dist|reports)(\/|$)/.test(from.slice(examples.length)),
  });
  if (name === 'guestbook-config') await replaceRegistry(world, folder);
  if (name === 'guestbook') await bringClient(folder);
  await mustGit(world.ada, folder, ['init', '-q', '-b', 'main']);
  await mustGit(world.ada, folder, ['add', '-A']);
  await mustGit(world.ada, folder, ['commit', '-q', '-m', `Begin ${name}`]);
  await mustGit(world.ada, folder, ['remote', 'add', 'origin', `${world.url}/git/${name}.git`]);
  return folder;
}

/** The client of the live endpoint is not on a public registry yet: the team keeps it beside its own code. */
async function bringClient(folder: string): Promise<void> {
  const client = path.join(folder, 'vendor/slipway-config-client');
  await mkdir(client, { recursive: true });
  for (const part of ['package.json', 'dist'])
    await cp(path.join(configClient, part), path.join(client, part), { recursive: true });
}

async function replaceRegistry(world: World, folder: string): Promise<void> {
  const host = new URL(world.url).host;
  const overlays = ['qa', 'e2e', 'stage', 'prod'].map((name) => `overlays/${name}/kustomization.yaml`);
  for (const file of ['slipway.yaml', ...overlays]) {
    const text = await readFile(path.join(folder, file), 'utf8');
    await writeFile(path.join(folder, file), text.replaceAll('registry.slipway.local', host));
  }
}
