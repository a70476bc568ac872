import type { ReleaseView, RollbackPreviewView } from '@slipway/api';
import type { FoundTarget, RollbackPreview } from '@slipway/delivery';
import type { Account } from '@slipway/domain';
import type { RecordReader } from '@slipway/ports';
import { promoterGates } from '../access/promoter-gates.ts';

/** A deployment of an environment with what it ran. */
export async function viewRelease(reader: RecordReader, target: FoundTarget): Promise<ReleaseView> {
  const { found, content } = target;
  const changes = await Promise.all(content.changes.map((change) => reader.get('change', change)));
  return {
    deployment: found.id,
    release: found.release,
    revision: found.revision,
    phase: found.phase,
    message: found.message,
    ...(found.finishedAt === undefined ? {} : { finishedAt: found.finishedAt }),
    isCurrent: target.isCurrent,
    wasRolledBack: target.wasRolledBack,
    failedVerifications: [...target.failedVerifications],
    missingImages: [...target.missingImages],
    images: content.images.map((image) => ({ name: image.name, tag: image.newTag, digest: image.digest })),
    changes: changes.flatMap((stored) => {
      if (stored === undefined) return [];
      return [{ id: stored.value.id, subject: stored.value.subject, author: stored.value.author.name }];
    }),
  };
}

/** What a rollback would do, as the API tells it to one account. */
export async function viewRollbackPreview(
  reader: RecordReader,
  preview: RollbackPreview,
  account: Account,
): Promise<RollbackPreviewView> {
  const { desired, decision, part, target, reverts, edit, isProven, renderedDiff } = preview;
  const unmet = [...promoterGates(account), ...(decision.kind === 'allowed' ? [] : decision.unmet)];
  return {
    application: desired.application,
    environment: desired.environment,
    isAllowed: unmet.length === 0,
    unmet,
    part,
    ...(target === undefined ? {} : { target: await viewRelease(reader, target) }),
    reverts: [...reverts],
    ...(edit === undefined ? {} : { method: edit.method }),
    paths: [...(edit?.paths ?? [])],
    isProven,
    renderedDiff,
  };
}
