import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root, runNode } from './run-program.mjs';

export const compiler = 'node_modules/tsc7/bin/tsc';

const dashboard = path.join(root, 'apps/dashboard');
const dashboardMarker = path.join(dashboard, 'dist/.sources-digest');
/** What the dashboard's bundle is made of. */
const dashboardSources = [
  'apps/dashboard',
  'packages/api/src',
  'packages/domain/src',
  'package-lock.json',
  'tsconfig.base.json',
];

/** Builds what changed: the packages and the program, then the dashboard. Gives the exit code of the first that fails. */
export async function build() {
  const compiled = await runNode(compiler, ['-b']);
  return compiled === 0 ? buildDashboard() : compiled;
}

/** Bundles the dashboard when its sources differ from those of the last bundle. */
export async function buildDashboard() {
  if (!existsSync(path.join(dashboard, 'vite.config.ts'))) return 0;
  const digest = digestOf(dashboardSources);
  if (existsSync(dashboardMarker) && readFileSync(dashboardMarker, 'utf8') === digest) return 0;
  const exitCode = await runNode('node_modules/vite/bin/vite.js', ['build', dashboard, '--logLevel', 'warn']);
  if (exitCode === 0) writeFileSync(dashboardMarker, digest);
  return exitCode;
}

function digestOf(sources) {
  const hash = createHash('sha256');
  for (const file of sources.flatMap((source) => filesUnder(path.join(root, source))).sort()) {
    const content = readFileSync(file);
    hash.update(`${path.relative(root, file)}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function filesUnder(start) {
  const entries = readdirSyncOrUndefined(start);
  if (entries === undefined) return [start];
  return entries.flatMap((entry) => {
    if (entry.isDirectory())
      return ['dist', 'node_modules'].includes(entry.name) ? [] : filesUnder(path.join(start, entry.name));
    return entry.isFile() && !/\.test\.tsx?$/.test(entry.name) ? [path.join(start, entry.name)] : [];
  });
}

function readdirSyncOrUndefined(folder) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (error.code === 'ENOTDIR') return undefined;
    throw error;
  }
}
