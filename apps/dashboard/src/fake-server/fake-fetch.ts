import type { Problem } from '@slipway/api';

/** What was asked of the server. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

/** An answer as JSON, or made anew each time. */
export type Answer = (() => Response | Promise<Response>) | Readonly<Record<string, unknown>> | readonly unknown[];

/** Answers by `METHOD /path?query`, else by `METHOD /path`; what is not known is a 404 problem. */
export function fakeFetch(answers: Map<string, Answer>, asked: Asked[]): typeof globalThis.fetch {
  return async (input, init) => {
    const path = input instanceof Request ? input.url : input.toString();
    const method = init?.method ?? 'GET';
    const { body } = init ?? {};
    asked.push({ method, path, ...(typeof body === 'string' ? { body: JSON.parse(body) as unknown } : {}) });
    const answer = answers.get(`${method} ${path}`) ?? answers.get(`${method} ${path.split('?')[0] ?? ''}`);
    if (answer === undefined) return problem(404, { code: 'ROUTE_UNKNOWN', message: `There is no ${path}.` });
    return typeof answer === 'function' ? answer() : Response.json(answer);
  };
}

/** A refusal as the server writes it. */
export function problem(status: number, refusal: Problem): Response {
  return Response.json(refusal, { status });
}
