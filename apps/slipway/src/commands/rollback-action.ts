import { promotionView, type RollbackPreviewView, rollbackPreviewView } from '@slipway/api';
import { CliError } from '../cli/cli-error.ts';
import { printable } from '../cli/print-table.ts';
import type { CommandContext } from '../cli/run-command.ts';
import { apiPath } from '../client/api-client.ts';
import { connectServer } from '../client/settings.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { printPromotion } from './print-promotion.ts';
import type { RollbackOptions } from './rollback.ts';

/** Shows what a rollback would take back, or asks for it. */
export async function rollback(
  context: CommandContext,
  [application = '', environment = '']: readonly string[],
  options: RollbackOptions,
): Promise<ExitCode | undefined> {
  const { to, part, reason, preview, emergency } = options;
  if (preview !== true && reason === undefined)
    throw new CliError('CLI_USAGE', 'A rollback needs its --reason: it stands in the commit and in the evidence');
  const client = await connectServer(context, options);
  const place = apiPath`/api/v1/applications/${application}/environments/${environment}`;
  if (preview === true) {
    const shown = await client.get(`${place}/rollback-preview`, rollbackPreviewView, { query: { to, part } });
    context.answer(shown, () => printPreview(shown));
    return shown.isAllowed ? undefined : exitCodes.failed;
  }
  const body = { ...(to === undefined ? {} : { to }), part, reason, emergency: emergency === true };
  const promotion = await client.post(`${place}/rollbacks`, promotionView, { body });
  context.answer(promotion, () => printPromotion(promotion));
  return undefined;
}

function printPreview(preview: RollbackPreviewView): string {
  const { application, environment, target, unmet, reverts, method, paths, isProven, renderedDiff } = preview;
  const to = target === undefined ? 'nothing' : `release ${target.release.replace('sha256:', '').slice(0, 12)}`;
  const lines = [`${application} in ${environment} would go back to ${to}`];
  if (target?.finishedAt !== undefined) lines.push(`It ran there since ${target.finishedAt} (${target.deployment})`);
  lines.push(...unmet.map((one) => `Refused: ${one.message}`));
  if (method !== undefined) {
    lines.push(
      method === 'revert'
        ? 'By a revert of:'
        : 'By pinning its images, since these files changed meanwhile. Taken back:',
    );
    lines.push(...reverts.map((one) => `  ${one.commit.slice(0, 12)} ${one.subject} (${one.author})`));
    lines.push(`Files: ${paths.join(', ')}`);
    if (!isProven) lines.push('What comes of it never ran there in this combination.');
  }
  return printable([...lines, ...(renderedDiff === '' ? [] : ['', renderedDiff])].join('\n'));
}
