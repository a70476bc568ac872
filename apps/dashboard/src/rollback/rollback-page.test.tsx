// @vitest-environment happy-dom
import { fireEvent, screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { preview, release } from '../fake-server/release.fixture.ts';
import { press, renderAt } from '../fake-server/render-at.tsx';

const path = '/environments/guestbook/prod/rollback';
const base = '/api/v1/applications/guestbook/environments/prod';
const answers = { [`GET ${base}/releases`]: [release], [`GET ${base}/rollback-preview`]: preview };
const asked = {
  ...{ id: 'guestbook/prod/back', kind: 'rollback', application: 'guestbook', environment: 'prod' },
  ...{
    release: release.release,
    phase: 'running',
    message: 'Pull request 9 waits.',
    requestedBy: 'amina',
    approvals: [],
  },
};

it('shows what ran there and what would be taken back before anybody presses the button', async () => {
  await renderAt(path, {
    ...answers,
    [`GET ${base}/releases`]: [{ ...release, missingImages: ['web@sha256:1'], wasRolledBack: true }],
  });

  const ran = within(await screen.findByRole('list', { name: 'What ran in prod' }));
  expect(ran.getByText(/was rolled back from, image gone: web@sha256:1/)).toBeTruthy();
  const reverts = within(await screen.findByRole('list', { name: 'Commits that are taken back' }));
  expect(reverts.getByText('Promote the bad one')).toBeTruthy();
  expect(screen.getByRole('region', { name: 'Changes of manifests' })).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Ask to roll prod back' }).hasAttribute('disabled')).toBe(true);
});

it('asks for exactly what was shown, with a reason, and leads to the board', async () => {
  const { asked: calls } = await renderAt(path, { ...answers, [`POST ${base}/rollbacks`]: asked });
  fireEvent.change(await screen.findByLabelText('Why'), { target: { value: 'orders are lost' } });

  await press('Ask to roll prod back');

  expect((await screen.findByRole('link', { name: 'Follow it on the board' })).getAttribute('href')).toBe(
    '/environments/guestbook',
  );
  expect(calls.find(({ method }) => method === 'POST')?.body).toEqual({
    part: 'both',
    reason: 'orders are lost',
    emergency: false,
    to: release.deployment,
  });
});

it('says why it would be refused, and offers no button then', async () => {
  const unmet = [{ gate: 'RollbackOpen', message: 'jon has begun a rollback.' }];
  await renderAt(path, { ...answers, [`GET ${base}/rollback-preview`]: { ...preview, isAllowed: false, unmet } });

  expect(await screen.findByText('jon has begun a rollback.')).toBeTruthy();
  expect(screen.queryByRole('button', { name: /roll prod back/i })).toBeNull();
});

it('warns of what never ran in this combination', async () => {
  await renderAt(path, { ...answers, [`GET ${base}/rollback-preview`]: { ...preview, isProven: false } });

  expect(await screen.findByText(/never ran in prod in this combination/)).toBeTruthy();
});
