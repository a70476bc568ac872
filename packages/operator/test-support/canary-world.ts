import { setImmediate as turn } from 'node:timers/promises';
import {
  type CanaryStep,
  type CommitId,
  type DeploymentStrategy,
  type MetricDefinition,
  parseCondition,
} from '@slipway/domain';
import { MemoryMetrics } from '@slipway/testkit';
import type { EnvironmentPolicy } from '../src/policy.ts';
import { type OperatorServices, reconcileEnvironment } from '../src/reconcile-environment.ts';
import type { ReconcileResult } from '../src/reconcile-host.ts';
import { configMap, openWorld, type OperatorWorld, stream } from './operator-world.ts';

export const namespace = 'guestbook-qa';
export const webKey = { group: 'apps', kind: 'Deployment', namespace, name: 'web' };
export const canaryKey = { ...webKey, name: 'web-canary' };
export const serviceKey = { group: '', kind: 'Service', namespace, name: 'web' };
export const stateKey = { group: '', kind: 'ConfigMap', namespace, name: 'slipway-canary-guestbook' };
export const canaryPlace = { namespace, service: 'web', deployment: 'web-canary' };
export const stablePlace = { ...canaryPlace, deployment: 'web' };

export const errors: MetricDefinition = {
  name: 'errors',
  question: 'error-ratio',
  windowMs: 60_000,
  intervalMs: 10_000,
  count: 2,
  initialDelayMs: 0,
  success: parseCondition('<= 0.01'),
  failureLimit: 0,
  inconclusiveLimit: 0,
  consecutiveErrorLimit: 1,
  consecutiveSuccessLimit: 0,
  isDryRun: false,
};

/** Ten percent, a pause, a look, half, and all. */
export const usualSteps: readonly CanaryStep[] = [
  { kind: 'weight', percent: 10 },
  { kind: 'pause', durationMs: 30_000 },
  { kind: 'analysis', metrics: [errors] },
  { kind: 'weight', percent: 50 },
  { kind: 'pause', durationMs: 10_000 },
];

/** A Deployment behind a Service, and the ConfigMap that its version reads, as Kustomize names it. */
export function app(version: string, replicas = 4): string {
  return stream(
    `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: ${namespace}}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: main, image: "registry.test/web:${version}", envFrom: [{configMapRef: {name: settings-${version}}}]}]}
`,
    `apiVersion: v1
kind: Service
metadata: {name: web, namespace: ${namespace}}
spec: {selector: {app: web}, ports: [{port: 80}]}
`,
    configMap(`settings-${version}`, version),
    configMap('shared', version),
  );
}

/** A world with a clock that passes move, and an application that is live in its first version. */
export class CanaryWorld {
  readonly world: OperatorWorld;
  readonly metrics: MemoryMetrics;
  readonly strategy: DeploymentStrategy;
  nowMs = Date.parse('2026-01-02T03:04:05.000Z');
  /** How often passes went by a checkpoint, and which. */
  readonly passed: string[] = [];
  /** Number of the checkpoint that kills the next pass to reach it, from 0. */
  crashAt: number | undefined;
  isServerAway = false;
  /** What comes by whenever time goes by: answers of the canary. */
  traffic: () => void = () => this.answer(200, 20);

  private constructor(world: OperatorWorld, steps: readonly CanaryStep[]) {
    this.world = world;
    this.metrics = new MemoryMetrics(() => this.nowMs);
    this.strategy = { kind: 'canary', steps, analyses: [] };
  }

  static async open(steps: readonly CanaryStep[] = usualSteps): Promise<CanaryWorld> {
    const canary = new CanaryWorld(await openWorld(), steps);
    await canary.drive(await canary.policyOf(app('v1')));
    canary.world.server.reports.length = 0;
    canary.world.target.writes.length = 0;
    canary.passed.length = 0;
    return canary;
  }

  get services(): OperatorServices {
    const { services, server } = this.world;
    return {
      ...services,
      server: {
        watch: (signal) => server.watch(signal),
        report: (report) => (this.isServerAway ? Promise.reject(new Error('away')) : server.report(report)),
      },
      metrics: this.metrics,
      now: () => new Date(this.nowMs).toISOString(),
      checkpoint: (name) => {
        this.passed.push(name);
        if (this.crashAt !== this.passed.length - 1) return Promise.resolve();
        this.crashAt = undefined;
        return Promise.reject(new Error('killed'));
      },
    };
  }

  async policyOf(text: string, strategy: DeploymentStrategy = this.strategy): Promise<EnvironmentPolicy> {
    return this.policyAt(await this.world.commit(text), strategy);
  }

  policyAt(commit: CommitId, strategy: DeploymentStrategy = this.strategy): Promise<EnvironmentPolicy> {
    return this.world.policyFor(commit, { predicate: { strategy } });
  }

  /** The canary answers so many requests with a status; stable answers as many well. */
  answer(status: number, count: number): void {
    const answers = (one: number) => Array.from({ length: count }, () => ({ status: one, durationMs: 5 }));
    this.metrics.record(canaryPlace, answers(status));
    this.metrics.record(stablePlace, answers(200));
  }

  async pass(policy: EnvironmentPolicy): Promise<ReconcileResult> {
    const result = await reconcileEnvironment(this.services, policy, new AbortController().signal);
    // What a controller does after an apply.
    await turn();
    return result;
  }

  /** Passes until nothing is left to do, with the time that each asks for; a pass that is killed is followed by a fresh one. */
  async drive(policy: EnvironmentPolicy, until: (world: this) => boolean = () => false): Promise<ReconcileResult> {
    for (let count = 0; count < 200; count++) {
      let result: ReconcileResult;
      try {
        result = await this.pass(policy);
      } catch (error) {
        if (!(error instanceof Error && error.message === 'killed')) throw error;
        continue;
      }
      if (result.kind !== 'waiting' || until(this)) return result;
      this.nowMs += result.retryAfterMs;
      this.traffic();
    }
    throw new Error('it never ends');
  }

  /** The state that the target keeps. */
  async state(): Promise<Readonly<Record<string, unknown>>> {
    const live = await this.world.target.get(stateKey);
    const data = (live?.['data'] ?? {}) as { readonly state?: string };
    return JSON.parse(data.state ?? '{}') as Readonly<Record<string, unknown>>;
  }

  async weights(): Promise<unknown> {
    const text = (await this.world.target.get(serviceKey))?.metadata.annotations?.['slipway.dev/weights'];
    return text === undefined ? undefined : JSON.parse(text);
  }

  async image(key = webKey): Promise<unknown> {
    return /web:v\d/.exec(JSON.stringify((await this.world.target.get(key))?.['spec'] ?? ''))?.[0];
  }

  /** What lives, without what differs from run to run. */
  async picture(): Promise<readonly unknown[]> {
    const live = await this.world.target.list({});
    const { phase, message, step, weight } = await this.state();
    const objects = live
      .filter(({ metadata }) => metadata.name !== stateKey.name)
      .map(({ kind, metadata: { name, labels, annotations }, ...rest }) => ({
        kind,
        name,
        labels,
        annotations: annotations ?? {},
        spec: rest['spec'],
        data: rest['data'],
      }))
      .sort((a, b) => (`${a.kind}/${a.name}` < `${b.kind}/${b.name}` ? -1 : 1));
    return [{ phase, message, step, weight }, ...objects];
  }

  get lastReport(): unknown {
    return this.world.server.reports.at(-1);
  }

  close(): Promise<void> {
    return this.world.close();
  }
}
