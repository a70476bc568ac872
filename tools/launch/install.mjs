import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { LaunchError } from './launch-error.mjs';
import { root } from './run-program.mjs';

const lockPath = path.join(root, 'package-lock.json');
const installedPath = path.join(root, 'node_modules/.package-lock.json');
const markerPath = path.join(root, 'node_modules/.slipway-lock-digest');

/**
 * Installs exactly what package-lock.json says when `node_modules` is missing or was made from another lock. Runs no package's script.
 *
 * The marker is written last: an install that was stopped is done again.
 */
export async function install() {
  const lock = readFileSync(lockPath);
  const digest = createHash('sha256').update(lock).digest('hex');
  if (existsSync(markerPath) && readFileSync(markerPath, 'utf8') === digest) return;
  if (!holds(JSON.parse(lock.toString('utf8')))) await runNpmCi();
  writeFileSync(markerPath, digest);
}

/** Whether what npm noted as installed is what the lock asks for; packages for other machines may be missing. */
function holds(lock) {
  if (!existsSync(installedPath)) return false;
  const installed = JSON.parse(readFileSync(installedPath, 'utf8')).packages;
  return Object.entries(lock.packages).every(([folder, wanted]) => {
    if (folder === '' || !folder.includes('node_modules/')) return true;
    const found = installed[folder];
    if (found === undefined) return wanted.optional === true || wanted.peer === true;
    return (
      found.version === wanted.version && found.integrity === wanted.integrity && found.resolved === wanted.resolved
    );
  });
}

async function runNpmCi() {
  console.log('Installing packages: npm ci --ignore-scripts');
  const startedMs = performance.now();
  const args = ['ci', '--ignore-scripts', '--include=dev', '--prefer-offline', '--no-audit', '--no-fund'];
  const { program, prefix } = findNpm();
  const child = spawn(program, [...prefix, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: npmEnvironment(),
  });
  const exitCode = await new Promise((resolve) => {
    child.once('error', () => resolve(undefined));
    child.once('exit', (code) => resolve(code ?? 1));
  });
  if (exitCode === undefined)
    throw new LaunchError('npm is not here. It comes with Node: install Node with npm and start again.');
  if (exitCode !== 0) {
    throw new LaunchError(
      'npm could not install the packages; its message stands above. Without network it needs a warm npm cache.',
    );
  }
  console.log(`Packages installed in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
}

/** The npm that started us, else the one on PATH. */
function findNpm() {
  const running = process.env['npm_execpath'] ?? '';
  return path.basename(running) === 'npm-cli.js' && existsSync(running)
    ? { program: process.execPath, prefix: [running] }
    : { program: 'npm', prefix: [] };
}

/**
 * The environment without what `npm run` says about the script it is running; npm's settings (registry, cache, proxy) stay.
 *
 * `npm test --workspace x` would else make the install one of `x` only.
 */
function npmEnvironment() {
  const ofThisRun =
    /^npm_(?:lifecycle_|package_|command$|config_(?:workspaces?|include_workspace_root|local_prefix|omit|only)$)/;
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !ofThisRun.test(name) && name !== 'NODE_ENV'),
  );
}
