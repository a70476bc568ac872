import { RuleTester } from 'eslint';
import { describe, test } from 'vitest';
import tseslint from 'typescript-eslint';
import { loggerStaticMessage, noProcessEnv, noSetInterval, noShell } from './index.ts';

RuleTester.describe = describe;
RuleTester.it = test;

const tester = new RuleTester({ languageOptions: { parser: tseslint.parser } });

tester.run('no-process-env', noProcessEnv, {
  valid: ['const { env } = options;', "import { argv } from 'node:process';", 'worker.env.PATH', 'process[name]'],
  invalid: [
    { code: 'const home = process.env.HOME;', errors: [{ messageId: 'env' }] },
    { code: "const home = process['env']['HOME'];", errors: [{ messageId: 'env' }] },
    { code: "import { env as all } from 'node:process';", errors: [{ messageId: 'env' }] },
  ],
});

tester.run('no-set-interval', noSetInterval, {
  valid: ['setTimeout(run, 10);', 'clock.setInterval(run, 10);'],
  invalid: [
    { code: 'setInterval(run, 10);', errors: [{ messageId: 'interval' }] },
    { code: 'globalThis.setInterval(run, 10);', errors: [{ messageId: 'interval' }] },
  ],
});

tester.run('no-shell', noShell, {
  valid: [
    "import { spawn, execFile } from 'node:child_process'; spawn('git', ['log', branch]);",
    "spawn('git', args, { shell: false });",
    "spawn('sh', ['-c', 'cat \"$1\"', 'sh', file]);",
    "spawn('/bin/sh', [script, file]);",
    "const found = pattern.exec('text');",
    "decorate({ shell: 'mussel' });",
  ],
  invalid: [
    { code: "import { exec } from 'node:child_process';", errors: [{ messageId: 'stringCommand' }] },
    { code: "import { execaCommand as run } from 'execa';", errors: [{ messageId: 'stringCommand' }] },
    { code: "spawn('git log', { shell: true });", errors: [{ messageId: 'shellOption' }] },
    { code: "runProgram('git', args, { 'shell': '/bin/sh' });", errors: [{ messageId: 'shellOption' }] },
    { code: "childProcess.spawnSync('git', [], { shell });", errors: [{ messageId: 'shellOption' }] },
    { code: "spawn('sh', ['-c', `cat ${file}`]);", errors: [{ messageId: 'shellText' }] },
    { code: "spawn('/bin/bash', ['-ec', 'cat ' + file]);", errors: [{ messageId: 'shellText' }] },
  ],
});

tester.run('logger-static-message', loggerStaticMessage, {
  valid: [
    "logger.info({ run }, 'run started');",
    "options.logger.warn('nothing to do');",
    "this.#logger.error({ err }, 'effect failed');",
    'forge.error(text);',
  ],
  invalid: [
    { code: 'logger.info(`run ${run} started`);', errors: [{ messageId: 'dynamic' }] },
    { code: "this.#logger.warn({ run }, 'run ' + run);", errors: [{ messageId: 'dynamic' }] },
    { code: 'logger.error(error.message);', errors: [{ messageId: 'dynamic' }] },
    { code: 'logger.error({ err });', errors: [{ messageId: 'missing' }] },
  ],
});
