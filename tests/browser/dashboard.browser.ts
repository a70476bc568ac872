import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Context, findChromium, launch, loadChromium, type Page, type Said } from './playwright.ts';

const { env } = process;
const url = (env['SLIPWAY_URL'] ?? env['SLIPWAY_DEMO_URL'] ?? '').replace(/\/$/, '');
const token = env['SLIPWAY_TOKEN'] ?? env['SLIPWAY_DEMO_TOKEN'] ?? '';
const isRequired = (env['SLIPWAY_BROWSER_REQUIRED'] ?? '') !== '';

const chromium = await loadChromium();
const executable = findChromium(env['SLIPWAY_CHROMIUM']);
const missing = [
  ...(url === '' ? ['SLIPWAY_URL is not set'] : []),
  ...(token === '' ? ['SLIPWAY_TOKEN is not set'] : []),
  ...(chromium === undefined ? ['playwright-core is not installed'] : []),
  ...(executable === undefined ? ['no Chromium was found; SLIPWAY_CHROMIUM names one'] : []),
];
if (missing.length > 0) console.log(`The dashboard is not tested in a browser: ${missing.join('; ')}.`);

it.runIf(isRequired)('has everything it needs', () => {
  expect(missing).toEqual([]);
});

/** What the API says, to compare the page with. */
async function ask<Answer>(route: string): Promise<Answer> {
  const response = await fetch(`${url}/api/v1${route}`, {
    headers: { authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(20_000),
  });
  expect(response.status, route).toBe(200);
  return (await response.json()) as Answer;
}

interface RunSummary {
  readonly id: string;
  readonly subject: string;
  readonly change: string;
  readonly stages: readonly { readonly name: string; readonly startedAt?: string; readonly hitOf?: string }[];
}
interface PullRequestSummary {
  readonly repository: string;
  readonly number: number;
  readonly title: string;
}

/** A text as a pattern that matches just it. */
function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

describe.skipIf(missing.length > 0)('the dashboard in a browser', () => {
  const complaints: string[] = [];
  let profile = '';
  let context: Context | undefined;
  let page: Page;

  /** Opens a page and waits until nothing of it is loading. */
  async function open(place: string): Promise<void> {
    await page.goto(`${url}${place}`);
    await page.getByRole('main').waitFor();
    await page.locator('main [role=status][aria-label^="Reading"]').waitFor({ state: 'hidden' });
  }

  beforeAll(async () => {
    if (chromium === undefined || executable === undefined) return;
    profile = await mkdtemp(path.join(tmpdir(), 'slipway-browser-'));
    context = await launch(chromium, executable, profile);
    page = await context.newPage();
    const note = (said: Said) => {
      const text = said.text?.() ?? said.message ?? '';
      // Asking who we are before logging in is answered by 401, which a browser writes to the console by itself.
      const isQuestion = text.includes('401') && (said.location?.().url.endsWith('/api/v1/me') ?? false);
      if ((said.type === undefined || said.type() === 'error') && !isQuestion)
        complaints.push(`${page.url()}: ${text}`);
    };
    page.on('console', note);
    page.on('pageerror', note);
  });

  afterAll(async () => {
    await context?.close();
    await rm(profile, { recursive: true, force: true });
  });

  it('is served with a policy that lets no foreign and no inline script run', async () => {
    const answer = await page.goto(`${url}/runs`);

    const policy = answer?.headers()['content-security-policy'] ?? '';
    const scripts = /script-src ([^;]*)/.exec(policy)?.[1] ?? /default-src ([^;]*)/.exec(policy)?.[1];
    expect(scripts?.trim()).toBe("'self'");
    expect(policy).toContain("frame-ancestors 'none'");
  });

  it('asks for a token, and logs in by the address without leaving the token there', async () => {
    await page.goto(`${url}/runs`);
    await page.getByRole('heading', { name: 'Log in to Slipway' }).waitFor();

    await page.goto(`${url}/login#token=${encodeURIComponent(token)}`);
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    await page.waitForURL(/\/environments/);

    expect(page.url()).not.toContain(token);
    expect(String(await page.evaluate('document.cookie'))).not.toContain(token);
  });

  it('shows every environment of the board, prod among them, in the order of promotion', async () => {
    const [first] = await ask<readonly { readonly application: string }[]>('/applications');
    expect(first).toBeDefined();
    const application = first?.application ?? '';
    const board = await ask<{
      readonly environments: readonly { readonly environment: string; readonly order: number }[];
    }>(`/applications/${encodeURIComponent(application)}/board`);

    await open(`/environments/${encodeURIComponent(application)}`);

    const named =
      '[...document.querySelectorAll(\'section[aria-label^="Environment "] h2\')].map((one) => one.textContent)';
    const expected = board.environments.toSorted((one, other) => one.order - other.order).map((one) => one.environment);
    expect(await page.evaluate(named)).toEqual(expected);
    expect(expected).toContain('prod');
  });

  it('draws every stage of a run and streams the log of one', async () => {
    const runs = await ask<readonly RunSummary[]>('/runs?limit=50');
    const run = runs.find(({ stages }) =>
      stages.some(({ startedAt, hitOf }) => startedAt !== undefined && hitOf === undefined),
    );
    const stage = run?.stages.find(({ startedAt, hitOf }) => startedAt !== undefined && hitOf === undefined);
    expect(run, 'a run with a stage that ran').toBeDefined();

    await open(`/runs/${encodeURIComponent(run?.id ?? '')}?stage=${stage?.name ?? ''}`);

    for (const { name } of run?.stages ?? []) {
      await page.locator(`.react-flow__node[data-id="${name}"]`).first().waitFor();
    }
    const log = await fetch(`${url}/api/v1/runs/${encodeURIComponent(run?.id ?? '')}/stages/${stage?.name ?? ''}/log`, {
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(20_000),
    });
    const lines = (await log.text()).split('\n').filter((line) => line.trim() !== '');
    if (lines.length === 0) await page.getByText('Nothing was written.').waitFor();
    else {
      await page.getByRole('log').waitFor();
      expect((await page.getByRole('log').innerText()).trim()).not.toBe('');
    }
  });

  it('shows a pull request with its diff', async () => {
    const [summary] = await ask<readonly PullRequestSummary[]>('/pull-requests');
    expect(summary, 'a pull request').toBeDefined();

    await open(`/pull-requests/${encodeURIComponent(summary?.repository ?? '')}/${String(summary?.number)}`);

    expect(await page.getByRole('heading', { name: summary?.title ?? '', exact: true }).count()).toBe(1);
    await page.locator('table.diff').first().waitFor();
    expect(await page.locator('td.diff-code-insert, td.diff-code-delete').count()).toBeGreaterThan(0);
  });

  it('shows the trail of a change, every link with its statement', async () => {
    const changes = await ask<readonly { readonly id: string }[]>('/changes?limit=50');
    const trails = await Promise.all(
      changes.slice(0, 10).map(async ({ id }) => {
        const { links } = await ask<{ readonly links: readonly { readonly statement: string }[] }>(
          `/changes/${encodeURIComponent(id)}/trail`,
        );
        return { id, links };
      }),
    );
    const longest = trails.toSorted((one, other) => other.links.length - one.links.length)[0];
    expect(longest?.links.length, 'statements about a change').toBeGreaterThan(0);

    await open(`/changes/${encodeURIComponent(longest?.id ?? '')}`);

    await page.getByRole('list', { name: 'Links of the chain' }).waitFor();
    const shown = '[...document.querySelectorAll(\'ol[aria-label="Links of the chain"] > li\')].length';
    expect(await page.evaluate(shown)).toBe(longest?.links.length);
    await page.getByRole('button', { name: 'What it states' }).first().click();
    expect(await page.getByRole('row').count()).toBeGreaterThan(0);
  });

  it('shows a release ticket with its outcome and the way back', async () => {
    const [ticket] = await ask<readonly { readonly id: string; readonly title: string }[]>('/release-tickets');
    expect(ticket, 'a release ticket').toBeDefined();

    await open('/tickets');
    await page
      .getByRole('link', { name: ticket?.title ?? '' })
      .first()
      .click();

    await page
      .getByRole('heading', { name: new RegExp(escaped(ticket?.title ?? '')) })
      .first()
      .waitFor();
    await page.getByText('Commits').first().waitFor();
  });

  it('shows what ran in prod, and what going back would take back or why not', async () => {
    await open('/environments/guestbook/prod/rollback');

    await page.getByRole('list', { name: 'What ran in prod' }).waitFor();
    await page
      .locator('[aria-label="Commits that are taken back"], [aria-label="Why it would be refused"]')
      .first()
      .waitFor();
  });

  it('lists freezes as the server knows them', async () => {
    const freezes = await ask<readonly { readonly reason: string }[]>('/freezes');

    await open('/freezes');

    for (const { reason } of freezes) await page.getByText(reason).first().waitFor();
    if (freezes.length === 0) await page.getByText('Nothing is frozen').waitFor();
  });

  it.each([
    '/environments',
    '/environments/guestbook',
    '/environments/guestbook/prod/rollback',
    '/runs',
    '/pull-requests?state=all',
    '/changes',
    '/tickets',
    '/approvals',
    '/freezes',
    '/inbox',
  ])('fits %s into 360 pixels without moving sideways', async (place) => {
    await page.setViewportSize({ width: 360, height: 740 });
    await open(place);

    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
    await page.setViewportSize({ width: 1_280, height: 800 });
  });

  it('said nothing wrong on the console and broke no policy', () => {
    expect(complaints).toEqual([]);
  });

  it('logs out', async () => {
    await open('/runs');
    await page.getByRole('button', { name: 'Log out' }).click();

    await page.getByRole('heading', { name: 'Log in to Slipway' }).waitFor();
  });
});
