// @vitest-environment happy-dom
import { screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { commit, digest, trail } from '../fake-server/answers.fixture.ts';
import { press, renderAt } from '../fake-server/render-at.tsx';

const change = encodeURIComponent(`guestbook@${commit}`);

it('shows the links in the order of the chain with statement, digest and log index', async () => {
  await renderAt(`/changes/${change}`, { [`GET /api/v1/changes/${change}/trail`]: trail });

  const chain = await screen.findByRole('list', { name: 'Links of the chain' });
  const headings = within(chain)
    .getAllByRole('heading')
    .map(({ textContent }) => textContent);
  expect(headings).toEqual(['Commit on main', 'Healthy in environment qa']);
  const [first, second] = within(chain).getAllByRole('listitem');
  expect(first?.textContent).toContain(`change/guestbook@${commit}`);
  expect(first?.textContent).toContain('Log index41');
  expect(within(first ?? chain).getByTitle(digest)).toBeTruthy();
  expect(second?.textContent).toContain('not in the log yet');
});

it('shows what a statement says as a table, always as text', async () => {
  const [link] = trail.links;
  const predicate = { author: { name: '<b>Amina</b>' }, outputs: [], isChange: true, none: null };
  await renderAt(`/changes/${change}`, {
    [`GET /api/v1/changes/${change}/trail`]: { ...trail, links: [{ ...link, predicate }] },
  });

  await press('What it states');

  expect(screen.getByRole('row', { name: 'name <b>Amina</b>' })).toBeTruthy();
  expect(screen.getByRole('row', { name: 'isChange yes' })).toBeTruthy();
  expect(screen.getByRole('row', { name: 'outputs none' })).toBeTruthy();
});
