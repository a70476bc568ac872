import {
  type DeliveryDefinition,
  type DeploymentStrategy,
  type DesiredState,
  type EnvironmentDefinition,
  type EnvironmentDeployment,
  type EvidenceStatement,
  type Promotion,
  type Release,
  rollingStrategy,
  statementIds,
  type Subject,
  type Verification,
} from '@slipway/domain';
import type { ReportSource } from './environments/record-deployment.ts';

function renderSubject(id: string, renderDigest: string): Subject {
  return { name: `render:${id}`, digest: { sha256: renderDigest.slice('sha256:'.length) } };
}

/** Says that one render may be applied in one environment, and why. */
export function authorisationStatement(facts: {
  readonly desired: Pick<
    DesiredState,
    'id' | 'application' | 'environment' | 'definition' | 'repository' | 'head' | 'isEntry'
  > & {
    readonly renderDigest: Release['id'];
  };
  readonly delivery: DeliveryDefinition;
  readonly release: Release;
  readonly promotion?: Promotion;
  /** Files of the closure. */
  readonly paths: readonly string[];
  /** Ids of the updates that pinned the images. */
  readonly updates: readonly string[];
}): EvidenceStatement {
  const { desired, release, promotion } = facts;
  return {
    id: statementIds.authorisation(desired.id, desired.renderDigest, desired.head),
    kind: 'authorisation',
    subjects: [renderSubject(desired.id, desired.renderDigest)],
    predicate: {
      application: desired.application,
      environment: desired.environment,
      protected: desired.definition.class === 'protected',
      repository: desired.repository,
      revision: desired.head,
      commit: desired.head,
      renderDigest: desired.renderDigest,
      release: release.id,
      images: release.images.map((image) => ({ name: image.name, digest: image.digest })),
      changes: release.changes,
      ...(release.appConfig === undefined ? {} : { appConfig: release.appConfig }),
      paths: facts.paths,
      rule: desired.isEntry ? 'EntryEnvironment' : 'Promotion',
      // Signed with the render: the policy beside it is not, and must not be able to turn a canary off.
      strategy: strategyOf(desired.definition, promotion),
      ...(promotion === undefined ? {} : { promotion: promotion.id, approvals: promotion.approvals }),
    },
    links: [
      ...facts.updates.map(statementIds.manifestCommit),
      ...(promotion === undefined ? [] : [statementIds.promotion(promotion.id)]),
    ],
  };
}

/** What goes back was live before, and must be live again soon: it takes no canary's time. */
function strategyOf(
  definition: Pick<EnvironmentDefinition, 'strategy'>,
  promotion: Promotion | undefined,
): DeploymentStrategy {
  return promotion?.kind === 'rollback' ? rollingStrategy : (definition.strategy ?? rollingStrategy);
}

/** A commit that changed what a protected environment renders from, was seen, and let nothing in. */
export function seenStatement(
  desired: Pick<DesiredState, 'id' | 'application' | 'environment' | 'repository'>,
  facts: { readonly commit: string; readonly reason: string },
): EvidenceStatement {
  return {
    id: statementIds.refusal(`render/${desired.id}/${facts.commit}`),
    kind: 'refusal',
    subjects: [{ name: `git:${desired.repository}`, digest: { gitCommit: facts.commit } }],
    predicate: {
      application: desired.application,
      environment: desired.environment,
      repository: desired.repository,
      commit: facts.commit,
      what: 'render',
      reason: facts.reason,
    },
    links: [],
  };
}

/** How a deployment ended, as the operator saw it. */
export function deploymentStatement(
  deployment: EnvironmentDeployment,
  facts: {
    readonly authorisation: string;
    readonly isProtected: boolean;
    readonly source: ReportSource;
    readonly observed: unknown;
  },
): EvidenceStatement {
  return {
    id: statementIds.deployment(deployment.id),
    kind: 'deployment',
    subjects: [renderSubject(`${deployment.application}/${deployment.environment}`, deployment.renderDigest)],
    predicate: {
      application: deployment.application,
      environment: deployment.environment,
      protected: facts.isProtected,
      commit: deployment.revision,
      renderDigest: deployment.renderDigest,
      release: deployment.release,
      phase: deployment.phase,
      reason: deployment.reason,
      inventory: deployment.inventory,
      written: deployment.written,
      operator: facts.source.operator,
      report: { keyId: facts.source.keyId, digest: facts.source.digest },
      observed: facts.observed,
      startedAt: deployment.startedAt,
      finishedAt: deployment.finishedAt ?? deployment.startedAt,
      ...(deployment.healthySince === undefined ? {} : { healthySince: deployment.healthySince }),
    },
    links: [facts.authorisation],
  };
}

export function verificationStatement(verification: Verification, isProtected: boolean): EvidenceStatement {
  return {
    id: statementIds.verification(verification.id, verification.attempt),
    kind: 'verification',
    subjects: [
      { name: `release:${verification.application}`, digest: { sha256: verification.release.slice('sha256:'.length) } },
    ],
    predicate: {
      application: verification.application,
      environment: verification.environment,
      protected: isProtected,
      deployment: verification.deployment,
      release: verification.release,
      check: verification.name,
      phase: verification.phase,
      message: verification.message,
      ...(verification.tests === undefined ? {} : { tests: verification.tests }),
      ...(verification.isolation === undefined ? {} : { isolation: verification.isolation }),
      ...(verification.logDigest === undefined ? {} : { logDigest: verification.logDigest }),
    },
    links: [statementIds.deployment(verification.deployment)],
  };
}

/** The release and, once its commit is rendered, the render: what is authorised at a later commit is still this promotion's. */
export function promotionSubjects(
  promotion: Pick<Promotion, 'application' | 'environment' | 'release' | 'renderDigest'>,
): readonly Subject[] {
  const { application, environment, release, renderDigest } = promotion;
  return [
    { name: `release:${application}`, digest: { sha256: release.slice('sha256:'.length) } },
    ...(renderDigest === undefined ? [] : [renderSubject(`${application}/${environment}`, renderDigest)]),
  ];
}

/** Why a release was let into an environment: the gates with their facts, and the people. */
export function promotionStatement(
  promotion: Promotion,
  facts: { readonly isProtected: boolean; readonly reviews: readonly string[]; readonly upstream: readonly string[] },
): EvidenceStatement {
  return {
    id: statementIds.promotion(promotion.id),
    kind: 'promotion',
    subjects: promotionSubjects(promotion),
    predicate: {
      application: promotion.application,
      environment: promotion.environment,
      protected: facts.isProtected,
      from: promotion.from ?? 'none',
      release: promotion.release,
      requestedBy: promotion.requestedBy,
      ...(promotion.reason === undefined ? {} : { reason: promotion.reason }),
      ...(promotion.rollback === undefined ? {} : { rollback: promotion.rollback }),
      ...(promotion.breakGlass === undefined ? {} : { breakGlass: promotion.breakGlass }),
      approvals: promotion.approvals,
      ...(promotion.commit === undefined ? {} : { commit: promotion.commit }),
      ...(promotion.renderDigest === undefined ? {} : { renderDigest: promotion.renderDigest }),
      ...(promotion.pullRequest === undefined ? {} : { pullRequest: promotion.pullRequest }),
      gates: facts.upstream.length,
    },
    links: [...facts.upstream, ...facts.reviews],
  };
}
