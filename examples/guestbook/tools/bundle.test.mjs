import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { bundle } from './bundle.mjs';

let root;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bundle-test-'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path, content) {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

function install(path, manifest) {
  write(`${path}/package.json`, JSON.stringify(manifest));
  write(`${path}/index.js`, `// ${path}`);
}

function writeService(dependencies) {
  write('services/web/package.json', JSON.stringify({ name: 'web', dependencies }));
  write('services/web/src/main.js', '// main');
}

const distFile = (path) => readFileSync(join(root, 'services/web/dist', path), 'utf8');

test('copies the sources and only the packages that the service reaches', () => {
  writeService({ a: '1' });
  install('node_modules/a', { name: 'a', dependencies: { '@scope/b': '1' } });
  install('node_modules/@scope/b', { name: '@scope/b' });
  install('node_modules/unrelated', { name: 'unrelated' });

  const packages = bundle(join(root, 'services/web'));

  assert.deepEqual(packages, ['node_modules/@scope/b', 'node_modules/a']);
  assert.equal(distFile('src/main.js'), '// main');
});

test('nests a package where two versions of one name meet', () => {
  writeService({ a: '1', b: '2' });
  install('node_modules/a', { name: 'a', dependencies: { b: '1' } });
  install('node_modules/b', { name: 'b', version: '1.0.0' });
  install('services/web/node_modules/b', { name: 'b', version: '2.0.0' });

  const packages = bundle(join(root, 'services/web'));

  assert.deepEqual(packages, ['node_modules/a', 'node_modules/a/node_modules/b', 'node_modules/b']);
  assert.equal(distFile('node_modules/b/index.js'), '// services/web/node_modules/b');
  assert.equal(distFile('node_modules/a/node_modules/b/index.js'), '// node_modules/b');
});

test('takes peers, and optional packages only when they are installed', () => {
  writeService({ a: '1' });
  install('node_modules/a', {
    name: 'a',
    peerDependencies: { peer: '1', unused: '1' },
    peerDependenciesMeta: { unused: { optional: true } },
    dependencies: { absent: '1' },
    optionalDependencies: { absent: '1', present: '1' },
  });
  install('node_modules/peer', { name: 'peer' });
  install('node_modules/present', { name: 'present' });
  install('node_modules/unused', { name: 'unused' });

  assert.deepEqual(bundle(join(root, 'services/web')), ['node_modules/a', 'node_modules/peer', 'node_modules/present']);
});

test('ends when packages need each other', () => {
  writeService({ a: '1' });
  install('node_modules/a', { name: 'a', dependencies: { b: '1' } });
  install('node_modules/b', { name: 'b', dependencies: { a: '1' } });

  assert.deepEqual(bundle(join(root, 'services/web')), ['node_modules/a', 'node_modules/b']);
});

test('copies what a link points at, and leaves type declarations and old output out', () => {
  writeService({ linked: '1' });
  write('services/web/dist/old.js', '// old');
  install('packages/linked', { name: 'linked' });
  write('packages/linked/index.d.ts', 'export {}');
  mkdirSync(join(root, 'node_modules'));
  symlinkSync('../packages/linked', join(root, 'node_modules/linked'));

  bundle(join(root, 'services/web'));

  assert.equal(distFile('node_modules/linked/index.js'), '// packages/linked');
  assert.throws(() => distFile('node_modules/linked/index.d.ts'), { code: 'ENOENT' });
  assert.throws(() => distFile('old.js'), { code: 'ENOENT' });
});

test('refuses when a package is not installed', () => {
  writeService({ missing: '1' });

  assert.throws(() => bundle(join(root, 'services/web')), /missing, needed by .* is not installed/);
});
