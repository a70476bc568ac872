// @vitest-environment happy-dom
import { screen } from '@testing-library/react';
import { expect, it } from 'vitest';
import { board, environmentOf } from '../fake-server/answers.fixture.ts';
import { type Answer, problem } from '../fake-server/fake-fetch.ts';
import { canary } from '../fake-server/release.fixture.ts';
import { press, renderAt } from '../fake-server/render-at.tsx';

const word = 'POST /api/v1/applications/guestbook/environments/prod/canary';

function showing(phase: string, answer: Answer = {}) {
  const { running } = environmentOf('prod');
  const now = { ...running, phase: 'running', canary: { ...canary, phase } };
  const environments = [environmentOf('prod', { running: now as never })];
  const answers = {
    'GET /api/v1/applications/guestbook/board': { ...board, environments },
    'GET /api/v1/pull-requests': [],
    [word]: answer,
  };
  return renderAt('/environments/guestbook', answers);
}

it('lets a canary go on that waits for a person', async () => {
  const { asked } = await showing('inconclusive');

  await press('Let it go on');

  expect(asked.find(({ method }) => method === 'POST')?.body).toEqual({ action: 'resume' });
  expect((await screen.findByRole('status')).textContent).toContain('It is to go on');
});

it('aborts one only when it is pressed twice', async () => {
  const { asked } = await showing('progressing');
  expect(screen.queryByRole('button', { name: 'Let it go on' })).toBeNull();

  await press('Abort the canary …');
  expect(asked.filter(({ method }) => method === 'POST')).toEqual([]);
  await press('Abort it now');

  expect(asked.find(({ method }) => method === 'POST')?.body).toEqual({ action: 'abort' });
});

it('shows why the server refuses', async () => {
  await showing('paused', () => problem(409, { code: 'CANARY_NOT_WAITING', message: 'It waits for nobody.' }));

  await press('Let it go on');

  expect(await screen.findByText(/It waits for nobody\./)).toBeTruthy();
});

it('has no word on one that is over', async () => {
  await showing('aborted');

  expect(await screen.findByRole('region', { name: 'Canary' })).toBeTruthy();
  expect(screen.queryByRole('group', { name: 'Your word on the canary' })).toBeNull();
});
