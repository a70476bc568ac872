import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import pino from 'pino';
import type { RunView } from '@slipway/api';
import type { ProgramEnvironment } from '@slipway/config';
import { writeAtomically } from '@slipway/host';
import { startPlatform } from '../platform/start-platform.ts';
import { api } from './outside.ts';
import { Act, type ActReport, type DemoReport, writeReport } from './report.ts';
import { scenes } from './story.ts';
import { makeWorld, type World } from './world.ts';

export interface DemoOptions {
  readonly state?: string;
  readonly fresh?: boolean;
  readonly headless?: boolean;
  readonly report?: string;
  readonly port?: number;
}

/** The main job on embedded defaults: starts everything, tells the story, and leaves the dashboard open until Ctrl-C. */
export async function demoCommand(environment: ProgramEnvironment, options: DemoOptions): Promise<void> {
  const stateDir = path.resolve(options.state ?? defaultState());
  if (options.fresh === true && existsSync(stateDir)) await removeInstallation(stateDir);
  await mkdir(stateDir, { recursive: true, mode: 0o711 });
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const startedAt = performance.now();
  say(`Slipway demo, state in ${stateDir}`);
  // Before anything starts: whoever presses Ctrl-C meanwhile ends what is started by then.
  const interrupted = new Promise<'interrupted'>((resolve) => {
    // A launcher may pass the same Ctrl-C on twice: the second must not end us in the middle of stopping.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => resolve('interrupted'));
  });
  const platform = await startPlatform({
    environment,
    stateDir,
    port: options.port,
    withOperator: true,
    log: pino(
      { base: {}, level: 'debug' },
      pino.destination({ dest: path.join(stateDir, 'server', 'log'), mkdir: true }),
    ),
    onProgress: (step) => say(`  ${step}…`),
    onFenced: () => process.exit(70),
  });
  let exitCode = 0;
  try {
    const world = await makeWorld(platform, path.join(stateDir, 'desk'), environment);
    await writeAtomically(
      path.join(stateDir, 'demo.json'),
      `${JSON.stringify({ url: platform.url, adminToken: world.admin.token }, null, 2)}\n`,
    );
    say(`  Dashboard: ${platform.url}/login#token=${world.admin.token}`);
    const played = await Promise.race([play(world, say, stateDir), interrupted]);
    exitCode = played === 'interrupted' ? interruptedCode : await conclude(world, played, { options, startedAt, say });
    if (played !== 'interrupted' && options.headless !== true) {
      say(`\nThe dashboard is open at ${platform.url}/login#token=${world.admin.token}\nCtrl-C ends everything.`);
      await interrupted;
    }
  } finally {
    say('Stopping…');
    await platform.stop({ isStopping: true });
  }
  // An act that was cut off still waits for what will not come.
  process.exit(exitCode);
}

/** As a shell has it: 128 and the number of SIGINT. */
const interruptedCode = 130;

/** Writes the report and says it. @returns the exit code. */
async function conclude(
  world: World,
  played: readonly ActReport[],
  { options, startedAt, say }: { readonly options: DemoOptions; readonly startedAt: number; readonly say: Say },
): Promise<number> {
  const report = await compile(world, played, Math.round(performance.now() - startedAt));
  if (options.report !== undefined) await writeReport(options.report, report);
  summarise(report, say);
  return played.some((act) => act.status === 'failed') ? 1 : 0;
}

type Say = (line: string) => void;

/** Plays what an earlier start of the same state did not yet hold. */
async function play(world: World, say: (line: string) => void, stateDir: string): Promise<readonly ActReport[]> {
  const file = path.join(stateDir, 'server', 'acts.json');
  const done = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as readonly ActReport[],
    () => [],
  );
  const reports: ActReport[] = [];
  for (const scene of scenes) {
    const known = done.find((act) => act.name === scene.name && act.status === 'held');
    if (scene.play === undefined) {
      say(`\n── ${scene.name}: not_built`);
      reports.push({ name: scene.name, status: 'not_built', checks: [], ms: 0 });
    } else if (known !== undefined) {
      say(`\n── ${scene.name}: held before`);
      reports.push(known);
    } else if (reports.some((act) => act.status === 'failed')) {
      reports.push({
        name: scene.name,
        status: 'failed',
        checks: [{ name: 'the act before', isHeld: false, seen: 'it failed, so this one was not played' }],
        ms: 0,
      });
    } else {
      const act = new Act(scene.name, say);
      const report = await scene.play(world, act).then(
        () => act.end(),
        (error: unknown) => act.end(error),
      );
      reports.push(report);
      await writeAtomically(file, JSON.stringify(reports.filter((one) => one.status === 'held')));
    }
  }
  return reports;
}

async function compile(world: World, acts: readonly ActReport[], ms: number): Promise<DemoReport> {
  const runs = await api<readonly RunView[]>(world.url, world.admin, '/api/v1/runs?limit=50');
  const stages = runs.flatMap((run) =>
    run.stages.map(({ name, conclusion, durationMs, hitOf, isolation }) => ({
      run: run.id,
      commit: run.commit,
      name,
      conclusion,
      durationMs,
      hitOf,
      isolation,
    })),
  );
  const changes = await api<readonly unknown[]>(world.url, world.admin, '/api/v1/changes');
  return { acts, stages, commits: changes, ms };
}

function summarise(report: DemoReport, say: (line: string) => void): void {
  say('\nThe story');
  for (const act of report.acts)
    say(`  ${act.status.padEnd(9)} ${act.name}${act.ms === 0 ? '' : ` (${(act.ms / 1000).toFixed(1)} s)`}`);
  say(`  ${(report.ms / 1000).toFixed(1)} s in all`);
}

/** Below the folder where the demo was started; elsewhere when others could not pass through to it, as below root's home. */
function defaultState(): string {
  const own = path.resolve('.slipway/demo');
  if (process.getuid?.() !== 0) return own;
  const parts = path.dirname(path.dirname(own)).split(path.sep);
  const folders = parts.map((_, index) => parts.slice(0, index + 1).join(path.sep) || '/');
  if (folders.every((folder) => (statSync(folder).mode & 0o001) !== 0)) return own;
  return `/var/tmp/slipway-demo-${createHash('sha256').update(own).digest('hex').slice(0, 12)}`;
}

/** Ends what still runs on an old state, then removes it. */
async function removeInstallation(stateDir: string): Promise<void> {
  const { stopRuntime } = await import('@slipway/runtime-local');
  const { startDatabase } = await import('@slipway/engine');
  await stopRuntime(stateDir).catch(() => undefined);
  if (existsSync(path.join(stateDir, 'pg'))) {
    const database = await startDatabase({ stateDir }).catch(() => undefined);
    await database?.stop();
  }
  await rm(stateDir, { recursive: true, force: true });
}
