import { expect, it } from 'vitest';
import { Recent } from './recent.ts';

it('keeps the last few used and forgets the others', () => {
  const recent = new Recent<number>(2);
  recent.keep('a', 1);
  recent.keep('b', 2);

  expect(recent.get('a')).toBe(1);
  recent.keep('c', 3);

  expect([recent.get('a'), recent.get('b'), recent.get('c')]).toEqual([1, undefined, 3]);
});
