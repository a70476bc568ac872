import type { StageView } from '@slipway/api';

/** What tests said. */
export interface TestFacts {
  readonly counts: readonly { readonly outcome: string; readonly count: number }[];
  readonly failing: readonly { readonly name: string; readonly message?: string }[];
}

/** Percentages are 0 to 100, rounded down by the server. */
export interface CoverageFacts {
  readonly totalPercent?: number;
  readonly changedPercent?: number;
  readonly uncovered: readonly { readonly path: string; readonly ranges: string }[];
  readonly absentFiles: readonly string[];
}

export interface ImageFacts {
  readonly name: string;
  readonly digest: string;
  readonly platform?: string;
}

/** Facts by what they are about; what is not known here stays in `others`, as it came. */
export interface StageFacts {
  readonly tests?: TestFacts;
  readonly coverage?: CoverageFacts;
  readonly image?: ImageFacts;
  readonly others: readonly (readonly [name: string, value: unknown])[];
}

type Values = Readonly<Record<string, unknown>>;

const outcomes = ['passed', 'failed', 'errored', 'skipped', 'flaky'] as const;
const known = ['tests', 'failing', 'coverage', 'totalPercent', 'changedPercent', 'uncovered', 'absentFiles', 'image'];

/** Reads the facts of a stage. They are open (`facts` may hold anything): what does not fit is left in `others`. */
export function readStageFacts({ facts }: Pick<StageView, 'facts'>): StageFacts {
  const tests = readTests(facts);
  const coverage = readCoverage(facts);
  const image = readImage(facts['image']);
  const read = new Set([
    ...(tests === undefined ? [] : ['tests', 'failing']),
    ...(coverage === undefined ? [] : known.slice(2, 7)),
    ...(image === undefined ? [] : ['image']),
  ]);
  return {
    ...(tests === undefined ? {} : { tests }),
    ...(coverage === undefined ? {} : { coverage }),
    ...(image === undefined ? {} : { image }),
    others: Object.entries(facts).filter(([name]) => !read.has(name)),
  };
}

function readTests(facts: Values): TestFacts | undefined {
  const summary = asValues(facts['tests']);
  if (summary === undefined) return undefined;
  const counts = outcomes.flatMap((outcome) => {
    const count = summary[outcome];
    return typeof count === 'number' && (count > 0 || outcome === 'passed') ? [{ outcome, count }] : [];
  });
  const failing = asList(facts['failing']).flatMap((entry) => {
    const { suite, name, message } = asValues(entry) ?? {};
    if (typeof name !== 'string') return [];
    const title = typeof suite === 'string' && suite !== '' ? `${suite} > ${name}` : name;
    return [{ name: title, ...(typeof message === 'string' ? { message } : {}) }];
  });
  return { counts, failing };
}

function readCoverage(facts: Values): CoverageFacts | undefined {
  const { totalPercent, changedPercent } = facts;
  if (typeof totalPercent !== 'number' && typeof changedPercent !== 'number') return undefined;
  const uncovered = asList(facts['uncovered']).flatMap((entry) => {
    const { path, ranges } = asValues(entry) ?? {};
    return typeof path === 'string' && typeof ranges === 'string' ? [{ path, ranges }] : [];
  });
  return {
    ...(typeof totalPercent === 'number' ? { totalPercent } : {}),
    ...(typeof changedPercent === 'number' ? { changedPercent } : {}),
    uncovered,
    absentFiles: asList(facts['absentFiles']).filter((path) => typeof path === 'string'),
  };
}

function readImage(value: unknown): ImageFacts | undefined {
  const image = asValues(value);
  const digest = asValues(image?.['manifest'])?.['digest'] ?? image?.['digest'];
  if (typeof digest !== 'string') return undefined;
  const { os, architecture } = asValues(image?.['platform']) ?? {};
  const name = image?.['name'];
  return {
    name: typeof name === 'string' ? name : '',
    digest,
    ...(typeof os === 'string' && typeof architecture === 'string' ? { platform: `${os}/${architecture}` } : {}),
  };
}

function asValues(value: unknown): Values | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Values) : undefined;
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
