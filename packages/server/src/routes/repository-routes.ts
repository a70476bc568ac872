import { createRepositoryBody, repositoryView } from '@slipway/api';
import { parseBranch, parseName, type Repository } from '@slipway/domain';
import type { FastifyInstance } from 'fastify';
import { addRoute } from '../route.ts';
import { ServerError } from '../server-error.ts';
import type { ServerServices } from '../server-services.ts';

const defaultProtection: Repository['protection'] = {
  requiresPullRequest: true,
  requiredApprovals: 1,
  requiredChecks: [],
};

/** Repositories of the built-in forge: made here, filled by a push. */
export function addRepositoryRoutes(app: FastifyInstance, services: ServerServices): void {
  const { store, now } = services.pipeline;
  addRoute(
    app,
    {
      method: 'POST',
      url: '/api/v1/repositories',
      right: 'admin',
      summary: 'Makes a repository; the same name and role again changes nothing',
      body: createRepositoryBody,
      answer: repositoryView,
    },
    async ({ body }) => {
      const id = parseName(body.name);
      const fresh: Repository = {
        id,
        role: body.role,
        defaultBranch: parseBranch('main'),
        protection: body.protection ?? defaultProtection,
        createdAt: now(),
      };
      // The folder first: a record without one would be found by every loop.
      await services.createRepository(id);
      const record = await store.transact(async (tx) => {
        await tx.lockName(`repository/${id}`);
        const known = (await tx.get('repository', id))?.value;
        if (known === undefined) await tx.put('repository', id, fresh);
        return known ?? fresh;
      });
      if (record.role !== body.role)
        throw new ServerError('REPOSITORY_EXISTS', `There is a repository ${id} already, for ${record.role}`);
      const head = await (await services.pipeline.openRepository(id)).readRef(`refs/heads/${record.defaultBranch}`);
      return {
        name: id,
        role: record.role,
        defaultBranch: record.defaultBranch,
        cloneUrl: `${services.publicUrl()}/git/${id}.git`,
        ...(head === undefined ? {} : { head }),
      };
    },
  );
}
