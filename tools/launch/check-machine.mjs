import { execFileSync } from 'node:child_process';
import { LaunchError } from './launch-error.mjs';

const oldestGit = [2, 39];

/**
 * Says plainly what this machine lacks, all of it at once.
 *
 * @throws {LaunchError} when anything is missing
 */
export function checkMachine() {
  const missing = [platformFault(), gitFault()].filter((fault) => fault !== undefined);
  if (missing.length > 0) throw new LaunchError(missing.join('\n'));
}

function platformFault() {
  const machine = `${process.platform} ${process.arch}`;
  if (machine !== 'linux x64') {
    return `Slipway runs on Linux x64 with glibc; this is ${machine}. Use a Linux x64 machine, a container or a virtual machine.`;
  }
  // Interfaces are part of the report; asking for their names can take seconds.
  process.report.excludeNetwork = true;
  if (process.report.getReport().header.glibcVersionRuntime !== undefined) return undefined;
  return 'Slipway needs glibc; this Linux uses another C library. Use Debian, Ubuntu, Fedora or another glibc system.';
}

function gitFault() {
  const wanted = `Install Git ${oldestGit.join('.')} or newer and start again.`;
  let answer;
  try {
    answer = execFileSync('git', ['--version'], { encoding: 'utf8', timeout: 10_000 });
  } catch {
    return `Git is not here. ${wanted}`;
  }
  const [, major, minor] = /(\d+)\.(\d+)/.exec(answer) ?? [];
  if (major === undefined) return `Git answers "${answer.trim()}" for its version. ${wanted}`;
  const isNewEnough = Number(major) > oldestGit[0] || (Number(major) === oldestGit[0] && Number(minor) >= oldestGit[1]);
  return isNewEnough ? undefined : `Git ${major}.${minor} is too old. ${wanted}`;
}
