import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entriesHeadline } from '../src/greeting.js';

for (const [count, headline] of [
  [0, 'Nobody has written yet'],
  [1, 'One entry'],
  [2, '2 entries'],
]) {
  test(`counts ${count} in words that fit`, () => {
    assert.equal(entriesHeadline(count), headline);
  });
}
