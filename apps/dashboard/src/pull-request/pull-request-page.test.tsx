// @vitest-environment happy-dom
import { act, fireEvent, screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { commit, diff, pullRequest } from '../fake-server/answers.fixture.ts';
import { problem } from '../fake-server/fake-fetch.ts';
import { press, renderAt } from '../fake-server/render-at.tsx';

const at = '/pull-requests/guestbook/14';
const api = '/api/v1/repositories/guestbook/pull-requests/14';
const route = `GET ${api}`;

it('shows title, body and comments as text, never as HTML', async () => {
  const hostile = '<img src=x onerror="globalThis.pwned=1"><script>globalThis.pwned=1</script>';
  await renderAt(at, {
    [route]: {
      ...pullRequest,
      title: `Title ${hostile}`,
      body: `Body ${hostile}`,
      diff: diff.replace('const all', hostile),
      comments: [
        {
          account: 'li',
          path: 'src/count.js',
          line: 2,
          body: `Comment ${hostile}`,
          createdAt: '2026-01-02T10:00:00.000Z',
        },
      ],
    },
  });

  expect(await screen.findByText(`Body ${hostile}`)).toBeTruthy();
  expect(screen.getByRole('heading', { level: 1 }).textContent).toBe(`Title ${hostile}`);
  expect(screen.getByText(`Comment ${hostile}`)).toBeTruthy();
  expect(document.querySelector('main script, main img[src="x"]')).toBeNull();
});

it('shows the diff by file with counts', async () => {
  await renderAt(at, { [route]: pullRequest });

  const changes = within(await screen.findByRole('region', { name: 'Changes' }));
  expect(changes.getByRole('button', { name: /src\/count\.js/ })).toBeTruthy();
  expect(changes.getAllByLabelText('2 lines added').length).toBeGreaterThan(0);
  expect(changes.getByText('return all.length;')).toBeTruthy();
});

it('shows what each environment would become, and the ones that stay the same', async () => {
  const renderedDiff = [
    { environment: 'qa', diff: '' },
    { environment: 'stage', diff: '', fault: 'line 4: mapping values are not allowed' },
    {
      environment: 'prod',
      diff: '--- a/Deployment/web.yaml\n+++ b/Deployment/web.yaml\n@@ -1 +1 @@\n-image: one\n+image: two\n',
    },
  ];
  await renderAt(at, { [route]: { ...pullRequest, renderedDiff } });

  const prod = await screen.findByRole('region', { name: 'Rendered diff of prod' });
  expect(prod.textContent).toContain('Deployment/web.yaml');
  expect(prod.textContent).toContain('image: two');
  expect(screen.getByRole('region', { name: 'Rendered diff of stage' }).textContent).toContain('line 4: mapping');
  expect(screen.getByText('Stays the same: qa.')).toBeTruthy();
});

it('says whether each review counts and why not, and links checks to their runs', async () => {
  await renderAt(at, {
    [route]: {
      ...pullRequest,
      reviews: [
        {
          account: 'li',
          verdict: 'approved',
          body: '',
          head: commit,
          createdAt: '2026-01-02T10:00:00.000Z',
          counts: false,
          reason: 'it is of an older head',
        },
      ],
      checks: [{ pipeline: 'main', run: 'r.1', isRequired: true, phase: 'finished', conclusion: 'failure' }],
    },
  });

  expect(await screen.findByText('Does not count: it is of an older head')).toBeTruthy();
  const check = screen.getByRole('link', { name: 'main' });
  expect(check.getAttribute('href')).toBe('/runs/r.1');
  expect(check.parentElement?.textContent).toContain('Failure, required');
});

it('sends a review of the head that is on the screen', async () => {
  const { asked } = await renderAt(at, {
    [route]: pullRequest,
    [`POST ${api}/reviews`]: {
      ...pullRequest,
      reviews: [
        {
          account: 'amina',
          verdict: 'approved',
          body: 'Good.',
          head: commit,
          createdAt: '2026-01-02T10:00:00.000Z',
          counts: true,
        },
      ],
    },
  });

  fireEvent.change(await screen.findByRole('textbox', { name: 'Your review' }), { target: { value: 'Good.' } });
  await press('Approve');

  expect(await screen.findByText('Counts')).toBeTruthy();
  expect(asked.find(({ method }) => method === 'POST')?.body).toEqual({
    verdict: 'approved',
    head: commit,
    body: 'Good.',
  });
});

it('shows the refusal of a review of a head that has moved', async () => {
  await renderAt(at, {
    [route]: pullRequest,
    [`POST ${api}/reviews`]: () => problem(403, { code: 'REVIEW_OF_OTHER_HEAD', message: 'The head has moved since.' }),
  });

  await press('Approve');

  expect((await screen.findByRole('alert')).textContent).toBe('The head has moved since.');
});

it('offers neither approving nor merging where the server does not allow it, and says why', async () => {
  await renderAt(at, {
    [route]: {
      ...pullRequest,
      canApprove: { isAllowed: false, reason: 'you wrote it' },
      canMerge: { isAllowed: false, unmet: [{ gate: 'checks', message: 'main is running' }] },
    },
  });

  expect((await screen.findByRole('button', { name: 'Approve' })).hasAttribute('disabled')).toBe(true);
  expect(screen.getByText('You cannot approve it: you wrote it')).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Merge into main' }).hasAttribute('disabled')).toBe(true);
  expect(screen.getByRole('list', { name: 'Why it cannot be merged' }).textContent).toBe('checks main is running');
});

it('merges and then shows the merge commit', async () => {
  await renderAt(at, {
    [route]: pullRequest,
    [`POST ${api}/merge`]: { ...pullRequest, state: 'merged', mergedBy: 'amina', mergedCommit: commit },
  });

  await press('Merge into main');

  expect(await screen.findByRole('button', { name: 'Copy merge commit' })).toBeTruthy();
  expect(screen.queryByRole('button', { name: 'Merge into main' })).toBeNull();
});

it('comments on a line of the new file after a press on its number', async () => {
  const { asked } = await renderAt(at, { [route]: pullRequest, [`POST ${api}/comments`]: pullRequest });
  await screen.findByText('return all.length;');

  const numbers = document.querySelectorAll('td.diff-gutter-insert');
  await act(async () => fireEvent.click([...numbers].findLast((cell) => cell.textContent === '3') ?? document.body));
  fireEvent.change(await screen.findByLabelText('Comment on line 3'), { target: { value: 'Why?' } });
  const form = screen.getByLabelText('Comment on line 3').closest('form');
  await act(async () => fireEvent.submit(form ?? document.body));

  expect(asked.find(({ method }) => method === 'POST')).toEqual({
    method: 'POST',
    path: `${api}/comments`,
    body: { path: 'src/count.js', line: 3, body: 'Why?' },
  });
});
