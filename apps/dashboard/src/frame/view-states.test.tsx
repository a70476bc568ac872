// @vitest-environment happy-dom
import { act, cleanup, screen } from '@testing-library/react';
import { describe, expect, it, vi } from 'vitest';
import { board, commit, inbox, pullRequest, run, trail } from '../fake-server/answers.fixture.ts';
import { type Answer, problem } from '../fake-server/fake-fetch.ts';
import { freeze, preview, release, review, ticket } from '../fake-server/release.fixture.ts';
import { happen, press, renderAt } from '../fake-server/render-at.tsx';

const change = encodeURIComponent(`guestbook@${commit}`);
const applications = [
  { application: 'guestbook', repository: 'guestbook-config' },
  { application: 'shop', repository: 'shop-config' },
];

interface ViewCase {
  readonly view: string;
  readonly path: string;
  readonly route: string;
  readonly answer: Answer;
  /** Seen when the answer is there. */
  readonly shows: string;
  readonly empty?: { readonly answer: Answer; readonly says: RegExp };
}

const views: readonly ViewCase[] = [
  {
    view: 'runs',
    path: '/runs',
    route: 'GET /api/v1/runs',
    answer: [run],
    shows: 'Show how many guests signed today',
    empty: { answer: [], says: /slipway run/ },
  },
  {
    view: 'run',
    path: `/runs/${run.id}`,
    route: `GET /api/v1/runs/${run.id}`,
    answer: run,
    shows: 'Trail of the change',
  },
  {
    view: 'applications',
    path: '/environments',
    route: 'GET /api/v1/applications',
    answer: applications,
    shows: 'shop-config',
    empty: { answer: [], says: /kind: Delivery/ },
  },
  {
    view: 'board',
    path: '/environments/guestbook',
    route: 'GET /api/v1/applications/guestbook/board',
    answer: board,
    shows: 'Promote to qa',
    empty: { answer: { ...board, environments: [] }, says: /List them, in the order of promotion/ },
  },
  {
    view: 'releases that could be gone back to',
    path: '/environments/guestbook/prod/rollback',
    route: 'GET /api/v1/applications/guestbook/environments/prod/releases',
    answer: [release],
    shows: 'What ran in prod',
    empty: { answer: [], says: /There is nothing to go back to/ },
  },
  {
    view: 'preview of a rollback',
    path: '/environments/guestbook/prod/rollback',
    route: 'GET /api/v1/applications/guestbook/environments/prod/rollback-preview',
    answer: preview,
    shows: 'Promote the bad one',
  },
  {
    view: 'freezes',
    path: '/freezes',
    route: 'GET /api/v1/freezes',
    answer: [freeze],
    shows: 'Stocktaking.',
    empty: { answer: [], says: /keeps promotions out of environments/ },
  },
  {
    view: 'approvals',
    path: '/approvals',
    route: 'GET /api/v1/approvals',
    answer: { items: [review] },
    shows: review.title,
    empty: { answer: { items: [] }, says: /stand here until somebody else/ },
  },
  {
    view: 'pull requests',
    path: '/pull-requests',
    route: 'GET /api/v1/pull-requests',
    answer: [pullRequest],
    shows: 'Greet guests in their own language',
    empty: { answer: [], says: /Push a branch/ },
  },
  {
    view: 'pull request',
    path: '/pull-requests/guestbook/14',
    route: 'GET /api/v1/repositories/guestbook/pull-requests/14',
    answer: pullRequest,
    shows: 'Guests see a greeting.',
  },
  {
    view: 'changes',
    path: '/changes',
    route: 'GET /api/v1/changes',
    answer: [
      {
        id: `guestbook@${commit}`,
        repository: 'guestbook',
        commit,
        subject: 'A change',
        author: 'amina',
        createdAt: '2026-01-02T10:00:00.000Z',
      },
    ],
    shows: 'A change',
    empty: { answer: [], says: /slipway project add/ },
  },
  {
    view: 'trail',
    path: `/changes/${change}`,
    route: `GET /api/v1/changes/${change}/trail`,
    answer: trail,
    shows: 'Healthy in environment qa',
    empty: { answer: { ...trail, links: [] }, says: /look at its run/ },
  },
  {
    view: 'inbox',
    path: '/inbox',
    route: 'GET /api/v1/inbox',
    answer: inbox,
    shows: 'Approve the promotion',
    empty: { answer: { items: [] }, says: /No news is good news/ },
  },
  {
    view: 'release tickets',
    path: '/tickets',
    route: 'GET /api/v1/release-tickets',
    answer: [ticket],
    shows: ticket.title,
    empty: { answer: [], says: /opens the first one by itself/ },
  },
  {
    view: 'release ticket',
    path: `/tickets/${encodeURIComponent(ticket.id)}`,
    route: `GET /api/v1/release-tickets/${encodeURIComponent(ticket.id)}`,
    answer: { ...ticket },
    shows: 'The guests asked for it.',
  },
];

