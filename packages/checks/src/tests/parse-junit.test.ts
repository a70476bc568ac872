import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CheckError, decideTests, parseJUnit, summarizeTests, type TestReport } from '../index.ts';

const project = new URL('../../../../', import.meta.url).pathname;
const vectors = join(process.env['SLIPWAY_TESTDATA'] ?? join(project, '../shared/testdata'), 'junit');
const hasVectors = existsSync(vectors);
if (!hasVectors) console.info('Skipped: the public JUnit reports are absent (SLIPWAY_TESTDATA).');

interface Expected {
  readonly unreadable: boolean;
  readonly tests: number;
  readonly skipped: number;
  readonly failures: number;
  readonly errors: number;
  readonly cases: Readonly<Record<string, number>>;
}

function readExpected(): Readonly<Record<string, Expected>> {
  return hasVectors
    ? (JSON.parse(readFileSync(join(vectors, 'expected.json'), 'utf8')) as Record<string, Expected>)
    : {};
}

function readVector(name: string): TestReport {
  return parseJUnit(readFileSync(join(vectors, 'files', name)), name);
}

function parse(xml: string): TestReport {
  return parseJUnit(Buffer.from(xml), 'report.xml');
}

function outcomes(xml: string): readonly string[] {
  return parse(xml).tests.map(({ outcome }) => outcome);
}

describe.skipIf(!hasVectors)('public reports', () => {
  it.each(Object.entries(readExpected()))('%s', (name, expected) => {
    if (expected.unreadable) {
      expect(() => readVector(name)).toThrow(expect.objectContaining({ code: 'REPORT_UNREADABLE' }));
      return;
    }
    const report = readVector(name);
    const { total, passed, flaky, skipped, failed, errored } = summarizeTests(report.tests);
    const { success = 0, skipped: skips = 0, disabled = 0, failure = 0, error = 0 } = expected.cases;

    // The other parser leaves cases without a name out of `cases`; we count them, as its totals do.
    if (Object.keys(expected.cases).length > 0) {
      const counted = [passed + flaky, skipped, failed, errored];
      expect(counted).toEqual([success, skips + disabled, failure, error]);
    } else if (total > 0) {
      expect([total, skipped, failed, errored]).toEqual([
        expected.tests,
        expected.skipped,
        expected.failures,
        expected.errors,
      ]);
    } else {
      expect(report.contradictions).toHaveLength(expected.failures + expected.errors > 0 ? 1 : 0);
    }
  });

  it('refuses the corrupt one', () => {
    expect(() => readVector('pytest/corrupt-xml.xml')).toThrow(CheckError);
  });
});

