// From a merged commit to production through every gate, with people who answer at once: what the chain itself takes.
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify, parseArgs } from 'node:util';
import { addressOfWeb, call, environmentOf, get, serveDemo, until, version } from './demo-server.mjs';
import { makeFolder, removeInstallation } from './installation.mjs';
import { commonOptions, describeMachine, report, spreadRow } from './results.mjs';

const rounds = 3;
const run_ = promisify(execFile);
const requests = '/api/v1/repositories/guestbook/pull-requests';

export async function run(args) {
  const { values } = parseArgs({ args, options: { ...commonOptions, state: { type: 'string' } } });
  const machine = describeMachine();
  const folder = await makeFolder('delivery');
  const stateDir = values.state ?? path.join(folder, 'state');
  const demo = await serveDemo(stateDir);
  try {
    const people = await addPeople(demo);
    await clearTheWay(demo, people, folder);
    const times = [];
    for (let round = 1; round <= rounds; round++) {
      process.stderr.write(`round ${round} of ${rounds}\n`);
      times.push(await deliver(demo, people, { folder, text: `Bench ${Date.now().toString(36)}` }));
    }
    const names = Object.keys(times[0]);
    await report('Commit to production', {
      machine,
      values,
      head: ['from … to …', 'rounds', 'least', 'median', 'most'],
      rows: names.map((name) =>
        spreadRow(
          name,
          times.map((time) => time[name]),
        ),
      ),
      method,
    });
  } finally {
    await demo.stop();
    if (values.state === undefined) await removeInstallation(stateDir);
    await removeInstallation(folder);
  }
}

const method = `One line of the web service changes, ${rounds} times, on a finished demo whose prod rolls without a canary (its pauses are waits). Every
gate is passed: tests and coverage on the pull request and again on main (by content: hits), image, manifests, rollout and functional tests in
qa, sanity tests in e2e, schema and sanity tests in stage, a promotion by pull request with a second person, rolling update and sanity tests in
prod. People are programs that answer within 20 ms. No peer: the tools that users have need a person or a script of theirs between the steps.
`;

async function addPeople(demo) {
  const people = {};
  for (const [id, roles] of Object.entries({
    author: ['developer', 'reviewer'],
    reviewer: ['reviewer'],
    promoter: ['promoter'],
    approver: ['approver'],
  })) {
    const account = `bench-${id}-${Date.now().toString(36)}`;
    const verifiedEmails = [`${account}@bench.example`];
    await call(demo, '/api/v1/accounts', { body: { id: account, displayName: account, roles, verifiedEmails } });
    const { secret } = await call(demo, `/api/v1/accounts/${account}/tokens`, { body: { label: 'bench' } });
    people[id] = { account, token: secret, email: verifiedEmails[0] };
  }
  return people;
}

/** Lifts what the story left in the way, and takes the canary out of prod: a pause is no work. */
async function clearTheWay(demo, { author, promoter }, folder) {
  const holds = await get(demo, '/api/v1/holds');
  for (const { id } of holds.filter((hold) => hold.liftedAt === undefined))
    await call(demo, `/api/v1/holds/${encodeURIComponent(id)}/lift`, { body: {}, token: promoter.token });
  const config = path.join(folder, 'config');
  await git(demo, author, folder, ['clone', '-q', `${demo.url}/git/guestbook-config.git`, config]);
  const file = path.join(config, 'slipway.yaml');
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/      strategy:\n(?: {8}.*\n)+/, ''));
  await git(demo, author, config, ['commit', '-q', '--allow-empty', '-a', '-m', 'prod rolls at once']);
  await git(demo, author, config, ['push', '-q', 'origin', 'main']);
}

async function deliver(demo, people, { folder, text }) {
  const { author, reviewer, promoter, approver } = people;
  const code = path.join(folder, `code-${text.split(' ')[1]}`);
  await git(demo, author, folder, ['clone', '-q', `${demo.url}/git/guestbook.git`, code]);
  const file = path.join(code, 'services/web/src/greeting.js');
  await writeFile(file, (await readFile(file, 'utf8')).replace(/versionText = '[^']*'/, `versionText = '${text}'`));
  const branch = `bench-${text.split(' ')[1]}`;
  await git(demo, author, code, ['checkout', '-q', '-b', branch]);
  await git(demo, author, code, ['commit', '-q', '-a', '-m', `web: say ${text}`]);
  const pushedAt = performance.now();
  await git(demo, author, code, ['push', '-q', 'origin', branch]);
  const head = await git(demo, author, code, ['rev-parse', 'HEAD']);
  const { number } = await call(demo, requests, { body: { title: text, source: branch }, token: author.token });
  await until(async () => {
    const { checks, head: seen } = await get(demo, `${requests}/${number}`);
    return seen === head && checks.length >= 3 && checks.every(({ conclusion }) => conclusion === 'success');
  });
  const checkedAt = performance.now();
  const review = { verdict: 'approved', head, body: '' };
  await call(demo, `${requests}/${number}/reviews`, { body: review, token: reviewer.token });
  await call(demo, `${requests}/${number}/merge`, { body: {}, token: author.token });
  const mergedAt = performance.now();
  const passed = {};
  for (const name of ['qa', 'e2e', 'stage']) {
    await settled(demo, name, text);
    passed[name] = performance.now();
  }
  const at = '/api/v1/applications/guestbook/environments/prod/promotions';
  const promotion = await until(() => call(demo, at, { body: {}, token: promoter.token }));
  const approve = `/api/v1/promotions/${encodeURIComponent(promotion.id)}/approve`;
  await until(() => call(demo, approve, { body: { verdict: 'approved' }, token: approver.token }));
  const approvedAt = performance.now();
  await until(async () => (await version(await addressOfWeb(demo))) === text);
  const servedAt = performance.now();
  await settled(demo, 'prod', text);
  const endedAt = performance.now();
  return {
    'push of a branch to all checks green': checkedAt - pushedAt,
    'merge to qa verified': passed.qa - mergedAt,
    'qa verified to e2e verified': passed.e2e - passed.qa,
    'e2e verified to stage verified': passed.stage - passed.e2e,
    'stage verified to the approval in prod': approvedAt - passed.stage,
    'approval to the first answer of prod': servedAt - approvedAt,
    'first answer to prod verified': endedAt - servedAt,
    '**merge to the first answer of prod**': servedAt - mergedAt,
    '**push to prod verified, all gates**': endedAt - pushedAt,
  };
}

/** An environment that answers with the text, healthy, every check passed. */
async function settled(demo, name, text) {
  await until(async () => (await version(await addressOfWeb(demo, name))) === text);
  await until(async () => {
    const { running, verifications } = await environmentOf(demo, name);
    return running.phase === 'succeeded' && verifications.every(({ phase }) => phase === 'succeeded');
  });
}

async function git(demo, person, cwd, args) {
  const basic = Buffer.from(`${person.account}:${person.token}`).toString('base64');
  const { stdout } = await run_('git', args, {
    cwd,
    env: {
      PATH: process.env.PATH,
      HOME: '/nonexistent',
      GIT_AUTHOR_NAME: person.account,
      GIT_AUTHOR_EMAIL: person.email,
      GIT_COMMITTER_NAME: person.account,
      GIT_COMMITTER_EMAIL: person.email,
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: 'http.extraHeader',
      GIT_CONFIG_VALUE_0: `Authorization: Basic ${basic}`,
    },
  });
  return stdout.trim();
}
