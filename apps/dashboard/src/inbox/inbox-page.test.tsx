// @vitest-environment happy-dom
import { screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { inbox } from '../fake-server/answers.fixture.ts';
import { renderAt } from '../fake-server/render-at.tsx';

it('leads to what waits and counts it in the menu', async () => {
  await renderAt('/inbox', { 'GET /api/v1/inbox': inbox });

  expect((await screen.findByRole('link', { name: 'Approve the promotion' })).getAttribute('href')).toBe(
    '/pull-requests/guestbook-config/7',
  );
  expect(screen.getByText('Waiting for you')).toBeTruthy();
  expect(screen.getByLabelText('1 in the inbox')).toBeTruthy();
});

it('makes no link of an address that is none', async () => {
  const [item] = inbox.items;
  await renderAt('/inbox', { 'GET /api/v1/inbox': { items: [{ ...item, link: 'javascript:alert(1)' }] } });

  expect(await screen.findByText('Approve the promotion')).toBeTruthy();
  expect(screen.queryByRole('link', { name: 'Approve the promotion' })).toBeNull();
});
