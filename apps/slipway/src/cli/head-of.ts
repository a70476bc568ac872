import { type CommitId, isCommitId } from '@slipway/domain';
import { runProgram } from '@slipway/host';
import { CliError } from './cli-error.ts';
import type { CommandContext } from './run-command.ts';

/** The commit a folder's work tree is at; its Git runs as the person's own. @throws {@link CliError} `CLI_REVISION_UNKNOWN`. */
export async function headOf(context: CommandContext, folder: string): Promise<CommitId> {
  const { stdout } = await runProgram('git', ['-C', folder, 'rev-parse', '--verify', '--quiet', 'HEAD^{commit}'], {
    environment: { PATH: context.environment.path, ...context.environment.personal },
    accepts: [0, 1, 128],
    signal: context.signal,
  });
  const head = stdout.toString().trim();
  if (!isCommitId(head)) throw new CliError('CLI_REVISION_UNKNOWN', `${folder} is no repository with a commit`);
  return head;
}