/** What views read beside their own answer. */
const beside = {
  [`GET /api/v1/runs/${run.id}/stages/test/log`]: () => new Response(''),
  'GET /api/v1/applications/guestbook/environments/prod/releases': [release],
};

describe.each(views)('the view of $view', ({ path, route, answer, shows }) => {
  it('says what is being read while it loads', async () => {
    await renderAt(path, { ...beside, [route]: () => new Promise<Response>(() => undefined) });

    expect(await screen.findByRole('status', { name: /^Reading / })).toBeTruthy();
    expect(screen.queryByText(shows)).toBeNull();
  });

  it('says what went wrong and what to do next, and reads again on a press', async () => {
    const { answer: answerNow } = await renderAt(path, {
      ...beside,
      [route]: () =>
        problem(403, {
          code: 'NOT_ALLOWED',
          message: 'Your account may not see this.',
          next: 'Ask an admin for the role viewer.',
        }),
    });

    const alert = await screen.findByRole('alert');
    expect(alert.textContent).toContain('Your account may not see this.');
    expect(alert.textContent).toContain('Ask an admin for the role viewer.');
    expect(alert.textContent).toContain('NOT_ALLOWED');

    answerNow(route, answer);
    await press('Try again');

    expect((await screen.findAllByText(shows)).length).toBeGreaterThan(0);
  });

  it('says since when it is stale once live updates are lost, and polls', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true });
    const { streams, asked } = await renderAt(path, { ...beside, [route]: answer });
    await screen.findAllByText(shows);
    await happen(() => streams[0]?.open());
    await happen(() => streams[0]?.break());

    await act(() => vi.advanceTimersByTimeAsync(4_000));
    expect(screen.queryByText(/^Stale since/)).toBeNull();

    await act(() => vi.advanceTimersByTimeAsync(1_500));
    expect((await screen.findAllByText(/^Stale since \d\d:\d\d:\d\d\.$/)).length).toBeGreaterThan(0);
    const [method, url] = route.split(' ');
    const count = () => asked.filter((one) => one.method === method && one.path.startsWith(url ?? '')).length;
    const before = count();

    await act(() => vi.advanceTimersByTimeAsync(10_500));
    expect(count()).toBeGreaterThan(before);

    await happen(() => streams.at(-1)?.open());
    expect(screen.queryByText(/^Stale since/)).toBeNull();
  });
});

const listing = views.flatMap(({ empty, ...view }) => (empty === undefined ? [] : [{ ...view, ...empty }]));

it.each(listing)('says what to do first when the view of $view is empty', async ({ path, route, answer, says }) => {
  await renderAt(path, { [route]: answer });

  expect(await screen.findByText(says)).toBeTruthy();
});

it('says so of a run without stages and of a pull request that changes nothing', async () => {
  await renderAt(`/runs/${run.id}`, { [`GET /api/v1/runs/${run.id}`]: { ...run, stages: [] } });
  expect(await screen.findByText(/This run has no stage/)).toBeTruthy();
  cleanup();

  const route = 'GET /api/v1/repositories/guestbook/pull-requests/14';
  await renderAt('/pull-requests/guestbook/14', { [route]: { ...pullRequest, diff: '' } });
  expect(await screen.findByText('Nothing differs.')).toBeTruthy();
});
