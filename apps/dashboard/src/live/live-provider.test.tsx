// @vitest-environment happy-dom
import { screen, waitFor } from '@testing-library/react';
import { expect, it } from 'vitest';
import { run } from '../fake-server/answers.fixture.ts';
import { happen, renderAt } from '../fake-server/render-at.tsx';

it('reads a view again when its noun changed, and no other', async () => {
  const { streams, asked, answer } = await renderAt('/runs', { 'GET /api/v1/runs': [run] });
  await screen.findByText(run.subject);
  await happen(() => streams[0]?.open());
  const inboxReadings = () => asked.filter(({ path }) => path === '/api/v1/inbox').length;
  const before = inboxReadings();

  answer('GET /api/v1/runs', [{ ...run, subject: 'A newer subject' }]);
  await happen(() => streams[0]?.change({ noun: 'stageRun', id: 'x/test' }));

  expect(await screen.findByText('A newer subject')).toBeTruthy();
  expect(inboxReadings()).toBe(before);
});

it('reads once for many changes that come together', async () => {
  const { streams, asked } = await renderAt('/runs', { 'GET /api/v1/runs': [run] });
  await screen.findByText(run.subject);
  const readings = () => asked.filter(({ path }) => path.startsWith('/api/v1/runs')).length;
  const before = readings();

  await happen(() => {
    for (let index = 0; index < 50; index++) streams[0]?.change({ noun: 'stageRun', id: `${index}` });
  });

  await waitFor(() => expect(readings()).toBe(before + 1));
});

it('keeps one stream for the whole page', async () => {
  const { streams } = await renderAt('/runs', { 'GET /api/v1/runs': [run] });
  await screen.findByText(run.subject);

  expect(streams).toHaveLength(1);
});
