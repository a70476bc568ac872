import { describe, expect, it } from 'vitest';
import { ConfigError, type Fault, parsePipelines } from './index.ts';

const head = 'apiVersion: slipway.dev/v1alpha1\nkind: Pipeline\nmetadata: {name: web}\nspec:\n  stages:\n';

function faultsOf(text: string): readonly Fault[] {
  try {
    parsePipelines(text, 'slipway.yaml');
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
}

describe('parsePipelines', () => {
  it('reads a pipeline, with defaults filled in and stages after their needs', () => {
    const text = `${head}    - {name: test, kind: test, needs: [build], commands: [npm test], reports: {junit: j.xml}}\n    - {name: build, kind: build, commands: [npm ci], timeout: 5m}\n`;

    const [pipeline] = parsePipelines(text, 'slipway.yaml');

    expect(pipeline?.stages.map((stage) => [stage.name, stage.timeoutMs])).toEqual([
      ['build', 300_000],
      ['test', 600_000],
    ]);
  });

  it('reports every fault at once, each with its line', () => {
    const text = `${head}    - {name: Build, kind: build, commands: [x], timeout: 5x}\n    - {name: test, kind: run, commands: [x], surprise: 1}\n`;

    const faults = faultsOf(text);

    expect(faults.map((fault) => [fault.line, fault.path])).toEqual([
      [6, 'spec.stages[0].name'],
      [6, 'spec.stages[0].timeout'],
      [7, 'spec.stages[1].surprise'],
    ]);
  });

  it.each([
    ['an unknown need', `${head}    - {name: a, kind: run, commands: [x], needs: [b]}\n`, 'there is no stage b'],
    [
      'a cycle',
      `${head}    - {name: a, kind: run, commands: [x], needs: [b]}\n    - {name: b, kind: run, commands: [x], needs: [a]}\n`,
      'a → b → a',
    ],
    [
      'a stage twice',
      `${head}    - {name: a, kind: run, commands: [x]}\n    - {name: a, kind: run, commands: [x]}\n`,
      'stands twice',
    ],
    ['duplicate keys', 'kind: Pipeline\nkind: Pipeline\n', 'unique'],
    ['an alias bomb', `a: &a [x]\n${Array.from({ length: 60 }, (_, i) => `k${i}: *a`).join('\n')}\n`, 'aliases'],
    ['10 MB', `a: ${'x'.repeat(10_000_000)}`, 'bytes'],
    ['deep nesting', `a: ${'['.repeat(100_000)}`, 'nests deeper'],
    ['deep nesting by dashes', `a:\n  ${'- '.repeat(50_000)}x\n`, 'nests deeper'],
    ['a loader variable', `${head}    - {name: a, kind: run, commands: [x], environment: {LD_PRELOAD: x}}\n`, 'unsafe'],
    [
      'a path out of the repository',
      `${head}    - {name: a, kind: run, commands: [x], workingDirectory: ../x}\n`,
      'inside the repository',
    ],
    [
      'coverage without a test',
      `${head}    - {name: a, kind: coverage, sources: [src/**]}\n`,
      'needs exactly one test stage',
    ],
    [
      'a copy of app config in place of the whole repository',
      `${head}    - {name: a, kind: run, commands: [x]}\n  appConfig: {repository: settings, from: web, to: .}\n`,
      'not a folder below the root',
    ],
    ['an empty file', '', 'empty'],
  ])('refuses %s', (_name, text, message) => {
    expect(
      faultsOf(text)
        .map((fault) => fault.message)
        .join('\n'),
    ).toContain(message);
  });
});
