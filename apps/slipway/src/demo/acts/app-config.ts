import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { api, mustGit, waitFor } from '../outside.ts';
import type { Act } from '../report.ts';
import type { World } from '../world.ts';
import { environment, page, settled } from './look.ts';

const banner = 'Closed on Monday';
const notice = 'Back on Tuesday';
const environments = ['qa', 'e2e', 'stage', 'prod'];

/** Act 3c: a change of app config alone goes the same way as an image; a file that breaks the schema goes nowhere. */
export async function appConfigAct(world: World, act: Act): Promise<void> {
  const settings = path.join(world.desk, 'guestbook-settings');
  for (const name of environments) await setBanner(settings, name, banner);
  await mustGit(world.ada, settings, ['commit', '-q', '-a', '-m', 'Close on Monday']);
  await mustGit(world.ada, settings, ['push', '-q', 'origin', 'main']);
  const commit = await mustGit(world.ada, settings, ['rev-parse', 'HEAD']);
  act.tell('Ada pushed new settings to the app-config repository; nothing is built');
  for (const name of ['qa', 'e2e', 'stage']) {
    await seen(world, name, banner);
    const view = await settled(world, name, () => true);
    act.check(
      `environment ${name} runs with them`,
      view.running?.changes.some((change) => change.id === `guestbook-settings@${commit}`) === true,
      `"${banner}" on its page, release ${view.running?.release.slice(7, 19) ?? 'none'}`,
    );
  }
  await judgeCommit(world, act, commit);
  const prod = await environment(world, 'prod');
  act.check('prod waits for a second person', !(await page(prod, '/')).includes(banner), prod.why ?? '');
  await changeLive(world, act, settings);
  await breakSchema(world, act, settings);
}

/** What pods read at the live endpoint changes while they run on. */
async function changeLive(world: World, act: Act, settings: string): Promise<void> {
  const open = ['qa', 'e2e', 'stage'];
  const startOf = async (name: string): Promise<string> =>
    (JSON.parse(await page(await environment(world, name))) as { readonly startedAt: string }).startedAt;
  const before = await Promise.all(open.map(startOf));
  for (const name of environments)
    await writeFile(path.join(settings, 'guestbook', name, 'live.json'), `${JSON.stringify({ notice }, null, 2)}\n`);
  await mustGit(world.ada, settings, ['commit', '-q', '-a', '-m', 'Say when we are back']);
  await mustGit(world.ada, settings, ['push', '-q', 'origin', 'main']);
  const pushedAt = performance.now();
  for (const [index, name] of open.entries()) {
    await seen(world, name, notice);
    const seconds = ((performance.now() - pushedAt) / 1000).toFixed(1);
    const after = await startOf(name);
    act.check(
      `the pods of environment ${name} read the change without a restart`,
      after === before[index],
      `"${notice}" on its page ${seconds} s after the push; running since ${after}`,
    );
  }
}

async function judgeCommit(world: World, act: Act, commit: string): Promise<void> {
  const config = path.join(world.desk, 'guestbook-config');
  await mustGit(world.ada, config, ['pull', '-q', 'origin', 'main']);
  const pin = await readFile(path.join(config, 'overlays/qa/app-config/pin.yaml'), 'utf8');
  act.check(
    'the config repository pins the commit, with its files',
    pin.includes(commit),
    `pinned ${commit.slice(0, 12)}`,
  );
  const log = await mustGit(world.ada, config, ['log', '-1', '--format=%an|%cn|%s', '--', 'overlays/qa/app-config']);
  act.check('by a commit of the person, landed by the service account', log.startsWith('Ada Author|Slipway|qa: '), log);
}

/** What would break prod is found before qa moves; its author hears file and field. */
async function breakSchema(world: World, act: Act, settings: string): Promise<void> {
  await setBanner(settings, 'qa', 'Open again');
  await setBanner(settings, 'prod', 'x'.repeat(200));
  await mustGit(world.ada, settings, ['commit', '-q', '-a', '-m', 'Open again']);
  await mustGit(world.ada, settings, ['push', '-q', 'origin', 'main']);
  const commit = await mustGit(world.ada, settings, ['rev-parse', 'HEAD']);
  const item = await waitFor('word to the author of the settings', async () => {
    const { items } = await api<{ readonly items: readonly { readonly subject: string; readonly body: string }[] }>(
      world.url,
      world.ada,
      '/api/v1/inbox',
    );
    return items.find((one) => one.subject.includes(commit.slice(0, 12)));
  });
  act.check(
    "settings that break prod's schema are pinned nowhere, and their author hears why",
    item.body.includes('guestbook/prod/settings.json:2:3: banner'),
    item.body.split('\n')[1] ?? '',
  );
  act.check('qa stays as it was', (await page(await environment(world, 'qa'), '/')).includes(banner), banner);
  await mustGit(world.ada, settings, ['revert', '--no-edit', 'HEAD']);
  await mustGit(world.ada, settings, ['push', '-q', 'origin', 'main']);
}

async function setBanner(settings: string, environmentName: string, text: string): Promise<void> {
  const file = path.join(settings, 'guestbook', environmentName, 'settings.json');
  await writeFile(file, `${JSON.stringify({ banner: text }, null, 2)}\n`);
}

async function seen(world: World, name: string, text: string): Promise<void> {
  await waitFor(`"${text}" in ${name}`, async () =>
    (await page(await environment(world, name), '/')).includes(text) ? true : undefined,
  );
}
