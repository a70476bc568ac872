import {
  decidePromotion,
  entryGates,
  type Hold,
  type Promotion,
  type UnmetGate,
  type WindowDecision,
} from '@slipway/domain';
import { readEntryFacts, type RecordReader } from '@slipway/ports';
import { type EnvironmentState, readEnvironment, upstreamFacts } from './upstream-facts.ts';

/** An environment with what stands between it and the release before it. */
export interface ExplainedEnvironment extends EnvironmentState {
  /** Open promotion into it. */
  readonly promotion?: Promotion;
  /** Holds that stand on it. */
  readonly holds: readonly Hold[];
  readonly window: WindowDecision;
  /** What went in past its approvals and was not looked at yet. */
  readonly unreviewed?: Promotion;
  /** Gates that a person's promotion would not meet now; empty when it would be taken. */
  readonly unmet: readonly UnmetGate[];
  /** The one sentence that says why the newest release is not here; absent when it is. */
  readonly why?: string;
  /** PascalCase; with `why`. */
  readonly reason?: string;
  /** Accounts or roles that can act now. */
  readonly actors: readonly string[];
}

/** Every environment of an application in its order; the board and `slipway why` say the same sentence. */
export async function explainApplication(
  reader: RecordReader,
  application: string,
  now: string,
): Promise<readonly ExplainedEnvironment[]> {
  const desired = (await reader.list('desiredState', { match: { application } })).map((stored) => stored.value);
  const ordered = [...desired].sort((a, b) => a.order - b.order);
  const states: EnvironmentState[] = [];
  for (const one of ordered) states.push(await readEnvironment(reader, one));
  return Promise.all(
    states.map(async (state, index) => {
      const entry = await readEntryFacts(reader, state.desired, now);
      return explain(reader, { state, upstream: states[index - 1], now, entry });
    }),
  );
}

interface Facts {
  readonly state: EnvironmentState;
  readonly upstream: EnvironmentState | undefined;
  readonly now: string;
  readonly entry: { readonly holds: readonly Hold[]; readonly window: WindowDecision };
}

async function explain(reader: RecordReader, facts: Facts): Promise<ExplainedEnvironment> {
  const { state } = facts;
  const { application, environment } = state.desired;
  const running = await reader.list('promotion', {
    match: { application, environment, phase: 'running' },
    newestFirst: true,
    limit: 1,
  });
  const promotion = running[0]?.value;
  const unmet = unmetGates(facts);
  const why = explainGap(facts, unmet, promotion);
  const open = promotion === undefined ? {} : { promotion };
  const broken = await unreviewedIn(reader, state.desired);
  return { ...state, ...facts.entry, ...broken, ...open, unmet, ...why, actors: why.actors ?? [] };
}

async function unreviewedIn(
  reader: RecordReader,
  { application, environment, definition }: EnvironmentState['desired'],
): Promise<{ readonly unreviewed?: Promotion }> {
  if (definition.class !== 'protected') return {};
  const rollbacks = await reader.list('promotion', {
    match: { application, environment, kind: 'rollback' },
    newestFirst: true,
  });
  const found = rollbacks.find(
    ({ value }) => value.breakGlass !== undefined && value.breakGlass.reviewedBy === undefined,
  );
  return found === undefined ? {} : { unreviewed: found.value };
}

/** What a person's promotion into the environment would be refused for now. */
function unmetGates(facts: Facts): readonly UnmetGate[] {
  const { state, upstream, now } = facts;
  if (upstream === undefined)
    return [{ gate: 'EntryEnvironment', message: 'Builds write this environment; nothing is promoted into it.' }];
  const release = upstream.desired.authorised?.release;
  if (release === undefined)
    return [{ gate: 'NothingUpstream', message: `Nothing runs in environment ${upstream.desired.environment} yet.` }];
  if (isCurrent(state, release)) return [{ gate: 'AlreadyHere', message: 'The newest release is here already.' }];
  const decision = decidePromotion({
    environment: { ...state.desired.definition, approvals: 0 },
    release,
    upstream: upstreamFacts(upstream, now),
    unpinned: [],
    foreign: [],
    approvals: [],
    ...facts.entry,
  });
  return decision.kind === 'allowed' ? [] : decision.unmet;
}

function isCurrent(state: EnvironmentState, release: string): boolean {
  return state.desired.authorised?.release === release && state.desired.pending === undefined;
}

interface Why {
  readonly why?: string;
  readonly reason?: string;
  readonly actors?: readonly string[];
}

function explainGap(facts: Facts, unmet: readonly UnmetGate[], promotion: Promotion | undefined): Why {
  const { state, upstream } = facts;
  const { desired, deployment } = state;
  if (desired.fault !== undefined) return { reason: 'Fault', why: desired.fault, actors: ['developer'] };
  const isHere =
    upstream === undefined
      ? desired.pending === undefined
      : isCurrent(state, upstream.desired.authorised?.release ?? '');
  if (isHere) return explainDeployment(state);
  if (promotion !== undefined) return explainPromotion(facts, promotion);
  if (upstream === undefined)
    return {
      reason: 'Pending',
      why: desired.pending?.reason ?? 'Nothing was built for it yet.',
      actors: ['developer'],
    };
  const [first] = unmet;
  if (first !== undefined && first.gate !== 'AlreadyHere')
    return { reason: first.gate, why: first.message, actors: actorsOf(first.gate) };
  if (desired.definition.class === 'protected') {
    return {
      reason: 'WaitingForPromotion',
      why: `It is ready: somebody with the role promoter promotes it to environment ${desired.environment}.`,
      actors: ['promoter'],
    };
  }
  return deployment === undefined
    ? { reason: 'Promoting', why: 'It is about to be promoted.', actors: [] }
    : { reason: 'Pending', why: desired.pending?.reason ?? 'It is about to be promoted.', actors: [] };
}

function explainDeployment(state: EnvironmentState): Why {
  const { deployment, desired } = state;
  if (desired.authorised === undefined)
    return { reason: 'NothingAuthorised', why: 'Nothing may run here yet.', actors: [] };
  if (deployment === undefined)
    return { reason: 'WaitingForOperator', why: 'The operator has not reported it yet.', actors: ['operator'] };
  if (deployment.phase === 'succeeded') return {};
  const actors = deployment.phase === 'running' ? [] : ['developer'];
  return { reason: deployment.reason, why: deployment.message, actors };
}

function explainPromotion({ state, entry }: Facts, promotion: Promotion): Why {
  const { desired } = state;
  if (promotion.commit !== undefined) return { reason: 'Applying', why: promotion.message, actors: [] };
  if (promotion.pullRequest === undefined) return { reason: 'Promoting', why: promotion.message, actors: [] };
  const [closed] = promotion.kind === 'rollback' ? [] : entryGates({ environment: desired.definition, ...entry });
  if (closed !== undefined) return { reason: closed.gate, why: closed.message, actors: actorsOf(closed.gate) };
  const needed = Math.max(1, desired.definition.approvals);
  const why = `Pull request ${promotion.pullRequest} of ${desired.repository} waits for ${needed === 1 ? 'a second person' : `${needed} approvals`}: not ${promotion.requestedBy}, who promoted it, nor an author of the change.`;
  return { reason: 'WaitingForApproval', why, actors: ['approver'] };
}

function actorsOf(gate: string): readonly string[] {
  if (gate === 'NotVerifiedUpstream' || gate === 'NotHealthyUpstream') return ['developer'];
  if (gate === 'Held') return ['promoter'];
  return gate === 'WaitingForApproval' ? ['approver'] : [];
}
