// @vitest-environment happy-dom
import type { EnvironmentView } from '@slipway/api';
import { act, fireEvent, screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { board, environmentOf } from '../fake-server/answers.fixture.ts';
import { problem } from '../fake-server/fake-fetch.ts';
import { canary } from '../fake-server/release.fixture.ts';
import { press, renderAt } from '../fake-server/render-at.tsx';

const hold: EnvironmentView['holds'][number] = {
  id: 'hold/1',
  application: 'guestbook',
  environment: 'prod',
  cause: 'abort',
  reason: 'The canary failed its error rate.',
  placedBy: 'slipway',
  placedAt: '2026-01-02T10:00:00.000Z',
};

function showing(fields: Partial<EnvironmentView>) {
  const environments = [environmentOf('prod', fields)];
  return { 'GET /api/v1/applications/guestbook/board': { ...board, environments }, 'GET /api/v1/pull-requests': [] };
}

it('says who holds an environment, why and since when, and lifts it on a press', async () => {
  const { asked } = await renderAt('/environments/guestbook', {
    ...showing({ holds: [hold] }),
    'POST /api/v1/holds/hold%2F1/lift': { ...hold, liftedBy: 'amina' },
  });

  const holds = within(await screen.findByRole('list', { name: 'Holds of prod' }));
  expect(holds.getByText(/Held since a canary was aborted by slipway/)).toBeTruthy();
  expect(holds.getByText(/The canary failed its error rate\./)).toBeTruthy();
  expect(holds.getByRole('time')).toBeTruthy();
  await press('Lift the hold');

  expect(asked.filter(({ method }) => method === 'POST').map(({ path }) => path)).toEqual([
    '/api/v1/holds/hold%2F1/lift',
  ]);
});

it('offers no lifting and no holding to who may not, and says why', async () => {
  const canHold = { isAllowed: false, reason: 'It needs the role promoter.' };
  await renderAt('/environments/guestbook', showing({ holds: [hold], canHold }));

  expect(await screen.findByText('You cannot lift it: It needs the role promoter.')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Lift the hold' })).toBeNull();
  expect(screen.getByRole('button', { name: 'Hold prod …' }).hasAttribute('disabled')).toBe(true);
});

it('holds with a reason only, and shows a refusal', async () => {
  const { asked } = await renderAt('/environments/guestbook', {
    ...showing({}),
    'POST /api/v1/applications/guestbook/environments/prod/holds': () =>
      problem(409, { code: 'HELD', message: 'It is held already.' }),
  });
  await press('Hold prod …');
  expect(screen.getByRole('button', { name: 'Hold prod' }).hasAttribute('disabled')).toBe(true);

  fireEvent.change(screen.getByLabelText('Why nothing may come into prod'), { target: { value: ' An audit. ' } });
  const form = screen.getByRole('form', { name: 'Hold prod' });
  await act(async () => void fireEvent.submit(form));

  expect((await screen.findByRole('alert')).textContent).toContain('It is held already.');
  expect(asked.find(({ method }) => method === 'POST')?.body).toEqual({ reason: 'An audit.' });
});

it('says why it is closed and until when', async () => {
  const closed = { reason: 'Frozen: the end of the year.', until: '2026-01-05T08:00:00.000Z' };
  await renderAt('/environments/guestbook', showing({ closed }));

  expect(await screen.findByText(/Frozen: the end of the year\./)).toBeTruthy();
  expect(document.querySelector(`time[datetime="${closed.until}"]`)?.textContent).toContain('Jan 2026');
});

it.each([
  { isOverdue: false, role: 'note', says: /Went in past its approvals\./ },
  { isOverdue: true, role: 'alert', says: /OVERDUE/ },
])('is loud about an unreviewed break-glass, overdue $isOverdue', async ({ isOverdue, role, says }) => {
  const breakGlass = { promotion: 'guestbook/prod/x', by: 'jon', reviewUntil: '2026-01-03T10:00:00.000Z', isOverdue };
  await renderAt('/environments/guestbook', showing({ breakGlass }));

  const notes = await screen.findAllByRole(role);
  expect(notes.some(({ textContent }) => says.test(textContent) && textContent.includes('jon broke the glass'))).toBe(
    true,
  );
});

it('says that a rollback is under way', async () => {
  const promotion = {
    id: 'x',
    kind: 'rollback',
    release: '',
    phase: 'running',
    message: 'Goes back.',
    requestedBy: 'jon',
  } as const;
  await renderAt('/environments/guestbook', showing({ promotion }));

  expect(await screen.findByText('Rollback under way')).toBeTruthy();
});

it('shows a canary with weight, step, measurements and message', async () => {
  const { running } = environmentOf('prod');
  if (running === undefined) throw new Error('the fixture runs something');
  await renderAt(
    '/environments/guestbook',
    showing({ running: { ...running, phase: 'running', canary: { ...canary, metrics: [...canary.metrics] } } }),
  );

  const shown = within(await screen.findByRole('region', { name: 'Canary' }));
  expect(shown.getByRole('progressbar', { name: '25% of requests' }).getAttribute('value')).toBe('25');
  expect(shown.getByText('step 2 of 4')).toBeTruthy();
  expect(shown.getByText('Waits for its measurements.')).toBeTruthy();
  const metrics = shown.getByRole('list', { name: 'Measurements of the canary' }).textContent;
  expect(metrics).toContain('error-rate0.25limit <= 0.01');
});
