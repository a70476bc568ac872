// @vitest-environment happy-dom
import { screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { review } from '../fake-server/release.fixture.ts';
import { renderAt } from '../fake-server/render-at.tsx';

it('tells what waits, whose word it was, and where it is decided', async () => {
  const approval = {
    ...review,
    ...{ waitsFor: 'approval', isOverdue: false, title: 'Promote guestbook to prod', kind: 'promotion' },
    pullRequest: { repository: 'guestbook-config', number: 7 },
    canApprove: { isAllowed: false, reason: 'You asked for it.' },
  };
  await renderAt('/approvals', { 'GET /api/v1/approvals': { items: [review, approval] } });

  expect(await screen.findByRole('button', { name: 'I have reviewed it' })).toBeTruthy();
  expect(screen.getByText('Overdue.')).toBeTruthy();
  expect(screen.getByRole('link', { name: 'Pull request guestbook-config#7' })).toBeTruthy();
  expect(screen.getByText(/You cannot approve it: You asked for it\./)).toBeTruthy();
});
