import { expect, it } from 'vitest';
import type { GitRepository } from '../git.ts';
import { absent, commit, file, plan } from './git-builders.ts';

/** Merges, logs and differences. */
export function historyCases(current: () => GitRepository): void {
  it('merges what does not touch, and names what does', async () => {
    const repository = current();
    const base = await commit(repository, undefined, [file('a', '1\n'), file('ü b', '1\n')]);
    const ours = await commit(repository, base, [file('a', '2\n')]);
    const theirs = await commit(repository, base, [file('ü b', '2\n')]);
    const rival = await commit(repository, base, [file('a', '3\n'), file('ü b', '3\n')]);
    const stranger = await commit(repository, undefined, [file('z', 'z')]);

    const clean = await repository.merge(ours, theirs);

    expect(clean.kind === 'clean' && (await repository.readFile(clean.tree, 'a'))).toEqual(Buffer.from('2\n'));
    expect(clean.kind === 'clean' && (await repository.readFile(clean.tree, 'ü b'))).toEqual(Buffer.from('2\n'));
    expect(await repository.merge(ours, rival)).toEqual({ kind: 'conflict', paths: ['a'] });
    expect(await repository.merge(theirs, rival)).toEqual({ kind: 'conflict', paths: ['ü b'] });
    expect(await repository.merge(ours, stranger)).toEqual({ kind: 'conflict', paths: [] });
    expect(await repository.mergeBase(ours, theirs)).toBe(base);
    expect(await repository.mergeBase(ours, stranger)).toBeUndefined();
    expect(await repository.isAncestor(base, ours)).toBe(true);
    expect(await repository.isAncestor(ours, base)).toBe(false);
    await expect(repository.isAncestor(absent, base)).rejects.toMatchObject({ code: 'GIT_OBJECT_MISSING' });
  });

  it('lists commits newest first, of a path, since a commit, up to a limit', async () => {
    const repository = current();
    const chain = await repository.commitChain(
      undefined,
      ['1', '2', '3', '4'].map((text) => plan([file(`f${text}`, text)], `${text}\n`)),
    );
    const [first, second, , head] = chain;
    if (first === undefined || second === undefined || head === undefined) throw new Error('chain is short');
    const messages = async (options: Parameters<GitRepository['log']>[1]): Promise<string> =>
      (await repository.log(head, options)).map((entry) => entry.message.trim()).join('');

    expect(await messages({})).toBe('4321');
    expect(await messages({ limit: 2 })).toBe('43');
    expect(await messages({ since: second })).toBe('43');
    expect(await messages({ path: 'f1' })).toBe('1');
    expect(await messages({ path: 'f*' })).toBe('');
  });

  it('tells what changed, with renames and without being fooled by content', async () => {
    const repository = current();
    const lines = Array.from({ length: 20 }, (_, index) => `line ${index}\n`);
    const base = await commit(repository, undefined, [
      file('old name', lines.join('')),
      file('gone', 'x\n'),
      file('same', 'x\n'),
    ]);
    const changed = lines.with(4, '+++ b/fake\n').with(5, '@@ -1 +1 @@\n').toSpliced(10, 2);
    const head = await commit(repository, base, [
      { path: 'old name', content: undefined },
      file('new "ü"', changed.join('')),
      { path: 'gone', content: undefined },
      file('nul', 'a\0b\nlast'),
    ]);

    expect(await repository.changedLines(base, head)).toEqual([
      { path: 'new "ü"', ranges: [[5, 6]] },
      { path: 'nul', ranges: [[1, 2]] },
    ]);
    const whole = await repository.diff(base, head);
    expect(whole).toContain('rename from old name');
    expect(await repository.diff(base, head, { path: 'same' })).toBe('');
    const cut = await repository.diff(base, head, { maxBytes: 120 });
    expect(cut.startsWith(whole.slice(0, 50))).toBe(true);
    expect(cut.trimEnd().split('\n').at(-1)).toMatch(/^\\ .* cut after \d+ bytes$/);
  });
}
