import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Conclusion,
  decideRun,
  guardGates,
  type Name,
  type PipelineDefinition,
  type PipelineRun,
  policyChanges,
  type StageDefinition,
  type StageRun,
} from '../index.ts';

function stage(name: string, rest: Partial<StageDefinition> = {}): StageDefinition {
  return {
    name,
    kind: 'run',
    needs: [],
    requirement: 'required',
    commands: ['npm test'],
    workingDirectory: '',
    environment: {},
    inputs: [],
    outputs: {},
    network: [],
    timeoutMs: 1,
    maxOutputBytes: 1,
    isOnlyOnBranches: false,
    options: {},
    ...rest,
  } as StageDefinition;
}

const needs = (...names: readonly string[]): { readonly needs: readonly Name[] } => ({ needs: names as Name[] });
const build = stage('build', { kind: 'build', commands: ['npm ci'] });
const test = stage('test', { kind: 'test', ...needs('build'), options: { reports: { junit: 'junit.xml' } } });
const thresholds = { changed: 80, total: 50, ratchetTolerance: 0.1 };
const coverage = stage('coverage', {
  kind: 'coverage',
  commands: [],
  ...needs('test'),
  options: { sources: ['src/**'], thresholds },
});
const lint = stage('lint', { commands: ['npx eslint .'], inputs: ['src/**', 'eslint.config.js'] });
const docs = stage('docs', { requirement: 'advisory' });
const image = stage('image', { kind: 'image', commands: [], ...needs('test'), isOnlyOnBranches: true });
const base = pipeline(build, test, coverage, lint, docs, image);

function pipeline(...stages: readonly StageDefinition[]): PipelineDefinition {
  return { name: 'web', stages } as unknown as PipelineDefinition;
}

/** The base with one stage changed, or without it. */
function changed(name: string, change: Partial<StageDefinition> | undefined, more: readonly StageDefinition[] = []) {
  const stages = base.stages.flatMap((one) =>
    one.name !== name ? [one] : change === undefined ? [] : [{ ...one, ...change }],
  );
  return pipeline(...more, ...stages);
}

function guarded(proposed: PipelineDefinition): PipelineDefinition {
  const [one] = guardGates([proposed], [base]);
  if (one === undefined) throw new Error('no pipeline');
  return one;
}

function named(proposed: PipelineDefinition): readonly string[] {
  return policyChanges([proposed], [base]).map((change) => change.message);
}

const find = (of: PipelineDefinition, name: string): StageDefinition | undefined =>
  of.stages.find((one) => one.name === name);

