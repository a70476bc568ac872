import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../testing/run-cli.ts';

const url = 'http://127.0.0.1:9';

describe('slipway operator', () => {
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(path.join(tmpdir(), 'slipway-operator-command-'));
  });
  afterAll(() => rm(home, { recursive: true }));

  it.each([
    ['without a server', ['operator'], { SLIPWAY_OPERATOR_TOKEN: 'a token' }, 2],
    ['with a token that everybody sees', ['operator', '--url', url, '--token', 'slw_a_b'], {}, 2],
    ['with a target nobody knows', ['operator', '--url', url, '--target', 'moon'], {}, 2],
    ['without a token', ['operator', '--url', url], {}, 3],
    [
      'with a key that is not there',
      ['operator', '--url', url, '--server-key', '/nonexistent'],
      { SLIPWAY_OPERATOR_TOKEN: 'a' },
      1,
    ],
  ])('does not start %s', async (_what, args, variables, code) => {
    const end = await runCli(home, args, variables);

    expect(end).toMatchObject({ code, stdout: '' });
    expect(end.stderr).not.toContain('slw_a_b');
  });

  it('leaves the options of its commands to them', async () => {
    // Nothing listens there: the command was reached with its own --url.
    const end = await runCli(home, ['operator', 'add', 'main', '--url', url, '--token', 'a token']);

    expect(end).toMatchObject({ code: 5, stdout: '' });
  });
});
