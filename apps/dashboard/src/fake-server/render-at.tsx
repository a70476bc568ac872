import { act, cleanup, render, screen } from '@testing-library/react';
import { createMemoryHistory } from '@tanstack/react-router';
import { afterEach, vi } from 'vitest';
import { App } from '../app.tsx';
import { createDashboardRouter } from '../router.tsx';
import { createHttp } from '../server/http.ts';
import { FakeEventStream } from './fake-event-stream.ts';
import { type Answer, type Asked, fakeFetch } from './fake-fetch.ts';

/** The dashboard as a test sees it. */
export interface Rendered {
  readonly asked: readonly Asked[];
  /** Streams opened so far, the newest last. */
  readonly streams: readonly FakeEventStream[];
  /** Answers differently from now on. */
  readonly answer: (route: string, answer: Answer) => void;
  readonly path: () => string;
}

const loggedIn: readonly (readonly [string, Answer])[] = [
  ['GET /api/v1/me', { account: 'amina', displayName: 'Amina Diallo', roles: ['viewer'] }],
  ['GET /api/v1/health', { version: '0.1.0', startedAt: '', isolation: { isolation: 'bubblewrap', because: '' } }],
  ['GET /api/v1/inbox', { items: [] }],
  ['GET /api/v1/approvals', { items: [] }],
];

afterEach(() => {
  cleanup();
  vi.useRealTimers();
});

/** Opens the whole dashboard at a path, against answers by route. */
export async function renderAt(path: string, answers: Readonly<Record<string, Answer>> = {}): Promise<Rendered> {
  giveElementsASize();
  const known = new Map<string, Answer>([...loggedIn, ...Object.entries(answers)]);
  const asked: Asked[] = [];
  const streams: FakeEventStream[] = [];
  const router = createDashboardRouter(createMemoryHistory({ initialEntries: [path] }));
  const server = {
    http: createHttp(fakeFetch(known, asked)),
    openEvents: () => {
      const stream = new FakeEventStream();
      streams.push(stream);
      return stream;
    },
  };
  await act(async () => {
    render(<App server={server} router={router} />);
    await router.load();
  });
  return {
    asked,
    streams,
    answer: (route, answer) => void known.set(route, answer),
    path: () => router.state.location.pathname,
  };
}

/** happy-dom lays nothing out; what draws only what is visible needs a size to draw anything. */
function giveElementsASize(): void {
  for (const [side, size] of [
    ['clientWidth', 900],
    ['clientHeight', 400],
  ] as const) {
    Object.defineProperty(HTMLElement.prototype, side, { configurable: true, get: () => size });
  }
}

/** A press by its name. */
export async function press(name: string | RegExp): Promise<void> {
  const button = await screen.findByRole('button', { name });
  await act(async () => button.click());
}

/** What the event stream does, with what follows from it on the screen. */
export async function happen(event: () => void): Promise<void> {
  await act(async () => event());
}
