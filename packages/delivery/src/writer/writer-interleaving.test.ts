import { createGitHost } from '@slipway/git';
import fc from 'fast-check';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  configRepository,
  headOf,
  idsOn,
  localWriter,
  pin,
  pinEdit,
  pushForeign,
  textOn,
} from '../../test-support/config-repository.ts';

const git = createGitHost();
const dev = 'overlays/dev';
const images = ['web', 'api', 'db'];
let folder: string;
let count = 0;

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'slipway-interleaving-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** An edit with some number as its pin, a foreign commit, or an edit that is refused; each a little later than the one before. */
const action = fc.record({
  kind: fc.constantFrom('edit', 'edit', 'edit', 'edit', 'foreign', 'refused'),
  writer: fc.nat(2),
  image: fc.constantFrom(...images),
  pauseMs: fc.constantFrom(0, 0, 0, 3, 20),
  id: fc.nat(11),
});

it('any interleaving of edits, writers and others leaves exactly the accepted edits, each once, the last pin of each image', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(action, { minLength: 1, maxLength: 14 }), async (actions) => {
      count += 1;
      const repository = await configRepository(git, path.join(folder, `c${count}.git`), { [dev]: images });
      const repositories = [repository, await git.open(repository.gitDir), await git.open(repository.gitDir)];
      const writers = repositories.map((each) => localWriter(each));
      const numbers = new Map<string, { readonly image: string; readonly number: number }>();
      const foreign: Promise<string>[] = [];
      const asked: Promise<{ readonly id: string; readonly isAccepted: boolean }>[] = [];

      for (const [index, { kind, writer, image, pauseMs, id }] of actions.entries()) {
        if (kind === 'foreign') foreign.push(pushForeign(repository, [[`notes/${index}.md`, `${index}\n`]]));
        if (kind !== 'foreign') {
          const name = `${kind}-${id}`;
          // The same id is the same edit, whoever asks for it again.
          const { image: target, number } = numbers.get(name) ?? { image, number: index + 1 };
          numbers.set(name, { image: target, number });
          const edit = pinEdit(name, kind === 'refused' ? 'nowhere' : dev, [pin(target, number)]);
          const submitted = writers[writer]?.submit(edit) ?? Promise.reject(new Error('no writer'));
          asked.push(
            submitted.then(
              () => ({ id: name, isAccepted: true }),
              () => ({ id: name, isAccepted: false }),
            ),
          );
        }
        if (pauseMs > 0) await sleep(pauseMs);
      }
      const settled = await Promise.all(asked);
      const foreignCommits = await Promise.all(foreign);

      const ids = await idsOn(repository);
      const accepted = new Set(settled.filter(({ isAccepted }) => isAccepted).map(({ id }) => id));
      expect([...ids].sort()).toEqual([...accepted].sort());
      expect([...accepted].every((id) => id.startsWith('edit-'))).toBe(true);
      const log = await repository.log(await headOf(repository), { limit: 1_000 });
      const all = log.map((commit) => commit.id);
      expect(log.every(({ parents }) => parents.length <= 1)).toBe(true);
      for (const commit of foreignCommits) expect(all).toContain(commit);
      const text = await textOn(repository, `${dev}/kustomization.yaml`);
      for (const image of images) {
        const last = ids.map((id) => numbers.get(id)).findLast((edit) => edit?.image === image);
        const tag = last === undefined ? '0000' : `t${last.number}`;
        expect(text).toContain(`name: ${image} # ours\n    newTag: "${tag}"`);
      }
    }),
    { numRuns: 12 },
  );
}, 60_000);
