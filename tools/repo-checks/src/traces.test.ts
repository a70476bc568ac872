import { describe, expect, test } from 'vitest';
import { isForTests, listFiles, readText } from './workspace.ts';

const lockfiles = listFiles().filter((file) => /(?:^|\/)package-lock\.json$/.test(file));
const text = /\.(?:tsx?|mjs|js|json|md|ya?ml|sh|css|html|sql|toml)$|(?:^|\/)(?:Dockerfile|run|\.[a-z]+rc)$/;

describe('traces of machines', () => {
  test('no lockfile names the host it was made from', () => {
    const hosts = lockfiles.flatMap((file) =>
      [...readText(file).matchAll(/"resolved": "([a-z+]+:\/\/[^"]+)"/g)].map(([, url]) => `${file}: ${url}`),
    );

    expect(lockfiles).toContain('package-lock.json');
    expect(hosts).toEqual([]);
  });

  test('no file names a path of the machine it was written on', () => {
    const paths = listFiles()
      .filter((file) => text.test(file) && !isForTests(file) && !file.startsWith('tools/repo-checks/'))
      .flatMap((file) =>
        readText(file)
          .split('\n')
          .flatMap((line, index) => (/(?<![\w.>}-])\/(?:work|root)\//.test(line) ? [`${file}:${index + 1}`] : [])),
      );

    expect(paths).toEqual([]);
  });
});
