// @vitest-environment happy-dom
import { fireEvent, screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { freeze } from '../fake-server/release.fixture.ts';
import { press, renderAt } from '../fake-server/render-at.tsx';

const route = 'GET /api/v1/freezes';

it('ends a freeze on a press', async () => {
  const { asked, answer } = await renderAt('/freezes', {
    [route]: [freeze],
    'POST /api/v1/freezes/freeze-1/end': { ...freeze },
  });
  expect(await screen.findByText('prod of every application')).toBeTruthy();
  answer(route, [{ ...freeze, endedBy: 'li', endedAt: freeze.placedAt }]);

  await press('End it now');

  expect(asked.some(({ method, path }) => method === 'POST' && path.endsWith('/freeze-1/end'))).toBe(true);
  expect(await screen.findByText('Ended')).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'End it now' })).toBeNull();
});

it('does not offer to end what the server does not allow, and says why', async () => {
  const reason = 'You do not hold the role promoter.';
  await renderAt('/freezes', { [route]: [{ ...freeze, canEnd: { isAllowed: false, reason } }] });

  expect((await screen.findByRole('button', { name: 'End it now' })).hasAttribute('disabled')).toBe(true);
  expect(screen.getByText(reason)).toBeTruthy();
});

it('freezes for a time, with a reason', async () => {
  const { asked } = await renderAt('/freezes', {
    [route]: [],
    'GET /api/v1/applications': [{ application: 'guestbook', repository: 'guestbook-config' }],
    'POST /api/v1/freezes': { ...freeze },
  });
  await press('Freeze environments');
  await screen.findByRole('option', { name: 'guestbook' });
  fireEvent.change(screen.getByLabelText('Application'), { target: { value: 'guestbook' } });
  fireEvent.change(screen.getByLabelText('Until'), { target: { value: '2099-01-03T10:00' } });
  fireEvent.change(screen.getByLabelText('Why'), { target: { value: ' Stocktaking. ' } });

  await press('Freeze');

  expect(asked.find(({ method }) => method === 'POST')?.body).toEqual({
    application: 'guestbook',
    to: new Date('2099-01-03T10:00').toISOString(),
    reason: 'Stocktaking.',
  });
});
