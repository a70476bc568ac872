import type { WhyView } from '@slipway/api';
import { explainApplication, type ExplainedEnvironment } from '@slipway/delivery';
import type { Change, Release } from '@slipway/domain';
import { ServerError } from '../server-error.ts';
import type { ServerServices } from '../server-services.ts';

/** The one reason why a change is not in an environment yet, and who can act. */
export async function viewWhy(
  services: ServerServices,
  query: { readonly change: string; readonly environment: string; readonly application?: string | undefined },
): Promise<WhyView> {
  const { store, now } = services.delivery;
  const change = await findChange(services, query.change);
  const states = await store.list('desiredState', {
    match: {
      environment: query.environment,
      ...(query.application === undefined ? {} : { application: query.application }),
    },
  });
  const application = states[0]?.value.application;
  if (application === undefined) throw new ServerError('NOT_FOUND', `There is no environment ${query.environment}`);
  const environments = await explainApplication(store, application, now());
  const answer = (
    reason: string,
    message: string,
    rest: { readonly isThere?: boolean; readonly actors?: readonly string[] } = {},
  ): WhyView => ({
    change: change.id,
    application,
    environment: query.environment,
    isThere: rest.isThere ?? false,
    reason,
    message,
    actors: [...(rest.actors ?? [])],
  });
  for (const environment of environments) {
    const isIn = await holdsChange(services, environment, change);
    const isWanted = environment.desired.environment === query.environment;
    if (isIn && environment.deployment?.phase === 'succeeded') {
      if (isWanted)
        return answer(
          'There',
          `It runs in environment ${query.environment} since ${environment.deployment.healthySince ?? 'now'}.`,
          { isThere: true },
        );
      continue;
    }
    if (isIn)
      return answer(environment.reason ?? 'Deploying', environment.why ?? 'It is being deployed.', {
        actors: environment.actors,
      });
    if (environment.desired.isEntry) return explainPipeline(services, change, answer);
    return answer(environment.reason ?? 'Promoting', environment.why ?? 'It is about to be promoted.', {
      actors: environment.actors,
    });
  }
  return answer('Promoting', 'It is about to be promoted.');
}

/** By full id, or by the (shortened) hash of its commit. */
async function findChange(services: ServerServices, text: string): Promise<Change> {
  const exact = (await services.delivery.store.get('change', text))?.value;
  if (exact !== undefined) return exact;
  const changes = await services.delivery.store.list('change', { newestFirst: true, limit: 10_000 });
  const found = changes
    .map((stored) => stored.value)
    .filter((change) => text.length >= 7 && change.commit.startsWith(text));
  const [only, ...others] = found;
  if (only === undefined || others.length > 0)
    throw new ServerError('NOT_FOUND', `${found.length === 0 ? 'No' : 'More than one'} change is named ${text}`);
  return only;
}

/** A release holds a change when an image of it, or of a later change of the same repository, is in it. */
async function holdsChange(
  services: ServerServices,
  environment: ExplainedEnvironment,
  change: Change,
): Promise<boolean> {
  const id = environment.desired.authorised?.release;
  const release: Release | undefined =
    id === undefined ? undefined : (await services.delivery.store.get('release', id))?.value;
  if (release === undefined) return false;
  if (release.changes.includes(change.id)) return true;
  const others = await Promise.all(release.changes.map((other) => services.delivery.store.get('change', other)));
  const repository = await services.delivery.openRepository(change.repository);
  for (const other of others) {
    if (other?.value.repository !== change.repository) continue;
    if (await repository.isAncestor(change.commit, other.value.commit)) return true;
  }
  return false;
}

async function explainPipeline(
  services: ServerServices,
  change: Change,
  answer: (reason: string, message: string, rest?: { readonly actors?: readonly string[] }) => WhyView,
): Promise<WhyView> {
  const { store } = services.pipeline;
  const runs = (await store.list('pipelineRun', { match: { change: change.id }, newestFirst: true })).map(
    (stored) => stored.value,
  );
  if (runs.length === 0) return answer('NoRun', 'No pipeline has run for it.', { actors: ['developer'] });
  const failed = runs.find((run) => run.conclusion !== undefined && run.conclusion !== 'success');
  if (failed !== undefined) {
    const stages = await store.list('stageRun', { match: { run: failed.id } });
    const stage = stages.map((stored) => stored.value).find((one) => one.conclusion === failed.conclusion);
    return answer(
      'PipelineFailed',
      `Run ${failed.id} ended in ${failed.conclusion ?? 'nothing'} at stage ${stage?.name ?? 'unknown'}: ${stage?.message ?? ''}`,
      { actors: [change.author.name] },
    );
  }
  const open = runs.find((run) => run.phase !== 'finished');
  if (open !== undefined) return answer('PipelineRuns', `Run ${open.id} is still going.`);
  if (runs.every((run) => run.trigger.kind === 'pull-request'))
    return answer('NotMerged', 'It is not merged yet.', { actors: ['reviewer'] });
  return answer('NothingToDeploy', 'It changed no image that this application runs.');
}
