import type { IconName } from '../mark/icon.tsx';

/** A link's kind for people. */
export interface LinkWords {
  readonly text: string;
  readonly icon: IconName;
}

const words: Readonly<Record<string, LinkWords>> = {
  change: { text: 'Change', icon: 'branches' },
  review: { text: 'Review', icon: 'check' },
  stage: { text: 'Stage', icon: 'play' },
  pipelineRun: { text: 'Pipeline run', icon: 'play' },
  provenance: { text: 'Provenance', icon: 'layers' },
  manifestCommit: { text: 'Manifest commit', icon: 'branches' },
  authorisation: { text: 'Authorisation', icon: 'lock' },
  deployment: { text: 'Deployment', icon: 'layers' },
  verification: { text: 'Verification', icon: 'check' },
  promotion: { text: 'Promotion', icon: 'out' },
  releaseTicket: { text: 'Release ticket', icon: 'ticket' },
  hold: { text: 'Hold', icon: 'pause' },
  revocation: { text: 'Authorisation revoked', icon: 'stop' },
  canaryControl: { text: 'Word on a canary', icon: 'play' },
  refusal: { text: 'Refusal', icon: 'cross' },
  gate: { text: 'Gate', icon: 'lock' },
};

type Predicate = Readonly<Record<string, unknown>>;

const byWhat: Readonly<Record<string, LinkWords>> = {
  'hold placed': { text: 'Hold placed', icon: 'pause' },
  'hold lifted': { text: 'Hold lifted', icon: 'play' },
  'hold frozen': { text: 'Frozen', icon: 'lock' },
  'hold freeze ended': { text: 'Freeze ended', icon: 'play' },
  'releaseTicket opened': { text: 'Release ticket opened', icon: 'ticket' },
  'releaseTicket closed': { text: 'Release ticket closed', icon: 'ticket' },
  'promotion reviewed afterwards': { text: 'Reviewed afterwards', icon: 'check' },
};

/** What a link is, by its kind and by what its statement says; a kind that is not known here keeps its own word. */
export function linkWords(kind: string, predicate: Predicate = {}): LinkWords {
  const { what } = predicate;
  const key = `${kind} ${typeof what === 'string' ? what : ''}`;
  const told = Object.hasOwn(byWhat, key) ? byWhat[key] : undefined;
  if (told !== undefined) return told;
  if (kind === 'promotion' && predicate['rollback'] !== undefined) return rollbackWords(predicate);
  return (Object.hasOwn(words, kind) ? words[kind] : undefined) ?? { text: kind, icon: 'trail' };
}

function rollbackWords({ breakGlass }: Predicate): LinkWords {
  return breakGlass === undefined
    ? { text: 'Rollback', icon: 'back' }
    : { text: 'Rollback past its approvals', icon: 'warn' };
}

/** Kinds that say why and by whom. */
const isReasoned: Readonly<Record<string, boolean>> = { hold: true, releaseTicket: true, promotion: true };

/** Why something was stated, by whom: `amina: it loses orders`. Empty where the statement gives no reason. */
export function tellReason(kind: string, predicate: Predicate): string {
  const text = kind === 'revocation' ? predicate['message'] : predicate['reason'];
  if (typeof text !== 'string' || text === '' || (isReasoned[kind] !== true && kind !== 'revocation')) return '';
  const by = [predicate['account'], predicate['requestedBy'], predicate['openedBy']].find(
    (name) => typeof name === 'string' && name !== '',
  );
  return typeof by === 'string' ? `${by}: ${text}` : text;
}

const telling = [
  ...['stage', 'pipeline', 'branch', 'application', 'environment', 'name', 'verdict', 'conclusion', 'phase'],
  'outcome',
];

/** The few facts of a statement that tell it from others of its kind: `test · success`. Empty where none is known. */
export function tellLink({ predicate }: { readonly predicate: Predicate }): string {
  return telling
    .map((field) => predicate[field])
    .filter((value) => typeof value === 'string' && value !== '' && value.length <= 80)
    .join(' · ');
}
