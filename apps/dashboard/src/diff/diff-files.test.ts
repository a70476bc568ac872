import { expect, it } from 'vitest';
import { diff } from '../fake-server/answers.fixture.ts';
import { parseDiffFiles } from './diff-files.ts';

it('knows files by what happened to them', () => {
  const renamed = 'diff --git a/old.js b/new.js\nsimilarity index 100%\nrename from old.js\nrename to new.js\n';
  const parsed = parseDiffFiles(diff + renamed);

  expect(parsed?.files.map(({ path, from, kind, added, removed }) => ({ path, from, kind, added, removed }))).toEqual([
    { path: 'src/count.js', from: undefined, kind: 'modify', added: 2, removed: 1 },
    { path: 'new.js', from: 'old.js', kind: 'rename', added: 0, removed: 0 },
  ]);
});

it('reads a unified diff without Git’s own lines, also of a new file', () => {
  const parsed = parseDiffFiles(
    '--- a/one.yaml\n+++ b/one.yaml\n@@ -1 +1 @@\n-a\n+b\n--- /dev/null\n+++ b/two.yaml\n@@ -0,0 +1 @@\n+c\n',
  );

  expect(parsed?.files.map(({ path, added, removed }) => [path, added, removed])).toEqual([
    ['one.yaml', 1, 1],
    ['two.yaml', 1, 0],
  ]);
});

it('reads what the server renders: objects with a space in their name, and lines that look like headers', () => {
  const parsed = parseDiffFiles(
    [
      '--- ConfigMap prod/settings',
      '+++ ConfigMap prod/settings',
      '@@ -1,2 +1,2 @@',
      ' data:',
      '--- old: a',
      '+++ new: b',
      '--- /dev/null',
      '+++ Deployment.apps prod/web',
      '@@ -0,0 +1 @@',
      '+kind: Deployment',
      '',
    ].join('\n'),
  );

  expect(parsed?.files.map(({ path, kind, added, removed }) => [path, kind, added, removed])).toEqual([
    ['ConfigMap prod/settings', 'modify', 1, 1],
    ['Deployment.apps prod/web', 'add', 1, 0],
  ]);
});

it('says when the server cut the diff', () => {
  const parsed = parseDiffFiles(`${diff}\\ The diff is longer: it is cut after 300 bytes\n`);

  expect(parsed?.isCut).toBe(true);
  expect(parsed?.files[0]?.added).toBe(2);
});

it.each(['not a diff at all', '@@ -1 +1 @@', 'diff --git'])('gives %j back to be shown as it is', (text) => {
  expect(parseDiffFiles(text)?.files.flatMap(({ hunks }) => hunks) ?? []).toEqual([]);
});
