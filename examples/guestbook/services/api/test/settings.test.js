import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from '../src/settings.js';

test('finds the store by the variables of its Service', () => {
  const settings = readSettings({
    STORE_SERVICE_HOST: '10.0.0.7',
    STORE_SERVICE_PORT: '80',
    STORE_PORT: 'tcp://10.0.0.7:80',
  });

  assert.equal(settings.store, 'http://10.0.0.7:80');
});

test('has a default for everything', () => {
  const settings = readSettings({});

  assert.equal(settings.port, 8080);
  assert.equal(settings.store, 'http://127.0.0.1:8082');
  assert.equal(settings.messageMaxLength, 500);
});

test('says which variable is wrong', () => {
  assert.throws(() => readSettings({ MESSAGE_MAX_LENGTH: 'long' }), /MESSAGE_MAX_LENGTH/);
});
