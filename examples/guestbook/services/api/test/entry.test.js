import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entrySchema, faultsByField } from '../src/entry.js';

const schema = entrySchema(10);
const noName = 'Please tell us your name';
const noMessage = 'Please write a message';

test('takes an entry without its surrounding blanks', () => {
  assert.deepEqual(schema.parse({ author: ' Ada ', message: ' hello\n' }), { author: 'Ada', message: 'hello' });
});

test('takes a message of exactly the longest length', () => {
  assert.equal(schema.safeParse({ author: 'Ada', message: 'x'.repeat(10) }).success, true);
});

for (const [what, entry, faults] of [
  ['no fields', {}, { author: noName, message: noMessage }],
  ['empty fields', { author: '', message: ' ' }, { author: noName, message: noMessage }],
  ['a message that is no text', { author: 'Ada', message: ['x'] }, { message: noMessage }],
  ['a long name', { author: 'A'.repeat(41), message: 'x' }, { author: 'A name has 40 characters at most' }],
  ['a long message', { author: 'Ada', message: 'x'.repeat(11) }, { message: 'A message has 10 characters at most' }],
]) {
  test(`refuses ${what}`, () => {
    const parsed = schema.safeParse(entry);

    assert.deepEqual(faultsByField(parsed.error), faults);
  });
}

test('names the entry itself when it is no object', () => {
  const parsed = schema.safeParse('hello');

  assert.deepEqual(Object.keys(faultsByField(parsed.error)), ['entry']);
});
