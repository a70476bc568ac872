import { expect, it } from 'vitest';
import { safeTarget } from './safe-link.tsx';

it.each([
  'javascript:alert(1)',
  ' javascript:alert(1)',
  'java\nscript:alert(1)',
  'data:text/html,<script>',
  'vbscript:x',
  'file:///etc/passwd',
  '//evil.example',
  '/\\evil.example',
  'runs/1',
  '',
])('leads nowhere for %j', (address) => {
  expect(safeTarget(address)).toBeUndefined();
});

it('leads to pages of ours and to http(s)', () => {
  expect(safeTarget('/runs/a?stage=b')).toEqual({ kind: 'page', href: '/runs/a?stage=b' });
  expect(safeTarget('https://example.org/x')).toEqual({ kind: 'outside', href: 'https://example.org/x' });
  expect(safeTarget('HTTP://127.0.0.1:80/')).toEqual({ kind: 'outside', href: 'http://127.0.0.1/' });
});
