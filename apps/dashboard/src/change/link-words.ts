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

/** A kind that is not known here keeps its own word. */
export function linkWords(kind: string): LinkWords {
  return (Object.hasOwn(words, kind) ? words[kind] : undefined) ?? { text: kind, icon: 'trail' };
}

const telling = ['stage', 'pipeline', 'branch', 'application', 'environment', 'name', 'verdict', 'conclusion', 'phase'];

/** The few facts of a statement that tell it from others of its kind: `test · success`. Empty where none is known. */
export function tellLink({ predicate }: { readonly predicate: Readonly<Record<string, unknown>> }): string {
  return telling
    .map((field) => predicate[field])
    .filter((value) => typeof value === 'string' && value !== '' && value.length <= 80)
    .join(' · ');
}
