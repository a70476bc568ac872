import { expect, it } from 'vitest';
import { asSentence } from './as-sentence.ts';

it.each([
  ['it is wrong', 'it is wrong.'],
  ['It is wrong. ', 'It is wrong.'],
  ['Why?', 'Why?'],
])('makes %j one sentence', (text, sentence) => {
  expect(asSentence(text)).toBe(sentence);
});
