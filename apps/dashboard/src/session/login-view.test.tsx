// @vitest-environment happy-dom
import { act, fireEvent, screen, waitFor } from '@testing-library/react';
import { afterEach, expect, it } from 'vitest';
import { run } from '../fake-server/answers.fixture.ts';
import { problem } from '../fake-server/fake-fetch.ts';
import { happen, press, renderAt } from '../fake-server/render-at.tsx';
import { takeTokenFromAddress } from './session-token.ts';

const nobody = () => problem(401, { code: 'UNAUTHENTICATED', message: 'Log in first.' });
const me = { account: 'amina', displayName: 'Amina Diallo', roles: [] };

afterEach(() => window.history.replaceState(null, '', '/'));

it('asks for a token in place of any page, and goes on to that page', async () => {
  const { asked, answer } = await renderAt('/runs', {
    'GET /api/v1/me': nobody,
    'POST /api/v1/session': me,
    'GET /api/v1/runs': [run],
  });
  fireEvent.change(await screen.findByLabelText('Token'), { target: { value: ' slw_secret ' } });

  answer('GET /api/v1/me', me);
  await press('Log in');

  expect(await screen.findByText(run.subject)).toBeTruthy();
  expect(asked.find(({ method }) => method === 'POST')?.body).toEqual({ token: 'slw_secret' });
});

it('logs in by the token in the address and takes it out of the address', async () => {
  window.history.replaceState(null, '', '/login#token=once');
  const { asked, answer, path } = await renderAt('/login', {
    'GET /api/v1/me': nobody,
    'POST /api/v1/session': () => {
      answer('GET /api/v1/me', me);
      return Response.json(me);
    },
    'GET /api/v1/applications': [],
  });

  await waitFor(() => expect(path()).toBe('/environments'));
  expect(window.location.href).not.toContain('once');
  expect(asked.filter(({ method }) => method === 'POST').map(({ body }) => body)).toEqual([{ token: 'once' }]);
});

it('says why a token is refused', async () => {
  await renderAt('/runs', {
    'GET /api/v1/me': nobody,
    'POST /api/v1/session': () =>
      problem(401, { code: 'TOKEN_UNKNOWN', message: 'This token is not known.', next: 'Ask for a new one.' }),
  });
  fireEvent.change(await screen.findByLabelText('Token'), { target: { value: 'wrong' } });

  await press('Log in');

  expect((await screen.findByRole('alert')).textContent).toBe('This token is not known. Ask for a new one.');
});

it('shows the login page when the session ends while somebody looks', async () => {
  const { answer, streams } = await renderAt('/runs', { 'GET /api/v1/runs': [run] });
  await screen.findByText(run.subject);

  answer('GET /api/v1/me', nobody);
  answer('GET /api/v1/runs', nobody);
  await happen(() => streams[0]?.change({ noun: 'pipelineRun', id: run.id }));

  expect(await screen.findByRole('heading', { name: 'Log in to Slipway' })).toBeTruthy();
});

it('ends the session on a press', async () => {
  const { answer, asked } = await renderAt('/runs', {
    'GET /api/v1/runs': [run],
    'DELETE /api/v1/session': () => new Response(null, { status: 204 }),
  });
  await screen.findByText(run.subject);

  answer('GET /api/v1/me', nobody);
  await press('Log out');

  expect(await screen.findByRole('heading', { name: 'Log in to Slipway' })).toBeTruthy();
  expect(asked.some(({ method, path }) => method === 'DELETE' && path === '/api/v1/session')).toBe(true);
  await act(async () => undefined);
});

it('takes a token once and leaves other fragments alone', () => {
  window.history.replaceState(null, '', '/runs?stage=a#content');
  expect(takeTokenFromAddress(window)).toBeUndefined();
  expect(window.location.hash).toBe('#content');

  window.history.replaceState(null, '', '/login#token=a%2Bb');
  expect(takeTokenFromAddress(window)).toBe('a+b');
  expect(takeTokenFromAddress(window)).toBeUndefined();
});