describe('guardGates and policyChanges', () => {
  it('let a change add stages, raise thresholds, and do what it likes to stages that are not required', () => {
    const more = stage('licences', needs('build'));
    const stricter = { options: { sources: ['src/**', 'lib/**'], thresholds: { ...thresholds, total: 60 } } };
    const proposed = pipeline(build, test, { ...coverage, ...stricter }, lint, image, more);

    expect(guarded(proposed).stages).toHaveLength(6);
    expect(find(guarded(proposed), 'coverage')).toMatchObject(stricter);
    expect(named(proposed)).toEqual([]);
  });

  it.each([
    ['lint gone', changed('lint', undefined), 'lint', 'is gone'],
    ['lint off', changed('lint', { requirement: 'off' }), 'lint', 'is off'],
    ['build advisory', changed('build', { requirement: 'advisory' }), 'build', 'is advisory'],
    ['image off', changed('image', { requirement: 'off' }), 'image', 'is off'],
    [
      'lint doing nothing',
      changed('lint', { commands: ['true # later', 'echo "fine" && exit 0'] }),
      'lint',
      'runs something else',
    ],
    ['image without the test before it', changed('image', { needs: [] }), 'image', 'no longer waits for test'],
    ['lint blind for the sources', changed('lint', { inputs: ['eslint.config.js'] }), 'lint', 'fewer inputs'],
    ['tests blind', changed('test', { inputs: ['README.md'] }), 'test', 'fewer inputs'],
    [
      'lower coverage',
      changed('coverage', { options: { sources: ['src/**'], thresholds: { ...thresholds, changed: 0 } } }),
      'coverage',
      '0 % of changed lines; it was 80 %',
    ],
    [
      'no ratchet',
      changed('coverage', { options: { sources: ['src/**'], thresholds: { ...thresholds, ratchetTolerance: 100 } } }),
      'coverage',
      'fall by 100',
    ],
    [
      'fewer sources',
      changed('coverage', { options: { sources: ['src/a/**'], thresholds } }),
      'coverage',
      'no longer counts src/**',
    ],
  ])('run the gate of the base and name the change: %s', (_name, proposed, name, message) => {
    const before = find(base, name);
    const after = find(guarded(proposed), name);

    expect(after?.requirement).toBe('required');
    expect(after?.kind).toBe(before?.kind);
    expect(after?.commands).toEqual(before?.commands);
    expect(after?.needs).toEqual(before?.needs);
    const { sources } = (before?.options ?? {}) as { readonly sources?: readonly string[] };
    expect(after?.options).toMatchObject({
      ...before?.options,
      ...(sources === undefined ? {} : { sources: expect.arrayContaining([...sources]) }),
    });
    for (const glob of before?.inputs ?? []) expect(after?.inputs).toContain(glob);
    expect(named(proposed)).toHaveLength(1);
    expect(named(proposed)[0]).toContain(message);
  });

  const skipped = stage('never', { requirement: 'off' });
  const other = stage('other-test', { kind: 'test' });

  it.each([
    ['another kind of the same name', changed('lint', { kind: 'build' }), 'becomes a build stage'],
    ['a gate behind a stage that is off', changed('lint', needs('never'), [skipped]), 'behind a stage that is off'],
    ['a gate behind what pull requests skip', changed('lint', needs('image')), 'that pull requests skip'],
    ['another report for coverage', changed('coverage', needs('other-test'), [other]), 'no longer waits for test'],
    [
      'needs turned round',
      pipeline({ ...test, needs: [] }, { ...build, ...needs('test') }, coverage, lint, image),
      'no longer waits for build',
    ],
  ])('let the whole base pipeline stand, and name the change: %s', (_name, proposed, message) => {
    expect(guarded(proposed)).toEqual(base);
    expect(named(proposed).join(' ')).toContain(message);
  });

  it('keep a pipeline that is gone, or whose file cannot be read', () => {
    expect(guardGates([], [base])).toEqual([base]);
    expect(policyChanges([], [base]).map((change) => change.message)).toEqual([
      'Pipeline web is gone, with every gate of it.',
    ]);
  });

  it('take other commands as proposed, since a change may need them, but name them', () => {
    const proposed = changed('lint', { commands: ['npx biome ci'] });

    expect(find(guarded(proposed), 'lint')?.commands).toEqual(['npx biome ci']);
    expect(named(proposed)).toEqual(['Stage lint of pipeline web runs something else.']);
  });
});

const anyName = fc.constantFrom('build', 'test', 'coverage', 'lint', 'docs', 'image', 'new', 'newer');
const anyChange: fc.Arbitrary<Partial<StageDefinition>> = fc.record(
  {
    requirement: fc.constantFrom('required', 'advisory', 'off'),
    kind: fc.constantFrom('build', 'test', 'run'),
    needs: fc.uniqueArray(anyName, { maxLength: 3 }) as unknown as fc.Arbitrary<readonly Name[]>,
    isOnlyOnBranches: fc.boolean(),
    commands: fc.constantFrom(['true'], ['npm test'], [':', 'exit 0']),
    inputs: fc.constantFrom([], ['src/**'], ['README.md']),
    options: fc.record({
      sources: fc.constantFrom(['src/**'], ['none/**']),
      thresholds: fc.record({ changed: fc.nat(100), total: fc.nat(100), ratchetTolerance: fc.nat(100) }),
    }),
  },
  { requiredKeys: [] },
);
/** Any rearrangement of the base, with new stages: what a hostile change might propose, as far as a parser would let it through. */
const anyProposal = fc
  .record({
    removed: fc.uniqueArray(anyName, { maxLength: 3 }),
    changes: fc.dictionary(anyName, anyChange, { maxKeys: 4 }),
    added: fc.uniqueArray(fc.constantFrom('new', 'newer'), { maxLength: 2 }),
  })
  .map(({ removed, changes, added }) => {
    const kept = [
      ...base.stages.filter((one) => !removed.some((name) => name === one.name)),
      ...added.map((name) => stage(name)),
    ];
    const stages = kept.map((one) => ({
      ...one,
      ...changes[one.name],
      name: one.name,
      options: { ...one.options, ...changes[one.name]?.options },
    }));
    const names = new Set<string>(stages.map((one) => one.name));
    return pipeline(...stages.map((one) => ({ ...one, needs: one.needs.filter((need) => names.has(need)) })));
  })
  .filter(isAcyclic);

