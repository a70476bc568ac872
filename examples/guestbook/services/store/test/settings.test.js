import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from '../src/settings.js';

test('has a default for everything', () => {
  const settings = readSettings({});

  assert.deepEqual(settings, {
    host: '0.0.0.0',
    port: 8080,
    logLevel: 'info',
    dataDir: undefined,
    drainMs: 0,
    stopTimeoutMs: 10_000,
  });
});

test('names every wrong variable at once', () => {
  const wrong = { PORT: 'tcp://10.0.0.1:80', LOG_LEVEL: 'loud' };

  assert.throws(() => readSettings(wrong), /PORT[\s\S]*LOG_LEVEL|LOG_LEVEL[\s\S]*PORT/);
});
