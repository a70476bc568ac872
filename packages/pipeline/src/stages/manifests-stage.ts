import { type Branch, type ImagePin, type ManifestCommit, type Name, statementIds } from '@slipway/domain';
import type { ManifestUpdateRequest } from '@slipway/ports';
import type { StageEnd } from '../finish-stage.ts';
import type { KeptImage } from '../services.ts';
import { neededStage, say, type StageWork } from './stage-work.ts';

interface ManifestsOptions {
  readonly repository: Name;
  readonly branch: Branch;
  readonly update: readonly Name[];
}

/** Kind `manifests`: pins the digest in the config repository, as a commit of the change's author. */
export async function updateManifests(work: StageWork): Promise<StageEnd> {
  const { services, run, stage } = work;
  const options = work.definition.options as unknown as ManifestsOptions;
  const image = neededStage(work, 'publish')?.facts['image'] as KeptImage;
  const pin: ImagePin = {
    name: image.name,
    newName: `${services.registry.host}/${image.name}`,
    newTag: run.commit,
    digest: image.manifest.digest,
  };
  const request: ManifestUpdateRequest = {
    id: `${run.id}/${stage.name}`,
    repository: options.repository,
    branch: options.branch,
    environments: options.update,
    pins: [pin],
    author: run.author,
    subject: `${options.update.join(', ')}: ${image.name} ${run.commit.slice(0, 12)}`,
    trailers: [
      ['Slipway-Run', run.id],
      ['Slipway-Source', run.change],
      ['Slipway-Digest', `${image.name}@${image.manifest.digest}`],
    ],
  };
  const result = await services.manifests.update(request, { signal: work.signal });
  const what = result.isChange ? `Committed ${result.commit}` : `Nothing to change: ${result.commit} pins it already`;
  say(work, `${what} in ${options.repository} (${result.paths.join(', ')})`);
  return {
    conclusion: 'success',
    facts: { commit: result.commit, isChange: result.isChange, repository: options.repository },
    also: (tx) => recordCommit(tx, work, request, result),
  };
}

async function recordCommit(
  tx: Parameters<NonNullable<StageEnd['also']>>[0],
  work: StageWork,
  request: ManifestUpdateRequest,
  result: Awaited<ReturnType<StageWork['services']['manifests']['update']>>,
): Promise<void> {
  const { run, services } = work;
  const [pin] = request.pins;
  const commit: ManifestCommit = {
    id: request.id,
    repository: request.repository,
    branch: request.branch,
    commit: result.commit,
    isChange: result.isChange,
    paths: result.paths,
    pins: request.pins,
    requestedAt: work.stage.startedAt ?? services.now(),
    landedAt: services.now(),
    change: run.change,
  };
  await tx.put('manifestCommit', request.id, commit);
  if (pin === undefined) return;
  await tx.record({
    id: statementIds.manifestCommit(request.id),
    kind: 'manifestCommit',
    subjects: [
      { name: `git:${request.repository}`, digest: { gitCommit: result.commit } },
      { name: pin.name, digest: { sha256: pin.digest.slice('sha256:'.length) } },
    ],
    predicate: {
      repository: request.repository,
      branch: request.branch,
      commit: result.commit,
      isChange: result.isChange,
      paths: result.paths,
      environments: request.environments,
      pins: request.pins,
      author: request.author,
      actingFor: run.change,
    },
    links: [statementIds.change(run.change), statementIds.provenance(run.id, pin.digest)],
  });
}
