import { describe, expect, it } from 'vitest';
import { LineWriter } from './line-writer.ts';
import { LogFollower, type StageLog } from './log-follower.ts';

describe('LineWriter', () => {
  it('joins chunks into lines, also where a character is cut in two', () => {
    const lines: string[] = [];
    const writer = new LineWriter((line) => lines.push(line), 'web | ');
    const bytes = Buffer.from('one\ntwö\r\nthree');

    for (const byte of bytes) writer.write(Uint8Array.of(byte));
    writer.end();

    expect(lines).toEqual(['web | one', 'web | twö', 'web | three']);
  });

  it('lets colours through and nothing else that steers a terminal', () => {
    const lines: string[] = [];
    const writer = new LineWriter((line) => lines.push(line), '');

    writer.write(Buffer.from('\x1b[31mred\x1b[0m \x1b]0;title\x07 \x1b[2J \u009b2J\n'));

    expect(lines).toEqual(['\x1b[31mred\x1b[0m \ufffd]0;title\ufffd \ufffd[2J \ufffd2J']);
  });

  it('does not wait for the end of a line without one', () => {
    const lines: string[] = [];
    const writer = new LineWriter((line) => lines.push(line), '');

    writer.write(Buffer.from('x'.repeat(200_000)));

    expect(lines.map((line) => line.length)).toEqual([65_536, 65_536, 65_536]);
  });
});

describe('LogFollower', () => {
  it('reads the log of a running stage again that was not there at first', async () => {
    const read: string[] = [];
    const contents = ['', 'text'];
    const follower = new LogFollower(async ({ id }) => {
      read.push(id);
      return (contents.shift() ?? '') !== '';
    });
    const log = (hasEnded: boolean): StageLog => ({ id: 'run/test/1', prefix: '', hasBegun: true, hasEnded });

    follower.look([log(false)]);
    await new Promise((resolve) => setImmediate(resolve));
    follower.look([log(false)]);
    await follower.finish([log(true)]);

    expect(read).toEqual(['run/test/1', 'run/test/1']);
  });

  it('tells of a log that could not be read', async () => {
    const follower = new LogFollower(() => Promise.reject(new Error('gone')));

    follower.look([{ id: 'a', prefix: '', hasBegun: true, hasEnded: true }]);

    await expect(follower.finish([])).rejects.toThrow('gone');
  });
});
