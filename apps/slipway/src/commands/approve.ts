import type { Command } from 'commander';
import type { ProgramEnvironment } from '@slipway/config';
import { type CommitId, parseCommitId } from '@slipway/domain';
import { parsedBy, type ServerOptions, withExamples, withServer } from '../cli/options.ts';
import { runCommand } from '../cli/run-command.ts';

/** What `approve` and `reject` are told. */
export interface ReviewOptions extends ServerOptions {
  readonly head?: CommitId;
  readonly reason?: string;
  /** `reject` only: for good. */
  readonly close?: true;
}

export function addApproveCommand(program: Command, environment: ProgramEnvironment): void {
  const command = program
    .command('approve')
    .description('Approve a promotion or a pull request; the last approval needed lets a promotion in')
    .argument('<promotion-or-pull-request>', 'id of a promotion, or REPOSITORY#NUMBER')
    .option('--head <commit>', 'head that you looked at: another one is refused', parsedBy(parseCommitId))
    .option('--reason <text>', 'what to say with it');
  withExamples(withServer(command), ['approve guestbook/prod/4f2a91c0d3e5.1', "approve 'guestbook-config#7'"]).action(
    runCommand<ReviewOptions>(environment, async (context, args, options) =>
      (await import('./review-action.ts')).review(context, args, { ...options, verdict: 'approved' }),
    ),
  );
}
