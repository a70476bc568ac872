// @vitest-environment happy-dom
import { fireEvent, screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { pullRequest } from '../fake-server/answers.fixture.ts';
import { problem } from '../fake-server/fake-fetch.ts';
import { press, renderAt } from '../fake-server/render-at.tsx';

const repositories = [{ name: 'guestbook', role: 'code', defaultBranch: 'main', cloneUrl: '' }];
const route = 'POST /api/v1/repositories/guestbook/pull-requests';

async function fillIn(): Promise<void> {
  await press('Open a pull request');
  await screen.findByRole('option', { name: 'guestbook' });
  fireEvent.change(screen.getByLabelText('Branch'), { target: { value: ' greet ' } });
  fireEvent.change(screen.getByLabelText('Title'), { target: { value: 'Greet guests' } });
  await press('Open');
}

it('opens a pull request of a branch and goes to it', async () => {
  const { asked, path } = await renderAt('/pull-requests', {
    'GET /api/v1/pull-requests': [],
    'GET /api/v1/repositories': repositories,
    'GET /api/v1/repositories/guestbook/pull-requests/14': pullRequest,
    [route]: pullRequest,
  });

  await fillIn();

  expect(await screen.findByRole('heading', { name: pullRequest.title })).toBeTruthy();
  expect(path()).toBe('/pull-requests/guestbook/14');
  expect(asked.find(({ method }) => method === 'POST')?.body).toEqual({ title: 'Greet guests', source: 'greet' });
});

it('says why it cannot be opened, and stays', async () => {
  await renderAt('/pull-requests', {
    'GET /api/v1/pull-requests': [],
    'GET /api/v1/repositories': repositories,
    [route]: () =>
      problem(422, { code: 'BRANCH_UNKNOWN', message: 'There is no branch greet.', next: 'Push it first.' }),
  });

  await fillIn();

  expect((await screen.findByRole('alert')).textContent).toBe('There is no branch greet. Push it first.');
});
