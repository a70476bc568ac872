// @vitest-environment happy-dom
import { act, fireEvent, screen, within } from '@testing-library/react';
import { expect, it } from 'vitest';
import { board, environmentOf, pullRequest } from '../fake-server/answers.fixture.ts';
import { type Answer, problem } from '../fake-server/fake-fetch.ts';
import { preview as rollbackPreview, release, ticket } from '../fake-server/release.fixture.ts';
import { press, renderAt } from '../fake-server/render-at.tsx';

const at = '/environments/guestbook/prod/rollback';
const base = '/api/v1/applications/guestbook/environments/prod';
const changing = (subject: string) => ({ changes: release.changes.map((change) => ({ ...change, subject })) });
const releases = [
  { ...release, deployment: 'd3', isCurrent: true },
  {
    ...{ ...release, deployment: 'd2', wasRolledBack: true, ...changing('Change of d2') },
    ...{ failedVerifications: ['e2e'], missingImages: ['web'] },
  },
  { ...release, ...changing('Change of d1') },
];
const send = `POST ${base}/rollbacks`;
const promotion = {
  ...{ id: 'guestbook/prod/back', kind: 'rollback', application: 'guestbook', environment: 'prod' },
  ...{ release: rollbackPreview.target?.release, phase: 'running', requestedBy: 'amina', approvals: [] },
  message: 'It is being written into the config repository.',
};

function showing(preview: object = rollbackPreview, more: Readonly<Record<string, Answer>> = {}) {
  return renderAt(at, {
    'GET /api/v1/applications/guestbook/board': {
      ...board,
      environments: [environmentOf('prod', { class: 'protected' })],
    },
    [`GET ${base}/releases`]: releases,
    [`GET ${base}/rollback-preview`]: { ...preview },
    'GET /api/v1/pull-requests': [
      { ...pullRequest, repository: 'guestbook-config', number: 9, promotion: promotion.id },
    ],
    'GET /api/v1/release-tickets': [{ ...ticket, id: promotion.id }],
    [send]: promotion,
    ...more,
  });
}

async function choose(name: RegExp): Promise<void> {
  const choice = await screen.findByRole('radio', { name });
  await act(async () => choice.click());
}
async function say(reason: string): Promise<void> {
  fireEvent.change(await screen.findByLabelText('Why'), { target: { value: reason } });
}

it('lists what ran there, newest first, with all that speaks against each', async () => {
  await showing();

  const list = await screen.findByRole('list', { name: 'What ran in prod' });
  const [newest, middle, oldest] = within(list)
    .getAllByRole('radio')
    .map((radio) => radio.closest('label')?.textContent ?? '');
  expect(newest).toContain('Runs now');
  expect(middle).toContain('Rolled back from');
  expect(middle).toContain('e2e failed');
  expect(middle).toContain('Image gone: web');
  expect(oldest).toContain('Change of d1');
  expect(oldest).not.toContain('Rolled back from');
});

it('previews what is chosen: commits, files and the rendered diff', async () => {
  const { asked } = await showing();

  expect((await screen.findByRole('list', { name: 'Commits that are taken back' })).textContent).toContain(
    'Promote the bad one',
  );
  expect(screen.getByRole('list', { name: 'Files that change' }).textContent).toContain('prod/kustomization.yaml');
  expect((await screen.findByRole('region', { name: 'Rendered diff of the rollback' })).textContent).toContain(
    'count.js',
  );
  expect(screen.queryByText('It never ran in this combination.')).toBeNull();

  await choose(/Change of d2/);
  await choose(/Manifests only/);

  const previews = asked.map(({ path }) => path).filter((path) => path.includes('rollback-preview'));
  expect(previews.at(-1)).toBe(`${base}/rollback-preview?part=manifests&to=d2`);
});

it('warns of a combination that never ran', async () => {
  await showing({ ...rollbackPreview, isProven: false });

  expect(await screen.findByText('It never ran in this combination.')).toBeTruthy();
});

it('does not offer what the server does not allow, and says every reason', async () => {
  const unmet = [
    { gate: 'RoleMissing', message: 'You do not hold the role promoter.' },
    { gate: 'ImageGone', message: 'The registry no longer has web.' },
  ];
  const { target, part, application, environment } = rollbackPreview;
  const refused = { target, part, application, environment, unmet, isAllowed: false, reverts: [], paths: [] };
  await showing({ ...refused, isProven: false, renderedDiff: '' });
  await say('It loses orders.');

  expect((await screen.findByRole('list', { name: 'Why it would be refused' })).textContent).toContain('ImageGone');
  expect(screen.getByRole('button', { name: 'Roll prod back' }).hasAttribute('disabled')).toBe(true);
  expect(screen.queryByText('It never ran in this combination.')).toBeNull();
});

it('asks for a reason, goes back to what the preview named, and leads to pull request and ticket', async () => {
  const { asked } = await showing();
  expect((await screen.findByRole('button', { name: 'Roll prod back' })).hasAttribute('disabled')).toBe(true);

  await say(' It loses orders. ');
  await press('Roll prod back');

  expect(asked.find(({ method }) => method === 'POST')).toEqual({
    ...{ method: 'POST', path: `${base}/rollbacks` },
    body: { to: 'd1', part: 'both', reason: 'It loses orders.', emergency: false },
  });
  const links = within(await screen.findByRole('list', { name: 'Where it is followed' }));
  expect((await links.findByRole('link', { name: /Pull request #9/ })).getAttribute('href')).toBe(
    '/pull-requests/guestbook-config/9',
  );
  expect((await links.findByRole('link', { name: /Release ticket/ })).getAttribute('href')).toBe(
    `/tickets/${encodeURIComponent(promotion.id)}`,
  );
});

it('goes in without an approval only after somebody said that they know it', async () => {
  const { asked } = await showing();
  await say('It loses orders.');
  const emergency = within(await screen.findByRole('region', { name: 'Emergency' }));
  const button = emergency.getByRole('button', { name: 'Roll back now, without approval' });
  expect(emergency.getByText(/you broke the glass/)).toBeTruthy();
  expect(button.hasAttribute('disabled')).toBe(true);

  await act(async () => emergency.getByRole('checkbox').click());
  await act(async () => button.click());

  expect(asked.find(({ method }) => method === 'POST')?.body).toMatchObject({ emergency: true });
  expect(await screen.findByText('It goes in past its approvals.')).toBeTruthy();
});

it('shows a refusal in the server’s words, and stays', async () => {
  await showing(rollbackPreview, {
    [send]: () => problem(422, { code: 'ROLLBACK_REFUSED', message: 'mara has begun a rollback meanwhile.' }),
  });
  await say('It loses orders.');

  await press('Roll prod back');

  expect((await screen.findByRole('alert')).textContent).toContain('mara has begun a rollback meanwhile.');
  expect(screen.getByRole('button', { name: 'Roll prod back' })).toBeTruthy();
});
