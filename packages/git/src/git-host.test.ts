import { gitRepositoryContract } from '@slipway/ports/contract';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createGitHost } from './index.ts';

gitRepositoryContract('git program', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'slipway-git-'));
  return { host: createGitHost(), folder, close: () => rm(folder, { recursive: true, force: true }) };
});
