/** Ids of statements by what they are about: recording the same fact twice is one statement. */
export const statementIds = {
  change: (change: string): string => `change/${change}`,
  review: (review: string): string => `review/${review}`,
  stage: (stage: { readonly id: string; readonly attempt: number }): string => `stage/${stage.id}/${stage.attempt}`,
  runStarted: (run: string): string => `pipeline-run/${run}/started`,
  run: (run: string, attempt: number): string => `pipeline-run/${run}/${attempt}`,
  provenance: (run: string, digest: string): string => `provenance/${run}/${digest}`,
  manifestCommit: (update: string): string => `manifest-commit/${update}`,
  authorisation: (environment: string, renderDigest: string, revision: string): string =>
    `authorisation/${environment}/${renderDigest}/${revision}`,
  deployment: (deployment: string): string => `deployment/${deployment}`,
  verification: (verification: string, attempt: number): string => `verification/${verification}/${attempt}`,
  promotion: (promotion: string): string => `promotion/${promotion}`,
  breakGlassReview: (promotion: string): string => `promotion/${promotion}/reviewed`,
  ticket: (ticket: string, state: 'opened' | 'closed'): string => `release-ticket/${ticket}/${state}`,
  hold: (hold: string, state: 'placed' | 'lifted'): string => `hold/${hold}/${state}`,
  freeze: (freeze: string, state: 'placed' | 'ended'): string => `freeze/${freeze}/${state}`,
  canaryControl: (deployment: string, at: string): string => `canary-control/${deployment}/${at}`,
  revocation: (authorisation: string): string => `revocation/${authorisation}`,
  refusal: (what: string): string => `refusal/${what}`,
} as const;
