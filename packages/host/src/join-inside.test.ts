import { describe, expect, it } from 'vitest';
import { HostError, joinInside } from './index.ts';

describe('joinInside', () => {
  it.each(['../x', 'a/../../x', '/etc/passwd', 'a\0b', 'a\\b', 'a/..'])('refuses %j', (relative) => {
    expect(() => joinInside('/root', relative)).toThrow(HostError);
  });

  it.each([
    ['', '/root'],
    ['a/b', '/root/a/b'],
    ['./a', '/root/a'],
    ['..a/b', '/root/..a/b'],
  ])('joins %j to %s', (relative, joined) => {
    expect(joinInside('/root', relative)).toBe(joined);
  });
});
