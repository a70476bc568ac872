import { constants } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { type BundleReader, type BundleVerdict, bundleFiles, verifyBundle } from '@slipway/evidence';
import { CliError } from '../../cli/cli-error.ts';
import { printable } from '../../cli/print-table.ts';
import type { CommandContext } from '../../cli/run-command.ts';
import { type ExitCode, exitCodes } from '../../exit-codes.ts';
import { productionRequirements } from '../../platform/production-requirements.ts';
import { openClone } from './clone-reader.ts';
import type { VerifyEvidenceOptions } from './verify.ts';

const maxFileBytes = 1_073_741_824;

/** Verifies an export; needs no server, no database and no network. */
export async function verifyEvidence(
  context: CommandContext,
  [folder = '']: readonly string[],
  options: VerifyEvidenceOptions,
): Promise<ExitCode | undefined> {
  const { repo, branch, fingerprint } = options;
  const publicKeyPem = await readKey(options.key);
  if (!(await stat(path.join(folder, bundleFiles.manifest)).catch(() => undefined))?.isFile())
    throw new CliError(
      'CLI_FILE_UNREADABLE',
      `${folder} is not a folder of an export: it has no ${bundleFiles.manifest}`,
    );
  const clone = repo === undefined ? undefined : await openClone(context, path.resolve(repo), branch);
  const verdict = await verifyBundle(readerOf(folder), {
    publicKeyPem,
    requirements: productionRequirements,
    ...(fingerprint === undefined ? {} : { expectedFingerprint: fingerprint }),
    ...(clone === undefined ? {} : { clone }),
    signal: context.signal,
  });
  context.answer(verdict, () => printVerdict(verdict, repo !== undefined));
  return verdict.verdict === 'whole' ? undefined : exitCodes.failed;
}

async function readKey(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new CliError('CLI_FILE_UNREADABLE', `${file} cannot be read`, { cause: error });
  });
}

/** Files of the folder itself: a link in an export could lead anywhere. */
function readerOf(folder: string): BundleReader {
  return async (name, signal) => {
    const handle = await open(path.join(folder, name), constants.O_RDONLY | constants.O_NOFOLLOW).catch(
      (error: unknown) => {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        throw new CliError('CLI_FILE_UNREADABLE', `${name} of the export cannot be read`, { cause: error });
      },
    );
    if (handle === undefined) return undefined;
    try {
      const { size } = await handle.stat();
      if (size > maxFileBytes) throw new CliError('CLI_FILE_UNREADABLE', `${name} of the export has ${size} bytes`);
      return await handle.readFile(signal === undefined ? {} : { signal });
    } finally {
      await handle.close();
    }
  };
}

/** The verdict first, then what was looked at, then every fault. */
export function printVerdict(verdict: BundleVerdict, hasClone: boolean): string {
  const { statements, changes, faults, period } = verdict;
  const whole = changes.filter((change) => change.verdict === 'whole').length;
  const lines = [
    `Verdict: ${verdict.verdict}`,
    `Statements believed: ${statements}`,
    ...(period === undefined ? [] : [`Period: ${period.from} to ${period.to}`]),
    `Production changes: ${changes.length}, with a whole chain: ${whole}`,
    verdict.completeness === 'checked'
      ? 'Completeness: checked against the clone'
      : `Completeness: not checked${hasClone ? '' : ' (name your clone of the config repository with --repo)'}`,
    ...changes.map(
      ({ application, environment, commit, verdict: own, links }) =>
        `  ${application} in ${environment} at ${commit.slice(0, 12)}: ${own}, ${links.length} links`,
    ),
    ...faults.flatMap((fault) => [`${fault.verdict}: ${fault.where}: ${fault.what}`, `  ${fault.next}`]),
  ];
  return printable(lines.join('\n'));
}
