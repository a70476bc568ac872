// @vitest-environment happy-dom
import type { EnvironmentView } from '@slipway/api';
import { screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { board, commit, diff, digest, environmentOf, pullRequest } from '../fake-server/answers.fixture.ts';
import { problem } from '../fake-server/fake-fetch.ts';
import { press, renderAt } from '../fake-server/render-at.tsx';

const route = 'GET /api/v1/applications/guestbook/board';

function showing(...environments: readonly EnvironmentView[]) {
  return { [route]: { ...board, environments }, 'GET /api/v1/pull-requests': [] };
}
async function column(name: string) {
  return within(await screen.findByRole('region', { name: `Environment ${name}` }));
}

it('shows the columns in the order of promotion, whatever the order of the answer', async () => {
  await renderAt('/environments/guestbook', showing(environmentOf('prod', { order: 2 }), environmentOf('qa')));

  await column('prod');
  expect(screen.getAllByRole('region', { name: /^Environment/ }).map((one) => one.getAttribute('aria-label'))).toEqual([
    'Environment qa',
    'Environment prod',
  ]);
});

it('says what runs: change with author, image with tag and digest, commit, healthy', async () => {
  await renderAt('/environments/guestbook', showing(environmentOf('qa')));

  const qa = await column('qa');
  expect(qa.getByRole('link', { name: 'Show how many guests signed today' }).getAttribute('href')).toBe(
    `/changes/${encodeURIComponent(`guestbook@${commit}`)}`,
  );
  expect(qa.getByText('Amina Diallo')).toBeTruthy();
  expect(qa.getByText(commit.slice(0, 8), { selector: 'code' })).toBeTruthy();
  expect(qa.getByRole('button', { name: 'Copy digest of web' })).toBeTruthy();
  expect(qa.getByText('Healthy')).toBeTruthy();
});

it('says why something is not healthy and why the newest release is not here', async () => {
  const { running } = environmentOf('stage');
  const failed = { ...running, phase: 'failed', reason: 'ProbeFailed', message: 'web answers 503' };
  const stage = { ...environmentOf('stage', { why: 'Waits for the soak in e2e.' }), running: failed };
  await renderAt('/environments/guestbook', showing(stage as EnvironmentView));

  const view = await column('stage');
  expect(view.getByText('ProbeFailed').parentElement?.textContent).toBe('ProbeFailed: web answers 503');
  expect(view.getByText('Waits for the soak in e2e.')).toBeTruthy();
});

it('does not offer what the server does not allow, and says every gate', async () => {
  const unmet = [
    { gate: 'soak', message: 'verified for 4 minutes of 30' },
    { gate: 'approval', message: 'nobody has approved' },
  ];
  const { asked } = await renderAt(
    '/environments/guestbook',
    showing(environmentOf('prod', { canPromote: { isAllowed: false, unmet } })),
  );

  const button = await screen.findByRole('button', { name: 'Promote to prod' });
  expect(button.hasAttribute('disabled')).toBe(true);
  button.click();
  expect(asked.some(({ method }) => method === 'POST')).toBe(false);
  expect(screen.getByRole('list', { name: 'Why nothing may be promoted to prod' }).textContent).toBe(
    'soak verified for 4 minutes of 30approval nobody has approved',
  );
});

it('promotes on a press and shows a refusal in the server’s words', async () => {
  const { asked } = await renderAt('/environments/guestbook', {
    ...showing(environmentOf('qa')),
    'POST /api/v1/applications/guestbook/environments/qa/promotions': () =>
      problem(409, { code: 'PROMOTION_OPEN', message: 'A promotion is open already.' }),
  });

  await press('Promote to qa');

  expect((await screen.findByRole('alert')).textContent).toContain('A promotion is open already.');
  expect(asked.filter(({ method }) => method === 'POST')).toHaveLength(1);
});

it('shows what is pending with its reason and, on a press, its rendered diff', async () => {
  const pending = {
    since: '2026-01-02T10:00:00.000Z',
    revision: commit,
    renderDigest: digest,
    reason: 'Needs approval.',
  };
  const { asked } = await renderAt('/environments/guestbook', {
    ...showing(environmentOf('prod', { pending })),
    'GET /api/v1/applications/guestbook/environments/prod/pending-diff': { diff },
  });
  expect((await column('prod')).getByText(/Needs approval\./)).toBeTruthy();
  expect(asked.some(({ path }) => path.endsWith('/pending-diff'))).toBe(false);

  await press('What it would change');

  expect((await screen.findByRole('region', { name: 'Rendered diff of prod' })).textContent).toContain('src/count.js');
});

it('links an open promotion to the pull request that carries it', async () => {
  const promotion = {
    id: 'guestbook/prod/x',
    kind: 'promotion',
    release: digest,
    phase: 'pending',
    message: 'Waits.',
    requestedBy: 'amina',
    pullRequest: 7,
  } as const;
  await renderAt('/environments/guestbook', {
    ...showing(environmentOf('prod', { promotion })),
    'GET /api/v1/pull-requests': [
      { ...pullRequest, repository: 'guestbook-config', number: 7, promotion: promotion.id },
    ],
  });

  const link = await screen.findByRole('link', { name: 'pull request #7' });
  expect(link.getAttribute('href')).toBe('/pull-requests/guestbook-config/7');
});

it('links services by http only', async () => {
  const services = [
    { name: 'web', url: 'http://127.0.0.1:4000' },
    { name: 'evil', url: 'javascript:alert(1)' },
  ];
  await renderAt('/environments/guestbook', showing(environmentOf('qa', { services })));

  await waitFor(() => expect(screen.getByRole('link', { name: /web/ }).getAttribute('href')).toContain('http://'));
  expect(screen.queryByRole('link', { name: /evil/ })).toBeNull();
});
