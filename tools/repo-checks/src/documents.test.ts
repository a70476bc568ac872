import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { listFiles, listMembers, readText, root } from './workspace.ts';

const documents = listFiles().filter((file) => file.endsWith('.md'));

/** Targets of Markdown links that stay in the repository, with code blocks left out. */
function relativeLinks(page: string): readonly string[] {
  const text = page.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, '');
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^(?:[a-z]+:|#)/.test(target));
}

describe('documents', () => {
  test('every relative link leads to a file', () => {
    const broken = documents.flatMap((file) =>
      relativeLinks(readText(file))
        .map((target) => decodeURIComponent(target.split('#')[0] ?? ''))
        .filter((target) => !existsSync(path.join(root, path.dirname(file), target)))
        .map((target) => `${file}: ${target}`),
    );

    expect(broken).toEqual([]);
  });

  test('README.md lists every package and app, and none that is not there', () => {
    const page = existsSync(path.join(root, 'README.md')) ? readText('README.md') : '';
    const listed = [...page.matchAll(/\b((?:packages|apps)\/[a-z-]+)/g)].map(([, folder]) => folder);
    const folders = listMembers().map(({ folder }) => folder);

    expect([...new Set(listed)].sort()).toEqual(folders.filter((folder) => !folder.startsWith('tools/')).sort());
  });

  test('every package has a README', () => {
    const without = listMembers().filter(
      ({ folder }) => folder.startsWith('packages/') && !documents.includes(`${folder}/README.md`),
    );

    expect(without.map(({ folder }) => folder)).toEqual([]);
  });

  test('every decision record has its parts, and numbers have no gap', () => {
    const records = documents.filter((file) => file.startsWith('docs/adr/'));
    const parts = [
      'Status:',
      'Date:',
      '## Context',
      '## Decision',
      '## Refused',
      '## Consequences',
      '## What would change our mind',
    ];

    expect(records.map((file) => path.basename(file).slice(0, 4))).toEqual(
      records.map((_, index) => String(index + 1).padStart(4, '0')),
    );
    expect(
      records.flatMap((file) => {
        const page = readText(file);
        return parts.filter((part) => !page.includes(part)).map((part) => `${file}: ${part}`);
      }),
    ).toEqual([]);
  });
});
