import type { MetricPoint } from '@slipway/ports';
import type { UseCases } from './use-cases.ts';

/** After a deployment: how long it took, how it ended, and the lead time of the changes in it. */
export async function measureDeployment(cases: UseCases, id: string): Promise<void> {
  const { store } = cases.delivery;
  const deployment = (await store.get('deployment', id))?.value;
  if (deployment?.finishedAt === undefined) return;
  const at = deployment.finishedAt;
  const labels = { application: deployment.application, environment: deployment.environment, deployment: id };
  const point = (name: string, value: number, rest: Readonly<Record<string, string>> = {}): MetricPoint => ({
    name,
    at,
    value,
    unit: name === 'deployment_succeeded' ? 'count' : 'ms',
    labels: { ...labels, ...rest },
    key: [id, name, ...Object.values(rest)].join('|'),
  });
  const isSuccess = deployment.phase === 'succeeded';
  const release = (await store.get('release', deployment.release))?.value;
  const changes = await Promise.all((release?.changes ?? []).map((change) => store.get('change', change)));
  const leads = changes.flatMap((change) => {
    if (change === undefined || !isSuccess) return [];
    return [
      point('change_lead_time', Date.parse(at) - Date.parse(change.value.createdAt), { change: change.value.id }),
    ];
  });
  const duration = Date.parse(at) - Date.parse(deployment.startedAt);
  await cases.pipeline.metrics.write([
    point('deployment_duration', duration),
    point('deployment_succeeded', isSuccess ? 1 : 0),
    ...leads,
  ]);
}