describe('parseJUnit', () => {
  it('names a test by its suites, class and file', () => {
    const report = parse(
      '<testsuites name="all"><testsuite name="a"><testsuite name="b" file="b.js">' +
        '<testcase name="n &lt;&#x41;&amp;lt;&gt;" classname="c" time="1,234.5"/></testsuite></testsuite></testsuites>',
    );

    expect(report.tests).toEqual([
      { suite: 'a > b', classname: 'c', name: 'n <A&lt;>', file: 'b.js', outcome: 'passed', durationMs: 1_234_500 },
    ]);
  });

  it.each([
    ['<testcase/>', 'passed'],
    ['<testcase><flakyFailure message="x"/></testcase>', 'flaky'],
    ['<testcase><failure/><rerunFailure/></testcase>', 'failed'],
    ['<testcase><skipped/><failure/></testcase>', 'failed'],
    ['<testcase><failure/><error/></testcase>', 'errored'],
    ['<testcase status="failed"/>', 'failed'],
    ['<testcase status="constructor"/>', 'passed'],
    ['<testcase status="notrun" result="suppressed"/>', 'skipped'],
  ])('reads %s as %s', (xml, outcome) => {
    expect(outcomes(`<testsuite>${xml}</testsuite>`)).toEqual([outcome]);
  });

  it.each([
    ['1.5', 1500],
    ['1,500', 1_500_000],
    ['0,25', 250],
    ['1,234,567.8', 1_234_567_800],
    ['', undefined],
    ['soon', undefined],
    ['-1', undefined],
  ])('reads the time %j', (time, durationMs) => {
    expect(parse(`<testsuite><testcase time="${time}"/></testsuite>`).tests[0]?.durationMs).toBe(durationMs);
  });

  it('reads markup inside output as text and characters that XML forbids as unknown ones', () => {
    const output = '<system-out><![CDATA[<!DOCTYPE x [<!ENTITY a "b">]><testcase/>\u0000\u001b[31m]]></system-out>';
    const report = parse(
      `<testsuite>${output}<testcase name="\u0008a"><failure>\u001b[1mno</failure></testcase></testsuite>`,
    );

    expect(report.tests).toMatchObject([{ name: '\ufffda', outcome: 'failed', message: '\ufffd[1mno' }]);
  });

  it('reads UTF-16 and other encodings', () => {
    const utf16 = Buffer.from('\ufeff<testsuite><testcase name="ü"/></testsuite>', 'utf16le');
    const latin = Buffer.from(
      '<?xml version="1.0" encoding="ISO-8859-1"?><testsuite><testcase name="ü"/></testsuite>',
      'latin1',
    );

    for (const bytes of [utf16, latin]) expect(parseJUnit(bytes, 'r').tests[0]?.name).toBe('ü');
  });

  it.each([
    ['nothing', ''],
    ['text', 'ok 1'],
    ['a cut-off file', '<testsuite><testcase name="a">'],
    ['two roots', '<testsuite/><testsuite/>'],
    ['another root', '<html></html>'],
    [
      'an entity bomb',
      '<!DOCTYPE t [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><testsuite><testcase name="&b;"/></testsuite>',
    ],
    ['an outside entity', '<?xml version="1.0"?><!DOCTYPE t SYSTEM "file:///etc/passwd"><testsuite/>'],
    ['a document type after a comment', '<!-- x --><!DOCTYPE t><testsuite/>'],
    ['an unknown encoding', '<?xml version="1.0" encoding="klingon"?><testsuite/>'],
    ['too deep a nesting', `${'<testsuite>'.repeat(5000)}${'</testsuite>'.repeat(5000)}`],
  ])('refuses %s', (_, xml) => {
    expect(() => parse(xml)).toThrow(
      expect.objectContaining({ code: 'REPORT_UNREADABLE', facts: { file: 'report.xml' } }),
    );
  });

  it('does not expand an entity that is not of XML', () => {
    expect(parse('<testsuite><testcase name="&xxe;"/></testsuite>').tests[0]?.name).toBe('&xxe;');
  });

  it('survives names of object members', () => {
    const xml = '<testsuite><__proto__ x="1"/><testcase constructor="1" name="a"/></testsuite>';

    expect(() => outcomes(xml)).not.toThrow(TypeError);
    expect(Object.getPrototypeOf({})).toBe(Object.prototype);
  });
});

describe('decideTests', () => {
  it('passes what passed, flaky ones among them', () => {
    const report = parse(
      '<testsuite><testcase/><testcase><flakyError/></testcase><testcase><skipped/></testcase></testsuite>',
    );

    const decision = decideTests([report], { requireTests: true });

    expect(decision).toMatchObject({ verdict: 'passed', reasons: [], text: '3 tests: 1 passed, 1 skipped, 1 flaky' });
    expect(decision.flaky).toHaveLength(1);
  });

  it.each([
    ['no report', []],
    ['a report without tests', [parse('<testsuites/>')]],
    ['only skipped tests', [parse('<testsuite><testcase><skipped/></testcase></testsuite>')]],
  ])('fails %s as NoTestsRun', (_, reports) => {
    expect(decideTests(reports, { requireTests: true })).toMatchObject({ verdict: 'failed', reasons: ['NoTestsRun'] });
    expect(decideTests(reports, { requireTests: false })).toMatchObject({ verdict: 'passed' });
  });

  it('fails on a failure, and on one that is claimed and not shown', () => {
    const failing = parse('<testsuite><testcase><failure message="m"/></testcase></testsuite>');
    const claiming = parse('<testsuite name="s" failures="1"><testcase/></testsuite>');

    expect(decideTests([failing], { requireTests: true })).toMatchObject({
      verdict: 'failed',
      failing: [{ message: 'm' }],
    });
    expect(decideTests([claiming], { requireTests: true })).toMatchObject({
      verdict: 'failed',
      reasons: ['ReportContradictsItself'],
      text: '1 test: 1 passed; report.xml: s claims 1 failures and shows none',
    });
  });
});
