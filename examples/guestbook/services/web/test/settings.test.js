import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from '../src/settings.js';

test('finds the api by the variables of its Service', () => {
  const settings = readSettings({ API_SERVICE_HOST: '10.0.0.7', API_SERVICE_PORT: '80', GREETING: 'Hello' });

  assert.equal(settings.api, 'http://10.0.0.7:80');
  assert.equal(settings.greeting, 'Hello');
});

test('has a default for everything', () => {
  const settings = readSettings({});

  assert.equal(settings.port, 8080);
  assert.equal(settings.api, 'http://127.0.0.1:8081');
  assert.ok(settings.greeting.length > 0);
  assert.equal(settings.liveConfig.token, undefined);
});

test('says which variable is wrong', () => {
  assert.throws(() => readSettings({ PORT: '99999' }), /PORT/);
});