function isAcyclic(of: PipelineDefinition): boolean {
  const done = new Set<string>();
  for (let round = 0; round <= of.stages.length; round++)
    for (const one of of.stages) if (one.needs.every((need) => done.has(need))) done.add(one.name);
  return done.size === of.stages.length;
}

/** Plays a pull request's run to its end: every stage that starts ends as told. */
function play(definition: PipelineDefinition, fails: ReadonlySet<string>) {
  const run = { trigger: { kind: 'pull-request' }, definition } as unknown as PipelineRun;
  let stages = definition.stages.map((one) => ({ ...one, phase: 'pending' }) as unknown as StageRun);
  for (let round = 0; round <= definition.stages.length; round++) {
    const decision = decideRun(run, stages);
    const started = new Set(decision.start.map((one) => one.name));
    const skipped = new Set(decision.skip.map((one) => one.stage.name));
    const end = (one: StageRun, conclusion: Conclusion): StageRun => ({ ...one, phase: 'finished', conclusion });
    stages = stages.map((one) =>
      started.has(one.name)
        ? end(one, fails.has(one.name) ? 'failure' : 'success')
        : skipped.has(one.name)
          ? end(one, 'skipped')
          : one,
    );
    if (decision.conclusion !== undefined) return { conclusion: decision.conclusion, stages };
  }
  throw new Error('the run never ends');
}

describe('no proposed definition', () => {
  const gates = base.stages.filter((one) => one.requirement === 'required' && !one.isOnlyOnBranches);

  it('lets a run succeed without each gate of the base having run and succeeded', () => {
    fc.assert(
      fc.property(anyProposal, fc.constantFrom(undefined, ...gates.map((one) => one.name)), (proposed, failing) => {
        const { conclusion, stages } = play(guarded(proposed), new Set(failing === undefined ? [] : [failing]));
        const ran = gates.every((gate) => stages.find((one) => one.name === gate.name)?.conclusion === 'success');

        expect(ran).toBe(failing === undefined);
        expect(conclusion).toBe(failing === undefined ? 'success' : 'failure');
      }),
      { numRuns: 500 },
    );
  });

  it('weakens a gate that runs', () => {
    fc.assert(
      fc.property(anyProposal, (proposed) => {
        const result = guarded(proposed);
        for (const gate of base.stages.filter((one) => one.requirement === 'required')) {
          const now = find(result, gate.name);
          expect(now).toMatchObject({ kind: gate.kind, requirement: 'required' });
          if (gate.kind === 'coverage') {
            const after = now?.options as {
              readonly thresholds: typeof thresholds;
              readonly sources: readonly string[];
            };
            expect(after.thresholds.changed).toBeGreaterThanOrEqual(thresholds.changed);
            expect(after.thresholds.total).toBeGreaterThanOrEqual(thresholds.total);
            expect(after.thresholds.ratchetTolerance).toBeLessThanOrEqual(thresholds.ratchetTolerance);
            expect(after.sources).toContain('src/**');
          }
          if (gate.inputs.length === 0) expect(now?.inputs).toEqual([]);
          for (const glob of gate.inputs) if (now?.inputs.length !== 0) expect(now?.inputs).toContain(glob);
          if (gate.commands.length > 0) expect(now?.commands).not.toEqual(['true']);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('that runs anything less for a gate goes unnamed', () => {
    fc.assert(
      fc.property(anyProposal, (proposed) => {
        if (policyChanges([proposed], [base]).length > 0) return;
        for (const gate of base.stages.filter((one) => one.requirement === 'required'))
          expect(find(proposed, gate.name)).toMatchObject({
            kind: gate.kind,
            requirement: 'required',
            commands: gate.commands,
          });
        // Unmended, it holds every gate by itself.
        const { stages } = play(proposed, new Set());
        for (const gate of gates) expect(stages.find((one) => one.name === gate.name)?.conclusion).toBe('success');
      }),
      { numRuns: 500 },
    );
  });
});
