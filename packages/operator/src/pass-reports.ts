import type { CanaryReport } from '@slipway/domain';
import type { Applied } from './apply-render.ts';
import type { AuthorisedRender, DeploymentReport, EnvironmentPolicy } from './policy.ts';
import type { OperatorServices } from './reconcile-environment.ts';

/** How long a report may keep a canary waiting. */
const tryMs = 2_000;

/** How a pass ends, or stands. */
export type PassEnd = Pick<DeploymentReport, 'phase' | 'reason' | 'message'>;

interface Seen {
  readonly observed: unknown;
  readonly canary: CanaryReport | undefined;
  /** What is ours and lives, while nothing was applied as a whole. */
  readonly inventory?: readonly string[];
}

/** Longer ones are cut: a server takes no more, and must hear of the end all the same. */
const maxMessageLength = 4_000;

/** What one pass tells the server of its render. */
export class PassReports {
  readonly #services: OperatorServices;
  readonly #policy: EnvironmentPolicy;
  readonly #facts: { readonly authorised: AuthorisedRender; readonly signal: AbortSignal };
  readonly #startedAt: string;

  constructor(
    services: OperatorServices,
    policy: EnvironmentPolicy,
    facts: { readonly authorised: AuthorisedRender; readonly signal: AbortSignal },
  ) {
    this.#services = services;
    this.#policy = policy;
    this.#facts = facts;
    this.#startedAt = services.now();
  }

  async send(end: PassEnd, applied?: Applied, seen: Seen = { observed: {}, canary: undefined }): Promise<void> {
    await this.#services.server.report(this.#print(end, applied, seen), this.#facts.signal);
  }

  /** False when the server did not take it, or not in time: the same is sent again by the next pass. */
  async trySend(end: PassEnd, seen: Seen): Promise<boolean> {
    const { signal } = this.#facts;
    try {
      const within = AbortSignal.any([signal, AbortSignal.timeout(tryMs)]);
      await this.#services.server.report(this.#print(end, undefined, seen), within);
      return true;
    } catch {
      signal.throwIfAborted();
      return false;
    }
  }

  #print(end: PassEnd, applied: Applied | undefined, { observed, canary, inventory }: Seen): DeploymentReport {
    const { application, environment } = this.#policy;
    const { revision, renderDigest } = this.#facts.authorised;
    return {
      application,
      environment,
      revision,
      renderDigest,
      ...end,
      message: end.message.slice(0, maxMessageLength),
      inventory: applied?.inventory ?? inventory ?? [],
      written: applied?.written ?? 0,
      startedAt: this.#startedAt,
      observed,
      ...(canary === undefined ? {} : { canary: { ...canary, message: canary.message.slice(0, maxMessageLength) } }),
    };
  }
}
