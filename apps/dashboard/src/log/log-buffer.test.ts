import { expect, it } from 'vitest';
import { LogBuffer } from './log-buffer.ts';

const red = '\u001b[31m';
const reset = '\u001b[0m';

function linesOf(...chunks: readonly string[]): readonly string[] {
  const buffer = new LogBuffer();
  for (const chunk of chunks) buffer.append(chunk);
  buffer.end();
  return buffer.snapshot().lines;
}

it('joins a line that came in pieces and keeps one without an end', () => {
  expect(linesOf('on', 'e\ntw', 'o\n', 'three')).toEqual(['one', 'two', 'three']);
});

it('carries a colour over the end of a line until it is reset', () => {
  expect(linesOf(`${red}a\nb${reset}\nc\n`)).toEqual([`${red}a`, `${red}b${reset}`, 'c']);
});

it('keeps the last state of a line that is written over and over', () => {
  expect(linesOf('10 %\r50 %\r100 %\ndone\r\n')).toEqual(['100 %', 'done']);
});

it('holds a bounded number of lines and says how many it let go', () => {
  const buffer = new LogBuffer();
  for (let index = 0; index < 130; index++) buffer.append('x\n'.repeat(1_000));

  const { lines, dropped } = buffer.snapshot();

  expect(lines.length).toBeLessThanOrEqual(55_000);
  expect(lines.length + dropped).toBe(130_000);
});

it('cuts a line of a megabyte, ended or not', () => {
  const [cut, open] = linesOf(`${'x'.repeat(1_048_576)}\n`, 'y'.repeat(1_048_576));

  expect(cut?.length).toBeLessThan(5_000);
  expect(cut).toContain('line cut');
  expect(open?.length).toBeLessThan(9_000);
});
