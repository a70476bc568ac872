import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { Right } from './access/rights.ts';
import type { Principal } from './access/tokens.ts';
import { ServerError } from './server-error.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Who may call it. Absent: the server does not start. */
    right?: Right;
  }
  interface FastifyRequest {
    principal: Principal | undefined;
  }
}

/** One route of the API: its right stands beside its path, and nothing answers without one. */
export interface RouteDefinition<Body extends z.ZodType, Query extends z.ZodType, Answer extends z.ZodType> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly url: string;
  readonly right: Right;
  readonly summary: string;
  readonly body?: Body;
  readonly query?: Query;
  readonly answer?: Answer;
  /** Bytes a body may have; default 1 MiB. */
  readonly maxBodyBytes?: number;
}

export interface Call<Body, Query> {
  readonly body: Body;
  readonly query: Query;
  /** A part of the path, decoded. */
  readonly param: (name: string) => string;
  /** The account asking; only a public route has none. */
  readonly principal: Principal | undefined;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Adds a route; body and query arrive parsed, the answer is held against its schema. */
export function addRoute<Body extends z.ZodType, Query extends z.ZodType, Answer extends z.ZodType>(
  app: FastifyInstance,
  definition: RouteDefinition<Body, Query, Answer>,
  answer: (call: Call<z.output<Body>, z.output<Query>>) => Promise<unknown>,
): void {
  app.route({
    method: definition.method,
    url: definition.url,
    config: { right: definition.right },
    ...(definition.maxBodyBytes === undefined ? {} : { bodyLimit: definition.maxBodyBytes }),
    schema: {
      summary: definition.summary,
      ...(definition.body === undefined ? {} : { body: definition.body }),
      ...(definition.query === undefined ? {} : { querystring: definition.query }),
      ...(definition.answer === undefined ? {} : { response: { 200: definition.answer } }),
    },
    handler: (request, reply) =>
      answer({
        body: request.body as z.output<Body>,
        query: request.query as z.output<Query>,
        param: (name) => paramOf(request, name),
        principal: request.principal,
        request,
        reply,
      }),
  });
}

function paramOf(request: FastifyRequest, name: string): string {
  const value = (request.params as Readonly<Record<string, string>>)[name];
  if (value === undefined || value === '') throw new ServerError('NOT_FOUND', `The path has no ${name}`);
  return value;
}

/** The account of a call that needs one. */
export function accountOf(call: { readonly principal: Principal | undefined }): Principal['account'] {
  if (call.principal === undefined) throw new ServerError('UNAUTHENTICATED', 'Nobody is logged in');
  return call.principal.account;
}
