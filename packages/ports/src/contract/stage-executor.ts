import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, symlinkSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ExecutionRequest, ExecutionResult, StageExecutor } from '../executor.ts';

export interface ExecutorUnderTest {
  readonly executor: StageExecutor;
  close(): Promise<void>;
}

/** Runs a request in a folder of its own, and gathers the log. */
type Run = (
  request: Partial<ExecutionRequest>,
  options?: { readonly signal?: AbortSignal; readonly onLog?: (text: string) => void },
) => Promise<ExecutionResult & { readonly log: string; readonly outputDir: string }>;

/** What every executor does, on every rung of its ladder. */
export function stageExecutorContract(name: string, make: () => Promise<ExecutorUnderTest>): void {
  describe(name, () => {
    let under: ExecutorUnderTest;
    let folder: string;
    let count = 0;
    beforeAll(async () => {
      folder = mkdtempSync(path.join(tmpdir(), 'stage-contract-'));
      under = await make();
    });
    afterAll(async () => {
      await under.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const run: Run = async (request, options = {}) => {
      count += 1;
      const outputDir = path.join(folder, `out-${count}`);
      let log = '';
      const onLog = (chunk: Uint8Array) => {
        log += Buffer.from(chunk).toString();
        options.onLog?.(log);
      };
      const cancel = options.signal === undefined ? {} : { signal: options.signal };
      const whole = { ...ordinary, key: `run ${count}`, ...request };
      const result = await under.executor.execute(whole, { onLog, outputDir }, cancel);
      return { ...result, log, outputDir };
    };

    commandCases(run);
    fileCases(run, () => folder);
    endingCases(run);
    secretCases(run);
    refusalCases(run);
    relayCases(run);
  });
}

const ordinary: ExecutionRequest = {
  ...{ key: '', commands: [], inputs: [], environment: {}, network: { allow: [] }, outputs: [], secrets: [] },
  ...{ timeoutMs: 15_000, maxOutputBytes: 1_000_000, trust: 'trusted' },
};

function commandCases(run: Run): void {
  it('runs commands in turn, announces each, and stops at the first that fails', async () => {
    const result = await run({ commands: ['echo one; false; echo never', ['echo', 'two']] });

    expect(result).toMatchObject({ outcome: 'exited', exitCode: 1, command: 'echo one; false; echo never' });
    expect(result.log).toBe('$ echo one; false; echo never\none\n');
  });

  it('gives an array of words to the program as they are', async () => {
    const result = await run({ commands: [['printf', '[%s]', 'a b', '$HOME', "it's", '']] });

    expect(result.exitCode).toBe(0);
    expect(result.log).toBe(`$ printf '[%s]' 'a b' '$HOME' 'it'\\''s' ''\n[a b][$HOME][it's][]`);
  });

  it('keeps the order of standard output and standard error, and lets a stage open /dev/stderr', async () => {
    const result = await run({ commands: ['echo 1; echo 2 >&2; echo 3 >/dev/stderr; echo 4 >/dev/stdout; echo 5'] });

    expect(result.log.split('\n').slice(1, 6)).toEqual(['1', '2', '3', '4', '5']);
  });

  it('gives the environment asked for and nothing of the server', async () => {
    const result = await run({ commands: [['env']], environment: { GREETING: 'hello\nworld' } });

    const names = result.log.split('\n').flatMap((line) => /^([A-Za-z_]+)=/.exec(line)?.[1] ?? []);
    const known = ['CI', 'GREETING', 'HOME', 'LANG', 'OLDPWD', 'PATH', 'PWD', 'SLIPWAY_STAGE', 'TMPDIR'];
    expect(names.filter((name) => !known.includes(name))).toEqual([]);
    expect(result.log).toContain('GREETING=hello\nworld\n');
  });

  it('tells a missing program and an end by a signal', async () => {
    expect((await run({ commands: [['no-such-program-anywhere']] })).exitCode).toBe(127);

    const killed = await run({ commands: ['kill -9 $$'] });
    expect(killed.outcome).toBe('exited');
    expect(killed).not.toHaveProperty('exitCode');
  });
}

function fileCases(run: Run, folder: () => string): void {
  const tarOf = (files: Readonly<Record<string, string>>): Buffer => {
    const source = mkdtempSync(path.join(folder(), 'input-'));
    for (const [file, content] of Object.entries(files)) {
      mkdirSync(path.dirname(path.join(source, file)), { recursive: true });
      writeFileSync(path.join(source, file), content);
    }
    return execFileSync('tar', ['-c', '-C', source, '.'], { maxBuffer: 10_000_000 });
  };
  const input = (tar: Buffer, at?: string) => ({
    open: () => Readable.from([tar]),
    ...(at === undefined ? {} : { at }),
  });
  const list = (file: string) => execFileSync('tar', ['-tvf', file], { encoding: 'utf8' }).trim().split('\n');

  it('unpacks inputs in order, each in its folder, and starts where asked', async () => {
    const large = 'x'.repeat(3_000_000);
    const result = await run({
      inputs: [
        input(tarOf({ 'a.txt': 'first', 'sub/b.txt': 'b' })),
        input(tarOf({ 'a.txt': 'second', large }), 'deep/er'),
      ],
      workingDirectory: 'deep',
      commands: ['cat ../a.txt er/a.txt ../sub/b.txt; wc -c <er/large'],
    });

    expect(result.log).toContain('firstsecondb3000000\n');
  });

  it('fails with a code when an input is no tar', async () => {
    await expect(run({ inputs: [input(Buffer.from('no tar at all'))], commands: ['true'] })).rejects.toMatchObject({
      code: 'SANDBOX_INPUT_UNREADABLE',
    });
  });

  it('refuses an input that climbs out of the workspace, and runs nothing over it', async () => {
    const source = mkdtempSync(path.join(folder(), 'climbing-'));
    writeFileSync(path.join(source, 'evil'), 'x');
    const climbing = ['-c', '-P', '--transform', 's,^,../../,', '-C', source, 'evil'];

    await expect(run({ inputs: [input(execFileSync('tar', climbing))], commands: ['echo ran'] })).rejects.toMatchObject(
      { code: 'SANDBOX_INPUT_UNREADABLE' },
    );
  });

  it('opens no link of a tree for a stage, and none for the server', async () => {
    const source = mkdtempSync(path.join(folder(), 'linked-'));
    writeFileSync(path.join(source, 'secret'), 'of the server', { mode: 0o600 });
    mkdirSync(path.join(source, 'tree'));
    symlinkSync(path.join(source, 'secret'), path.join(source, 'tree/link'));
    const tree = execFileSync('tar', ['-c', '-C', path.join(source, 'tree'), '.']);

    const result = await run({
      inputs: [input(tree)],
      commands: ['cat link || echo refused'],
      outputs: [{ name: 'link', path: 'link', isRequired: true }],
    });

    const isApart = result.facts.isUidSeparate || result.facts.areFilesIsolated;
    expect(result.log.includes('refused')).toBe(isApart);
    expect(result.log.includes('of the server')).toBe(!isApart);
    expect(list(result.outputs[0]?.file ?? '')).toEqual([expect.stringMatching(/^l.* link -> .*\/secret$/)]);
  });

  it('packs outputs into the same bytes whatever the times, the modes and the order were', async () => {
    const outputs = [
      { name: 'dist', path: 'dist', isRequired: true },
      { name: 'report', path: 'sub/report.xml', isRequired: true },
    ];
    const first = await run({
      commands: [
        'mkdir dist sub; echo a >dist/a; echo b >dist/b; chmod 755 dist/b; echo r >sub/report.xml; ln -s /etc/shadow dist/z',
      ],
      outputs,
    });
    const second = await run({
      commands: [
        'umask 077; mkdir sub dist; ln -s /etc/shadow dist/z; echo b >dist/b; chmod 4711 dist/b; echo a >dist/a; touch -d 2001-01-01 dist/a; echo r >sub/report.xml',
      ],
      outputs,
    });

    expect(second.outputs.map(({ digest }) => digest)).toEqual(first.outputs.map(({ digest }) => digest));
    const [dist, report] = first.outputs;
    const bytes = readFileSync(dist?.file ?? '');
    expect(`sha256:${createHash('sha256').update(bytes).digest('hex')}`).toBe(dist?.digest);
    expect(bytes.length).toBe(dist?.sizeBytes);
    expect(list(dist?.file ?? '').map((line) => line.replace(/\s+/g, ' '))).toEqual([
      'drwxr-xr-x 0/0 0 1970-01-01 00:00 dist/',
      '-rw-r--r-- 0/0 2 1970-01-01 00:00 dist/a',
      '-rwxr-xr-x 0/0 2 1970-01-01 00:00 dist/b',
      expect.stringMatching(/^l\S+ 0\/0 0 1970-01-01 00:00 dist\/z -> \/etc\/shadow$/),
    ]);
    expect(list(report?.file ?? '')).toHaveLength(1);
  });

  it('packs what a failed stage left, and fails a stage that lacks a required output', async () => {
    const outputs = [
      { name: 'there', path: 'there', isRequired: true },
      { name: 'absent', path: 'absent', isRequired: true },
    ];
    const failed = await run({ commands: ['echo x >there; exit 3'], outputs });
    const missing = await run({ commands: ['echo x >there'], outputs });
    const optional = await run({ commands: ['true'], outputs: [{ name: 'a', path: 'a', isRequired: false }] });

    expect(failed).toMatchObject({ outcome: 'exited', exitCode: 3 });
    expect(failed.outputs.map(({ name }) => name)).toEqual(['there']);
    expect(missing).toMatchObject({ outcome: 'output_missing', exitCode: 0 });
    expect(optional).toMatchObject({ outcome: 'exited', outputs: [] });
  });

  it('packs a link that is itself the output as a link, never what it leads to', async () => {
    const result = await run({
      commands: ['ln -s /etc/passwd link; mkdir shut; echo x >shut/file; chmod 0 shut/file shut'],
      outputs: ['link', 'shut'].map((name) => ({ name, path: name, isRequired: true })),
    });

    expect(list(result.outputs[0]?.file ?? '')).toEqual([expect.stringMatching(/^l.* link -> \/etc\/passwd$/)]);
    expect(list(result.outputs[1]?.file ?? '')).toHaveLength(2);
  });

  it('starts every stage in an empty workspace, also under the same key', async () => {
    const look = {
      key: 'same',
      commands: ['ls -A . "$HOME" | grep -v ":$" | grep . && exit 9; mkdir -m 0 shut; echo x >"$HOME/.npmrc"'],
    };

    expect((await run(look)).exitCode).toBe(0);
    expect((await run(look)).exitCode).toBe(0);
  });
}

function endingCases(run: Run): void {
  /** Sleeps for a number of seconds that nobody else sleeps, not even another run of this suite, so that it is found from outside. */
  const lingering = (id: number) => {
    const seconds = `${id}.${process.pid}`;
    return {
      seconds,
      text: `setsid sleep ${seconds} & (nohup sleep ${seconds} >/dev/null 2>&1 &) ; `,
      isAlive: () =>
        readdirSync('/proc').some((pid) => /^\d+$/.test(pid) && commandLine(pid) === `sleep\0${seconds}\0`),
    };
  };

  it('leaves no process of a stage that ended by itself, detached ones included', async () => {
    const sleep = lingering(71_001);

    const result = await run({ commands: [`${sleep.text} echo started`] });

    expect(result).toMatchObject({ outcome: 'exited', exitCode: 0 });
    expect(result.durationMs).toBeLessThan(60_000);
    expect(sleep.isAlive()).toBe(false);
  });

  it('ends everything at the time limit and keeps the log until then', async () => {
    const sleep = lingering(71_002);

    const result = await run({ commands: [`${sleep.text} echo before; sleep ${sleep.seconds}`], timeoutMs: 4_000 });

    expect(result).toMatchObject({ outcome: 'timed_out', outputs: [] });
    expect(result).not.toHaveProperty('exitCode');
    expect(result.log).toContain('before\n');
    expect(sleep.isAlive()).toBe(false);
  });

  it('ends everything when it is cancelled, before or while it runs', async () => {
    const sleep = lingering(71_003);
    const controller = new AbortController();
    const onLog = (log: string) => log.includes('\nready') && controller.abort();

    const result = await run(
      { commands: [`${sleep.text} trap '' TERM INT HUP; echo ready; sleep ${sleep.seconds}`] },
      { signal: controller.signal, onLog },
    );

    expect(result.outcome).toBe('cancelled');
    expect(sleep.isAlive()).toBe(false);
    expect((await run({ commands: ['true'] }, { signal: AbortSignal.abort() })).outcome).toBe('cancelled');
  });

  it('ends a stage that writes more than its log may hold', async () => {
    const result = await run({ commands: ['yes'], maxOutputBytes: 50_000 });

    expect(result.outcome).toBe('output_limit');
    expect(result.log).toHaveLength(50_000);
  });

  it('attaches a second call of a running key to the first', async () => {
    let second: ReturnType<Run> | undefined;
    const request = { key: 'twice', commands: ['echo start; sleep 2; echo $$ end'] };

    const first = await run(request, { onLog: () => void (second ??= run(request)) });

    const attached = await second;
    expect(attached?.durationMs).toBe(first.durationMs);
    expect(attached?.log).toMatch(/\d+ end\n$/);
  });

  it('runs stages of different keys at the same time, apart from one another', async () => {
    const commands = ['echo "$NAME" >file; sleep 0.2; cat file'];

    const results = await Promise.all(['a', 'b', 'c'].map((NAME) => run({ commands, environment: { NAME } })));

    expect(results.map(({ log }) => log.trim().at(-1))).toEqual(['a', 'b', 'c']);
  });
}

function commandLine(pid: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return undefined;
  }
}

function secretCases(run: Run): void {
  it('masks secrets in the log and in the command it names, also when written in pieces', async () => {
    const secret = 'tOp-s3cret';
    const result = await run({
      commands: [`printf tOp-; sleep 0.1; echo s3'c'ret; printf %s "$TOKEN" | base64; : ${secret}; exit 4`],
      environment: { TOKEN: secret },
      secrets: [secret],
    });

    expect(result.exitCode).toBe(4);
    expect(`${result.log}${result.command}`).not.toMatch(/s3cret|dE9wLXMzY3JldA/);
    expect(result.command).toContain(': ***;');
    expect(result.log).toContain('\n***\n');
  });
}

function refusalCases(run: Run): void {
  it.each([
    ['a loader variable', { environment: { LD_PRELOAD: '/tmp/evil.so' } }, 'SANDBOX_ENVIRONMENT_REFUSED'],
    ['a start-up file', { environment: { BASH_ENV: 'evil.sh' } }, 'SANDBOX_ENVIRONMENT_REFUSED'],
    ['a PATH of its own', { environment: { PATH: '/tmp' } }, 'SANDBOX_ENVIRONMENT_REFUSED'],
    ['a name that is none', { environment: { 'a=b': '' } }, 'SANDBOX_ENVIRONMENT_REFUSED'],
    ['an output outside', { outputs: [{ name: 'x', path: '../x', isRequired: false }] }, 'SANDBOX_REQUEST_REFUSED'],
    ['an absolute output', { outputs: [{ name: 'x', path: '/etc', isRequired: false }] }, 'SANDBOX_REQUEST_REFUSED'],
    [
      'an output name with a slash',
      { outputs: [{ name: '../x', path: 'x', isRequired: false }] },
      'SANDBOX_REQUEST_REFUSED',
    ],
    ['a folder outside', { workingDirectory: 'a/../../b' }, 'SANDBOX_REQUEST_REFUSED'],
    ['an input folder outside', { inputs: [{ open: () => Readable.from([]), at: '..' }] }, 'SANDBOX_REQUEST_REFUSED'],
  ] as const)('refuses %s', async (_what, request, code) => {
    await expect(run({ commands: ['true'], ...request })).rejects.toMatchObject({ code });
  });
}

function relayCases(run: Run): void {
  it('lets a stage reach the address of a relay', async () => {
    const server = await listen('hello from outside');
    const { port } = server.address() as { readonly port: number };

    const result = await run({
      commands: [
        [
          process.execPath,
          '-e',
          `require('net').connect(process.env.API.split(':')[1], '127.0.0.1').pipe(process.stdout)`,
        ],
      ],
      relays: [{ name: 'API', host: '127.0.0.1', port }],
    });

    server.close();
    expect(result.log).toContain('hello from outside');
  });
}

async function listen(greeting: string): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined).end(greeting));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  return server;
}
