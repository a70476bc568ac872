// @vitest-environment happy-dom
import { screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { commit } from '../fake-server/answers.fixture.ts';
import { happen, press, renderAt } from '../fake-server/render-at.tsx';
import { canary, review, ticket } from '../fake-server/release.fixture.ts';

const path = `/tickets/${encodeURIComponent(ticket.id)}`;
const route = `GET /api/v1/release-tickets/${encodeURIComponent(ticket.id)}`;
const breakGlass = { by: 'jon', at: '2026-01-02T10:00:00.000Z', reviewUntil: '2026-01-03T10:00:00.000Z' };

it('lists tickets with their outcome, each leading to its page', async () => {
  const { number, title, outcome = 'aborted' } = ticket;
  await renderAt('/tickets', { 'GET /api/v1/release-tickets': [{ ...ticket, number, title, outcome }] });

  const list = within(await screen.findByRole('list', { name: 'Release tickets' }));
  expect(list.getByText('Aborted')).toBeTruthy();
  expect(list.getByRole('link', { name: ticket.title }).getAttribute('href')).toBe(path);
});

it('says who, what changed, who approved, where, what was checked and how to go back', async () => {
  await renderAt(path, {
    [route]: ticket,
    'GET /api/v1/changes': [
      { id: `guestbook@${commit}`, repository: 'guestbook', commit, subject: '', author: '', createdAt: '' },
    ],
  });

  expect(await screen.findByText('The guests asked for it.')).toBeTruthy();
  const commits = within(screen.getByRole('list', { name: 'Commits' }));
  expect((await commits.findByRole('link', { name: 'Show how many guests signed today' })).getAttribute('href')).toBe(
    `/changes/${encodeURIComponent(`guestbook@${commit}`)}`,
  );
  expect(screen.getByText('Approved by li.')).toBeTruthy();
  expect(screen.getByRole('link', { name: 'Pull request #7' }).getAttribute('href')).toBe(
    '/pull-requests/guestbook-config/7',
  );
  expect(screen.getByRole('list', { name: 'Checks' }).textContent).toContain('smoke Succeeded4 of 4 answered');
  expect(screen.getByText(ticket.rollbackTo?.command ?? '')).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Copy rollback command' })).toBeTruthy();
  expect(screen.getByRole('region', { name: 'Changes of manifests' }).textContent).toContain('src/count.js');
});

it('follows the canary by the event stream', async () => {
  const { answer, streams } = await renderAt(path, { [route]: ticket });
  expect(await screen.findByRole('progressbar', { name: '25% of requests' })).toBeTruthy();
  await happen(() => streams[0]?.open());
  const deployment = { id: 'd2', phase: 'running', message: '', startedAt: '', canary: { ...canary, weight: 50 } };
  answer(route, { ...ticket, deployment });

  await happen(() => streams[0]?.change({ noun: 'deployment', id: 'd2', at: '2026-01-02T10:00:00.000Z' }));

  expect(await screen.findByRole('progressbar', { name: '50% of requests' })).toBeTruthy();
});

it('lets a second person review what went in past its approvals', async () => {
  const { asked, answer } = await renderAt(path, {
    [route]: { ...ticket, breakGlass },
    'GET /api/v1/approvals': { items: [review] },
    [`POST /api/v1/promotions/${encodeURIComponent(ticket.id)}/approve`]: {},
  });
  await screen.findByRole('button', { name: 'I have reviewed it' });
  answer(route, { ...ticket, breakGlass: { ...breakGlass, reviewedBy: 'li' } });

  await press('I have reviewed it');

  await waitFor(() => expect(screen.getByText(/li reviewed it/)).toBeTruthy());
  expect(asked.find(({ method }) => method === 'POST')?.body).toEqual({ verdict: 'approved' });
});

it('says why this account may not review it', async () => {
  const canApprove = { isAllowed: false, reason: 'You broke the glass.' };
  await renderAt(path, {
    [route]: { ...ticket, breakGlass },
    'GET /api/v1/approvals': { items: [{ ...review, canApprove }] },
  });

  expect(await screen.findByText('You cannot review it: You broke the glass.')).toBeTruthy();
  expect(screen.getByRole('button', { name: 'I have reviewed it' }).hasAttribute('disabled')).toBe(true);
});
