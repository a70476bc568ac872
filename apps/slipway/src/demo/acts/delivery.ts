import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import type { EnvironmentView, PromotionView, WhyView } from '@slipway/api';
import { api, ask, mustGit, waitFor } from '../outside.ts';
import type { Act } from '../report.ts';
import type { World } from '../world.ts';
import { environment, page, pullRequest, settled } from './look.ts';
import { newVersion } from './pull-request.ts';

/** Act 3: the operator applies; qa, e2e and stage follow by commits; prod waits for a second person. */
export async function deliveryAct(world: World, act: Act): Promise<void> {
  const code = path.join(world.desk, 'guestbook');
  const listed = await mustGit(world.ada, world.desk, [
    'ls-remote',
    `${world.url}/git/guestbook.git`,
    'refs/heads/main',
  ]);
  const merge = listed.split(/\s/)[0] ?? '';
  const hasChange = (view: EnvironmentView): boolean =>
    view.running?.images.some((image) => image.name === 'guestbook/web' && image.tag === merge) === true;
  // What answers from now on is the deployed image, not these files.
  await rm(code, { recursive: true, force: true });
  act.tell('The source checkout is deleted');
  const qa = await settled(world, 'qa', hasChange);
  act.check('qa runs the change', (await page(qa)).includes(newVersion), await page(qa));
  act.check(
    'functional tests ran against the three services',
    qa.verifications.some((one) => one.name === 'functional' && one.phase === 'succeeded'),
    qa.verifications.map((one) => `${one.name} ${one.phase}`).join(', '),
  );
  for (const name of ['e2e', 'stage']) {
    const view = await settled(world, name, hasChange);
    act.check(
      `environment ${name} follows by itself`,
      (await page(view)).includes(newVersion),
      view.verifications.map((one) => `${one.name} ${one.phase}`).join(', '),
    );
  }
  const stage = await environment(world, 'stage');
  act.check(
    'stage was held against its dependency',
    stage.verifications.some((one) => one.name === 'needs-schema' && one.phase === 'succeeded'),
    stage.verifications.find((one) => one.name === 'needs-schema')?.message ?? 'not checked',
  );
  await judgePromotionCommits(world, act);
  await judgeMetrics(world, act);
  await promoteToProd(world, act, hasChange);
}

async function judgePromotionCommits(world: World, act: Act): Promise<void> {
  const config = path.join(world.desk, 'guestbook-config');
  await mustGit(world.ada, config, ['pull', '-q', 'origin', 'main']);
  for (const name of ['e2e', 'stage']) {
    const log = await mustGit(world.ada, config, [
      'log',
      '-1',
      '--format=%an|%cn|%(trailers:key=Slipway-Release,valueonly,separator=%x20)',
      '--',
      `overlays/${name}/authorised.yaml`,
    ]);
    const text = await readFile(path.join(config, `overlays/${name}/authorised.yaml`), 'utf8');
    act.check(
      `the promotion to ${name} is a commit with its authorisation`,
      /renderDigest: sha256:/.test(text) && log.includes('sha256:'),
      log.slice(0, 80),
    );
  }
}

async function judgeMetrics(world: World, act: Act): Promise<void> {
  const points = await waitFor('metrics of the deployment', async () => {
    const answer = await api<{
      readonly points: readonly {
        readonly name: string;
        readonly value: number;
        readonly labels: Readonly<Record<string, string>>;
      }[];
    }>(world.url, world.ada, '/api/v1/metrics?name=deployment_duration');
    return answer.points.length > 0 ? answer.points : undefined;
  });
  act.check(
    'delivery metrics are recorded',
    points.some((point) => point.labels['environment'] === 'qa'),
    points
      .slice(0, 3)
      .map((point) => `${point.labels['environment'] ?? ''} ${Math.round(point.value)} ms`)
      .join(', '),
  );
}

/** Promotes as Carol; only another person's approval lets it in. */
export async function promote(world: World, act: Act): Promise<PromotionView> {
  const promotion = await askForPromotion(world, act);
  const path = `/api/v1/promotions/${encodeURIComponent(promotion.id)}/approve`;
  await api(world.url, world.dora, path, { verdict: 'approved' });
  return promotion;
}

/** Asks for a promotion as Carol, up to where only another person's approval is missing. */
export async function askForPromotion(world: World, act: Act): Promise<PromotionView> {
  const at = '/api/v1/applications/guestbook/environments/prod/promotions';
  const asked = await waitFor('a promotion to prod', async () => {
    const answer = await ask(`${world.url}${at}`, { method: 'POST', token: world.carol.token, body: {} });
    return answer.status === 200 ? (JSON.parse(answer.text) as PromotionView) : undefined;
  });
  const path = `/api/v1/promotions/${encodeURIComponent(asked.id)}`;
  const promotion = await waitFor('its pull request', async () => {
    const view = await api<PromotionView>(world.url, world.carol, path);
    return view.pullRequest === undefined ? undefined : view;
  });
  const request = await waitFor('its merge result', async () => {
    const view = await pullRequest(world, 'guestbook-config', promotion.pullRequest ?? 0);
    return view.mergeCommit === undefined ? undefined : view;
  });
  const rendered = request.renderedDiff?.find((one) => one.environment === 'prod')?.diff ?? '';
  act.check(
    'the promotion is a pull request with its rendered diff',
    rendered.includes('@@') || rendered.includes('+'),
    `pull request ${request.number}, ${rendered.split('\n').length} lines of rendered diff`,
  );
  const own = await ask(`${world.url}${path}/approve`, {
    method: 'POST',
    token: world.carol.token,
    body: { verdict: 'approved' },
  });
  act.check("the promoter's own approval is refused", own.status === 403, own.text.slice(0, 160));
  const author = await ask(`${world.url}${path}/approve`, {
    method: 'POST',
    token: world.ada.token,
    body: { verdict: 'approved' },
  });
  act.check("the author's is refused too", author.status === 403, author.text.slice(0, 120));
  return promotion;
}

async function promoteToProd(world: World, act: Act, hasChange: (view: EnvironmentView) => boolean): Promise<void> {
  const before = await environment(world, 'prod');
  act.check('prod has not moved by itself', !hasChange(before), before.why ?? 'no reason given');
  const change = (await environment(world, 'stage')).running?.changes.find((one) => one.id.startsWith('guestbook@'));
  const why = await api<WhyView>(
    world.url,
    world.ada,
    `/api/v1/why?change=${encodeURIComponent(change?.id ?? '')}&environment=prod`,
  );
  act.check(
    'it says why, and who can act',
    !why.isThere && why.actors.length > 0,
    `${why.message} (${why.actors.join(', ')})`,
  );
  await promote(world, act);
  const prod = await settled(world, 'prod', hasChange);
  act.check(
    "another person's approval counts, and prod runs the change",
    (await page(prod)).includes(newVersion),
    await page(prod),
  );
}
