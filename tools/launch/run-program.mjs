import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import path from 'node:path';

export const root = path.resolve(import.meta.dirname, '../..');

const repeatMs = 1_000;

/**
 * Runs a Node script of the repository in the foreground and gives its exit code, 128 + the signal's number where a signal ended it.
 *
 * A signal sent to this process reaches the program, SIGINT once: in a terminal Ctrl-C reaches the whole foreground group by itself and
 * is not passed on; elsewhere npm or a script may send it to several of us.
 *
 * @param options - `isOwnGroup`: without a terminal, signals to our process group do not reach the program, only what is passed on.
 */
export function runNode(script, args, { environment = {}, isOwnGroup = false } = {}) {
  const child = spawn(process.execPath, [path.resolve(root, script), ...args], {
    cwd: root,
    stdio: 'inherit',
    detached: isOwnGroup && process.stdin.isTTY !== true,
    env: { ...process.env, ...environment },
  });
  const stopForwarding = forwardSignals(child);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  }).finally(stopForwarding);
}

/** Runs a program and gives its exit code with everything it printed, in order. */
export function captureNode(script, args) {
  const child = spawn(process.execPath, [path.resolve(root, script), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stopForwarding = forwardSignals(child);
  const output = [];
  child.stdout.on('data', (chunk) => output.push(chunk));
  child.stderr.on('data', (chunk) => output.push(chunk));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) =>
      resolve({ exitCode: code ?? 128 + constants.signals[signal], output: Buffer.concat(output).toString('utf8') }),
    );
  }).finally(stopForwarding);
}

function forwardSignals(child) {
  let interruptedAtMs = -Infinity;
  const forward = (signal) => {
    if (signal !== 'SIGINT') return void child.kill(signal);
    const nowMs = performance.now();
    const isRepeated = nowMs - interruptedAtMs < repeatMs;
    if (isRepeated || process.stdin.isTTY === true) return undefined;
    interruptedAtMs = nowMs;
    return void child.kill(signal);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, forward);
  return () => {
    for (const signal of signals) process.off(signal, forward);
  };
}
