import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { type Branch, parseBranch } from '@slipway/domain';
import { groupOf, parsedBy, withExamples, withOutput } from '../../cli/options.ts';
import { runCommand } from '../../cli/run-command.ts';

/** What `audit verify` is told. */
export interface VerifyEvidenceOptions {
  readonly key: string;
  readonly fingerprint?: string;
  readonly repo?: string;
  readonly branch: Branch;
}

export function addAuditVerifyCommand(program: Command, environment: ProgramEnvironment): void {
  const command = groupOf(program, 'audit', 'Evidence for people who do not trust the server')
    .command('verify')
    .description('Verify exported evidence offline, by the public key alone')
    .argument('<dir>', 'folder of an export')
    .requiredOption('--key <file>', 'public key of the installation (PEM), not taken from the export')
    .option('--fingerprint <text>', 'fingerprint of that key, told to you another way')
    .option('--repo <clone>', 'your own clone of the config repository: then it is checked that nothing is missing')
    .option(
      '--branch <branch>',
      'branch of the clone that environments follow',
      parsedBy(parseBranch),
      parseBranch('main'),
    );
  withExamples(withOutput(command), [
    'audit verify evidence-2026-q1 --key audit-key.pub.pem --repo ../guestbook-config',
  ]).action(
    runCommand<VerifyEvidenceOptions>(environment, async (context, args, options) =>
      (await import('./verify-action.ts')).verifyEvidence(context, args, options),
    ),
  );
}
