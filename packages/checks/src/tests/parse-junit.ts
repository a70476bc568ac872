import { readXml, unreadable, type XmlElement } from '../read-xml.ts';
import type { TestOutcome, TestReport, TestResult } from './test-report.ts';

const longestMessage = 2000;

/**
 * Reads a JUnit XML file of whatever runner: nested suites, a bare suite as root, cases outside any suite, reruns of
 * Surefire. A case with several results counts by the worst; one that only says `status="failed"` has failed.
 *
 * @param file - name for messages.
 * @throws {@link CheckError} `REPORT_UNREADABLE` for anything that is not a whole report; never an empty result instead.
 * @see There is no official standard; the elements of Ant and Surefire are meant.
 */
export function parseJUnit(bytes: Uint8Array, file: string): TestReport {
  const root = readXml(bytes, file);
  if (root.name !== 'testsuites' && root.name !== 'testsuite') {
    throw unreadable(file, `its root is <${root.name}>, not <testsuites> or <testsuite>`);
  }
  return { file, tests: collectTests(root, { path: [], file: undefined }), contradictions: findContradictions(root) };
}

interface Surroundings {
  readonly path: readonly string[];
  readonly file: string | undefined;
}

function collectTests(suite: XmlElement, around: Surroundings): readonly TestResult[] {
  const name = suite.name === 'testsuite' ? suite.attributes.get('name') : undefined;
  const inside = {
    path: name === undefined || name === '' ? around.path : [...around.path, name],
    file: suite.attributes.get('file') ?? around.file,
  };
  return suite.children.flatMap((child) => {
    if (child.name === 'testcase') return [readTest(child, inside)];
    return child.name === 'testsuite' ? collectTests(child, inside) : [];
  });
}

function readTest(test: XmlElement, around: Surroundings): TestResult {
  const { outcome, because } = findOutcome(test);
  const file = test.attributes.get('file') ?? around.file;
  const durationMs = readSeconds(test.attributes.get('time'));
  const message = because === undefined ? '' : readMessage(because);
  return {
    suite: around.path.join(' > '),
    classname: test.attributes.get('classname') ?? '',
    name: test.attributes.get('name') ?? '',
    ...(file === undefined ? {} : { file }),
    outcome,
    ...(durationMs === undefined ? {} : { durationMs }),
    ...(message === '' ? {} : { message }),
  };
}

/** Worst first. `rerunFailure` stands beside the `failure` of a test that never passed. */
const outcomeByChild: readonly (readonly [string, TestOutcome])[] = [
  ['error', 'errored'],
  ['rerunError', 'errored'],
  ['failure', 'failed'],
  ['rerunFailure', 'failed'],
  ['skipped', 'skipped'],
  ['disabled', 'skipped'],
  ['flakyError', 'flaky'],
  ['flakyFailure', 'flaky'],
];

const outcomeByStatus: ReadonlyMap<string, TestOutcome> = new Map([
  ['error', 'errored'],
  ['errored', 'errored'],
  ['fail', 'failed'],
  ['failed', 'failed'],
  ['failure', 'failed'],
  ['notrun', 'skipped'],
  ['disabled', 'skipped'],
  ['skipped', 'skipped'],
  ['ignored', 'skipped'],
]);

function findOutcome(test: XmlElement): { readonly outcome: TestOutcome; readonly because?: XmlElement } {
  for (const [name, outcome] of outcomeByChild) {
    const because = test.children.find((child) => child.name === name);
    if (because !== undefined) return { outcome, because };
  }
  const stated = ['result', 'status'].map((name) =>
    outcomeByStatus.get(test.attributes.get(name)?.toLowerCase() ?? ''),
  );
  return { outcome: stated.find((outcome) => outcome !== undefined) ?? 'passed' };
}

function readMessage(because: XmlElement): string {
  const message = because.attributes.get('message')?.trim() ?? '';
  return Array.from((message === '' ? because.text.trim() : message).slice(0, 2 * longestMessage))
    .slice(0, longestMessage)
    .join('');
}

/** Seconds with or without thousands separators, or with a decimal comma; anything else counts as not stated. */
function readSeconds(text: string | undefined): number | undefined {
  const plain = text?.trim() ?? '';
  const isGrouped = /^[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?$/.test(plain);
  const seconds = isGrouped ? Number(plain.replaceAll(',', '')) : Number(plain.replace(',', '.'));
  return plain === '' || !Number.isFinite(seconds) || seconds < 0 ? undefined : Math.round(seconds * 1000);
}

function findContradictions(suite: XmlElement): readonly string[] {
  const inside = suite.children.filter(({ name }) => name === 'testsuite').flatMap(findContradictions);
  const claimed = readCount(suite, 'failures') + readCount(suite, 'errors');
  if (claimed === 0 || countFailing(suite) > 0 || inside.length > 0) return inside;
  const name = suite.attributes.get('name') ?? `<${suite.name}>`;
  return [`${name} claims ${claimed} failures and shows none`];
}

function countFailing(suite: XmlElement): number {
  const ends = suite.children.map((child) => {
    if (child.name === 'testsuite') return countFailing(child);
    const outcome = child.name === 'testcase' ? findOutcome(child).outcome : 'passed';
    return outcome === 'failed' || outcome === 'errored' || outcome === 'flaky' ? 1 : 0;
  });
  return ends.reduce((sum, count) => sum + count, 0);
}

function readCount(suite: XmlElement, name: string): number {
  const count = Number(suite.attributes.get(name)?.replaceAll(',', '') ?? 0);
  return Number.isFinite(count) && count > 0 ? count : 0;
}
