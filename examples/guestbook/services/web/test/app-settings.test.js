import assert from 'node:assert/strict';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readAppSettings } from '../src/app-settings.js';

const folder = mkdtempSync(join(tmpdir(), 'guestbook-settings-'));

function fileWith(text) {
  const file = join(folder, 'settings.json');
  writeFileSync(file, text);
  return file;
}

test('reads the banner from the file', () => {
  assert.deepEqual(readAppSettings(fileWith('{"banner": "Closed on Monday"}')), { banner: 'Closed on Monday' });
});

test('has no banner without a file', () => {
  assert.deepEqual(readAppSettings(undefined), { banner: '' });
});

test('names the file that it cannot use', () => {
  for (const text of ['{"banner": 7}', 'banner: no JSON']) {
    assert.throws(() => readAppSettings(fileWith(text)), /settings\.json cannot be used/);
  }
  assert.throws(() => readAppSettings(join(folder, 'missing.json')), /missing\.json cannot be used/);
});
