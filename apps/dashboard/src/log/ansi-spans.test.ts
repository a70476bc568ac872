// @vitest-environment happy-dom
import { expect, it } from 'vitest';
import { ansiSpans } from './ansi-spans.ts';

const escape = '\u001b';

it('turns colours into styles', () => {
  const spans = ansiSpans(`${escape}[31mred${escape}[0m plain ${escape}[1mbold${escape}[0m`);

  expect(spans.map(({ text }) => text)).toEqual(['red', ' plain ', 'bold']);
  expect(spans[0]?.style.color).toContain('red');
  expect(spans[1]?.style).toEqual({});
  expect(spans[2]?.style.fontWeight).toBeTruthy();
});

it.each([
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '</span><span style="position:fixed">',
  '<span style="color:red">',
  '&lt;b&gt; & "quotes"',
])('leaves %s what it is: text', (text) => {
  const plain = ansiSpans(text);
  const coloured = ansiSpans(`${escape}[32m${text}${escape}[0m`);

  expect(plain).toEqual([{ text, style: {} }]);
  expect(coloured).toHaveLength(1);
  expect(coloured[0]?.text).toBe(text);
  expect(Object.keys(coloured[0]?.style ?? {})).toEqual(['color']);
});

it.each([
  `before ${escape}[2K${escape}[1G after`,
  `before ${escape}[\u0001 after`,
  `before ${escape} after`,
  `before ${escape}]0;title\u0007 after`,
  `before ${escape}]0;never ended`,
  `${escape}[31mbefore${escape}[`,
])('hides no text behind another code: %j', (line) => {
  const text = ansiSpans(line)
    .map((span) => span.text)
    .join('');

  expect(text).toContain('before');
  expect(text.includes('after')).toBe(line.includes('after'));
});

it('makes no link of a terminal’s hyperlink', () => {
  const spans = ansiSpans(`${escape}]8;;javascript:alert(1)${escape}\\press${escape}]8;;${escape}\\`);

  expect(spans.map(({ text }) => text).join('')).toContain('press');
  expect(JSON.stringify(spans.map(({ style }) => style))).not.toContain('javascript');
});

it('keeps white space where it is', () => {
  const [first, second] = ansiSpans(`    at ${escape}[31m  x  ${escape}[0m`);

  expect(first?.text).toBe('    at ');
  expect(second?.text).toBe('  x  ');
});
