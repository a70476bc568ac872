import { expect, it } from 'vitest';
import { DashboardError, isUnauthenticated, problemOf } from './dashboard-error.ts';
import { createHttp } from './http.ts';

function answering(answer: () => Response | Promise<Response>) {
  return createHttp(async () => answer());
}

it('throws the server’s problem with its code, status and next step', async () => {
  const http = answering(() => Response.json({ code: 'GATE_UNMET', message: 'No.', next: 'Wait.' }, { status: 409 }));

  const error = await http.read('/api/v1/runs').catch((caught: unknown) => caught);

  expect(error).toBeInstanceOf(DashboardError);
  expect(error).toMatchObject({ code: 'GATE_UNMET', status: 409, retry: 'never' });
  expect(problemOf(error)).toEqual({ code: 'GATE_UNMET', message: 'No.', next: 'Wait.' });
});

it.each([
  [
    'a refusal without a problem',
    () => new Response('<html>', { status: 502 }),
    'DASHBOARD_ANSWER_UNREADABLE',
    'backoff',
  ],
  ['a page in place of JSON', () => new Response('<html>'), 'DASHBOARD_ANSWER_UNREADABLE', 'never'],
  ['no answer', () => Promise.reject(new TypeError('fetch failed')), 'DASHBOARD_SERVER_UNREACHABLE', 'backoff'],
] as const)('says what happened on %s', async (_, answer, code, retry) => {
  await expect(answering(answer).read('/api/v1/runs')).rejects.toMatchObject({ code, retry });
});

it('knows a missing session from other refusals', async () => {
  const caught = (status: number) =>
    answering(() => Response.json({ code: 'X', message: 'x' }, { status }))
      .read('/api/v1/me')
      .catch((error: unknown) => error);

  expect(isUnauthenticated(await caught(401))).toBe(true);
  expect(isUnauthenticated(await caught(403))).toBe(false);
});
