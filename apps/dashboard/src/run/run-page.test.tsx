// @vitest-environment happy-dom
import { screen, waitFor, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { digest, run, stageOf } from '../fake-server/answers.fixture.ts';
import { problem } from '../fake-server/fake-fetch.ts';
import { press, renderAt } from '../fake-server/render-at.tsx';

const route = `GET /api/v1/runs/${run.id}`;
const logOf = (stage: string) => `GET /api/v1/runs/${run.id}/stages/${stage}/log`;
const path = `/runs/${run.id}`;

it('lists every stage with its state in words, and shows the one that failed', async () => {
  await renderAt(path, { [route]: run, [logOf('test')]: () => new Response('one\n') });

  const stages = within(await screen.findByRole('list', { name: 'Stages' }));
  expect(stages.getByRole('button', { name: /build.*Same content/s })).toBeTruthy();
  expect(stages.getByRole('button', { name: /test.*Failure.*8\.0 s/s, pressed: true })).toBeTruthy();

  const panel = within(screen.getByRole('region', { name: 'Stage test' }));
  expect(panel.getByText('TestsFailed:')).toBeTruthy();
  expect(panel.getByText('bubblewrap')).toBeTruthy();
  expect(panel.getByText('entries > puts the newest first')).toBeTruthy();
});

it('says whose content a hit has and links to it', async () => {
  await renderAt(`${path}?stage=build`, { [route]: run });

  const link = await screen.findByRole('link', { name: 'guestbook.main.pr12.aaaaaaaaaaaa' });
  expect(link.getAttribute('href')).toBe('/runs/guestbook.main.pr12.aaaaaaaaaaaa?stage=build');
  expect(link.parentElement?.textContent).toContain('same content as');
});

it('names uncovered lines, files in no report and the digest of an image', async () => {
  const stages = [
    stageOf('coverage', {
      facts: {
        totalPercent: 91.3,
        changedPercent: 62.5,
        uncovered: [{ path: 'src/count.js', ranges: '14-19, 27' }],
        absentFiles: ['src/new.js'],
      },
    }),
    stageOf('image', { facts: { image: { name: 'guestbook/web', manifest: { digest } } } }),
  ];
  await renderAt(`${path}?stage=coverage`, { [route]: { ...run, stages } });

  expect((await screen.findByRole('list', { name: 'Changed lines not covered' })).textContent).toContain(
    'src/count.js lines 14-19, 27 not covered',
  );
  expect(screen.getByRole('list', { name: 'Files in no report' }).textContent).toContain('src/new.js');

  within(screen.getByRole('list', { name: 'Stages' }))
    .getByRole('button', { name: /image/ })
    .click();
  expect(await screen.findByTitle(digest)).toBeTruthy();
  expect(screen.getByRole('button', { name: 'Copy image digest' })).toBeTruthy();
});

it('streams a log and leaves a script in it inert', async () => {
  const text = 'first\n<script>globalThis.pwned = true</script>\n\u001b[31m<img src=x onerror=alert(1)>\u001b[0m\n';
  await renderAt(path, { [route]: run, [logOf('test')]: () => new Response(text) });

  const log = await screen.findByRole('log', { name: 'Log of test' });
  await waitFor(() => expect(log.textContent).toContain('<script>globalThis.pwned = true</script>'));
  expect(log.textContent).toContain('<img src=x onerror=alert(1)>');
  expect(log.querySelector('script, img')).toBeNull();
  expect('pwned' in globalThis).toBe(false);
});

it('follows the log of a stage that runs, line by line as it comes', async () => {
  const stages = [stageOf('test', { phase: 'running', conclusion: undefined, durationMs: undefined } as object)];
  const lines = new TransformStream<Uint8Array, Uint8Array>();
  const writer = lines.writable.getWriter();
  await renderAt(path, {
    [route]: { ...run, phase: 'running', stages },
    [`${logOf('test')}?follow=true`]: () => new Response(lines.readable),
  });

  void writer.write(new TextEncoder().encode('first line\n'));
  expect(await screen.findByText('first line')).toBeTruthy();
  expect(screen.getByText('1 line, reading …')).toBeTruthy();

  void writer.write(new TextEncoder().encode('second line\n'));
  expect(await screen.findByText('second line')).toBeTruthy();
  void writer.close();
  expect(await screen.findByText('2 lines')).toBeTruthy();
});

it('says that a log broke off and reads it again', async () => {
  const { answer } = await renderAt(path, {
    [route]: run,
    [logOf('test')]: () => problem(503, { code: 'LOG_GONE', message: 'The log cannot be read.' }),
  });
  await screen.findByText(/the log broke off: The log cannot be read\./);

  answer(logOf('test'), () => new Response('there it is\n'));
  await press('Read again');

  expect(await screen.findByText('there it is')).toBeTruthy();
});

it('shows the server’s refusal of a retry', async () => {
  const { asked } = await renderAt(path, {
    [route]: run,
    [logOf('test')]: () => new Response(''),
    [`POST /api/v1/runs/${run.id}/retry`]: () =>
      problem(403, { code: 'ROLE_MISSING', message: 'Your account lacks the role developer.' }),
  });

  await press('Retry');

  expect((await screen.findByRole('alert')).textContent).toBe('Your account lacks the role developer.');
  expect(asked.some(({ method, path: to }) => method === 'POST' && to.endsWith('/retry'))).toBe(true);
});
