import type { BoardView, EnvironmentView, PullRequestView, RunView, StageView, TrailView } from '@slipway/api';
import type { InboxView } from '../server/answers.ts';

export const commit = '4f9ac31b'.repeat(5);
export const digest = `sha256:${'9b1f'.repeat(16)}`;

export function stageOf(name: string, fields: Partial<StageView> = {}): StageView {
  return {
    name,
    kind: 'run',
    requirement: 'required',
    needs: [],
    phase: 'finished',
    conclusion: 'success',
    attempt: 1,
    startedAt: '2026-01-02T10:00:00.000Z',
    finishedAt: '2026-01-02T10:00:08.000Z',
    durationMs: 8_000,
    facts: {},
    ...fields,
  };
}

export const run: RunView = {
  id: 'guestbook.main.main.4f9ac31b4f9a',
  repository: 'guestbook',
  pipeline: 'main',
  commit,
  change: `guestbook@${commit}`,
  subject: 'Show how many guests signed today',
  author: { name: 'Amina Diallo', email: 'amina@example.org' },
  trigger: { kind: 'push', branch: 'main' },
  trust: 'trusted',
  phase: 'finished',
  conclusion: 'failure',
  createdAt: '2026-01-02T10:00:00.000Z',
  durationMs: 120_000,
  stages: [
    stageOf('build', { hitOf: 'guestbook.main.pr12.aaaaaaaaaaaa/build' }),
    stageOf('test', {
      needs: ['build'],
      isolation: 'bubblewrap',
      conclusion: 'failure',
      reason: 'TestsFailed',
      message: '3 tests: 2 passed, 1 failed',
      facts: {
        tests: { passed: 2, failed: 1, errored: 0, skipped: 0, flaky: 0 },
        failing: [{ suite: 'entries', name: 'puts the newest first', message: 'expected 3 to be 4' }],
      },
    }),
  ],
};

export function environmentOf(environment: string, fields: Partial<EnvironmentView> = {}): EnvironmentView {
  return {
    application: 'guestbook',
    environment,
    class: 'open',
    order: 0,
    namespace: `guestbook-${environment}`,
    target: 'local',
    running: {
      revision: commit,
      release: digest,
      renderDigest: digest,
      phase: 'succeeded',
      reason: 'Healthy',
      message: '',
      healthySince: '2026-01-02T10:00:00.000Z',
      images: [{ name: 'registry:5000/guestbook/web', tag: commit, digest }],
      changes: [{ id: `guestbook@${commit}`, subject: 'Show how many guests signed today', author: 'Amina Diallo' }],
    },
    verifications: [],
    holds: [],
    canPromote: { isAllowed: true, unmet: [] },
    canHold: { isAllowed: true },
    services: [],
    updatedAt: '2026-01-02T10:00:00.000Z',
    ...fields,
  };
}

export const board: BoardView = {
  application: 'guestbook',
  repository: 'guestbook-config',
  environments: [environmentOf('qa')],
};

export const diff = `diff --git a/src/count.js b/src/count.js
index 1111111..2222222 100644
--- a/src/count.js
+++ b/src/count.js
@@ -1,2 +1,3 @@
 export function count() {
-  return 1;
+  const all = entries();
+  return all.length;
`;

export const pullRequest: PullRequestView = {
  repository: 'guestbook',
  number: 14,
  title: 'Greet guests in their own language',
  author: 'jon',
  source: 'greet',
  target: 'main',
  state: 'open',
  createdAt: '2026-01-02T10:00:00.000Z',
  updatedAt: '2026-01-02T10:00:00.000Z',
  body: 'Guests see a greeting.',
  head: commit,
  base: commit,
  conflicts: [],
  diff,
  checks: [],
  reviews: [],
  comments: [],
  canMerge: { isAllowed: true, unmet: [] },
  canApprove: { isAllowed: true },
};

export const trail: TrailView = {
  change: `guestbook@${commit}`,
  repository: 'guestbook',
  commit,
  subject: 'Show how many guests signed today',
  author: 'Amina Diallo',
  links: [
    {
      statement: `change/guestbook@${commit}`,
      kind: 'change',
      title: 'Commit on main',
      at: '2026-01-02T10:00:00.000Z',
      digest,
      index: 41,
      predicate: { repository: 'guestbook', signature: 'not checked' },
    },
    {
      statement: 'deployment/guestbook/qa',
      kind: 'deployment',
      title: 'Healthy in environment qa',
      at: '2026-01-02T10:05:00.000Z',
      digest,
      predicate: {},
    },
  ],
};

export const inbox: InboxView = {
  items: [
    {
      id: '1',
      kind: 'waiting',
      subject: 'Approve the promotion',
      body: 'Pull request #7 waits for a second person.',
      link: '/pull-requests/guestbook-config/7',
      createdAt: '2026-01-02T10:00:00.000Z',
    },
  ],
};
