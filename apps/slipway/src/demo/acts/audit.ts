import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { mustGit } from '../outside.ts';
import { slipway } from '../slipway.ts';
import type { Act } from '../report.ts';
import type { World } from '../world.ts';

/** Act 7: the evidence is verified by a process that has only the public key and a clone. */
export async function auditAct(world: World, act: Act): Promise<void> {
  const room = path.join(world.desk, 'audit');
  await rm(room, { recursive: true, force: true });
  await mkdir(room, { recursive: true });
  const bundle = path.join(room, 'bundle');
  // The clone first: what it shows is then in the export.
  const clone = path.join(room, 'clone');
  await mustGit(world.ada, room, ['clone', '-q', `${world.url}/git/guestbook-config.git`, clone]);
  const exported = await slipway(world, ['audit', 'export', '--out', bundle]);
  act.check('the evidence is exported', exported.exitCode === 0, lastLine(exported.text));
  const key = path.join(room, 'key.pem');
  await writeFile(key, await readFile(path.join(world.platform.folder.root, 'audit-key.pub.pem')));
  const verify = (dir: string, repository: string): ReturnType<typeof slipway> =>
    slipway(undefined, ['audit', 'verify', dir, '--key', key, '--repo', repository]);
  const whole = await verify(bundle, clone);
  act.check(
    'the chain of every production change is whole',
    whole.exitCode === 0 && /whole/i.test(whole.text),
    lastLine(whole.text),
  );
  const flipped = path.join(room, 'flipped');
  await cp(bundle, flipped, { recursive: true });
  await flipByte(path.join(flipped, await statementsFile(flipped)));
  const broken = await verify(flipped, clone);
  act.check(
    'one flipped byte is refused, naming the link',
    broken.exitCode !== 0 && /broken/i.test(broken.text),
    lastLine(broken.text),
  );
  const rewritten = path.join(room, 'rewritten');
  await cp(clone, rewritten, { recursive: true });
  const overlay = path.join(rewritten, 'overlays/prod/kustomization.yaml');
  await writeFile(overlay, (await readFile(overlay, 'utf8')).replace('count: 2', 'count: 4'));
  await mustGit(world.admin, rewritten, ['commit', '-q', '-a', '-m', 'nobody saw this']);
  const commit = await mustGit(world.admin, rewritten, ['rev-parse', 'HEAD']);
  // As an auditor would see it who clones from whoever slipped the commit in.
  await mustGit(world.admin, rewritten, ['branch', 'slipway-evidence', 'origin/slipway-evidence']);
  const forged = path.join(room, 'forged');
  await mustGit(world.admin, room, ['clone', '-q', rewritten, forged]);
  const missing = await verify(bundle, forged);
  act.check(
    'a change without evidence makes it incomplete, naming the commit',
    missing.exitCode !== 0 && /incomplete/i.test(missing.text) && missing.text.includes(commit.slice(0, 12)),
    lastLine(missing.text),
  );
}

async function statementsFile(bundle: string): Promise<string> {
  const { readdir } = await import('node:fs/promises');
  const found = (await readdir(bundle)).find((name) => name.startsWith('statements'));
  if (found === undefined) throw new Error('the bundle holds no statements');
  return found;
}

/** Changes one hex digit of a digest in the middle of a file. */
async function flipByte(file: string): Promise<void> {
  const bytes = await readFile(file);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  await writeFile(file, bytes);
}

function lastLine(text: string): string {
  return text.trim().split('\n').slice(-3).join(' ').slice(0, 240);
}
