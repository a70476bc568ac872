import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  decideCoverage,
  mergeCoverage,
  parseCobertura,
  parseJacoco,
  parseLcov,
  printRanges,
  resolveCoverage,
  createPathResolver,
  resolveReportPath,
  type CoverageFacts,
  type CoverageReport,
} from '../index.ts';

function plain(report: CoverageReport): Record<string, Record<string, number>> {
  return Object.fromEntries([...report.files].map(([path, lines]) => [path, Object.fromEntries(lines)]));
}

function covered(files: Record<string, Record<number, number>>): CoverageReport {
  const lines = Object.entries(files).map(
    ([path, hits]) => [path, new Map(Object.entries(hits).map(([line, count]) => [Number(line), count]))] as const,
  );
  return { files: new Map(lines) };
}

describe('parseLcov', () => {
  it('reads 1.x and 2.x, recounts and sums a file told twice', () => {
    const text =
      'TN:t\nSF:a.js\nFN:1,f\nFNDA:1,f\nBRDA:1,0,0,-\nDA:1,1\nDA:2,0\nLF:99\nLH:99\nend_of_record\r\n' +
      'SF:a.js\nFNL:0,1,2\nFNA:0,1,f\nMCDC:1,1,t,1,0,x\nDA:2,3,md5==\nDA:3,-1\nDA:4,1e+06\nend_of_record\n';

    expect(plain(parseLcov(Buffer.from(text), 'l'))).toEqual({ 'a.js': { 1: 1, 2: 3, 3: 0, 4: 1e6 } });
  });

  it.each([
    '',
    'TN:\n',
    'SF:a\nDA:1,1\n',
    'DA:1,1\nend_of_record\n',
    'SF:a\nDA:x,1\nend_of_record\n',
    'SF:a\nSF:b\nend_of_record\n',
    'SF:a\nDA:1,NaN\nend_of_record',
  ])('refuses %j', (text) => {
    expect(() => parseLcov(Buffer.from(text), 'l')).toThrow(expect.objectContaining({ code: 'REPORT_UNREADABLE' }));
  });
});

describe('parseCobertura', () => {
  it('takes lines of the class, sums classes of one file and puts the source before it', () => {
    const xml = `<?xml version="1.0"?><!DOCTYPE coverage SYSTEM "http://cobertura.example/coverage-04.dtd">
<coverage line-rate="1"><sources><source>/w/src</source></sources><packages><package><classes>
<class filename="a.py"><methods><method><lines><line number="1" hits="9"/></lines></method></methods>
<lines><line number="1" hits="2" branch="true"/><line number="2" hits="0"/></lines></class>
<class filename="a.py"><methods/><lines><line number="2" hits="1"/></lines></class>
<class filename="/abs/b.py"><methods><method><lines><line number="7" hits="0"/></lines></method></methods><lines/></class>
</classes></package></packages></coverage>`;

    expect(plain(parseCobertura(Buffer.from(xml), 'c'))).toEqual({
      '/w/src/a.py': { 1: 2, 2: 1 },
      '/abs/b.py': { 7: 0 },
    });
  });

  it.each([
    '<coverage/>',
    '<report/>',
    '<coverage><class filename="a"><line number="1" hits="x"/></class></coverage>',
    '<!DOCTYPE coverage [<!ENTITY a "b">]><coverage/>',
  ])('refuses %j', (xml) => {
    expect(() => parseCobertura(Buffer.from(xml), 'c')).toThrow(expect.objectContaining({ code: 'REPORT_UNREADABLE' }));
  });
});

describe('parseJacoco', () => {
  it('takes a line with any covered instruction as covered, in nested groups', () => {
    const xml = `<!DOCTYPE report PUBLIC "-//JACOCO//DTD Report 1.1//EN" "report.dtd"><report name="r"><group name="g">
<package name="com/x"><class name="com/x/A"/><sourcefile name="A.java"><line nr="3" mi="0" ci="2" mb="1" cb="1"/>
<line nr="4" mi="5" ci="0" mb="0" cb="0"/></sourcefile></package></group></report>`;

    expect(plain(parseJacoco(Buffer.from(xml), 'j'))).toEqual({ 'com/x/A.java': { 3: 1, 4: 0 } });
  });

  it('refuses a report without source files', () => {
    expect(() => parseJacoco(Buffer.from('<report/>'), 'j')).toThrow(
      expect.objectContaining({ code: 'REPORT_UNREADABLE' }),
    );
  });
});

describe('resolveReportPath', () => {
  const files = ['src/a.js', 'services/web/src/a.js', 'services/web/src/b.js', 'index.js', 'x/index.js', 'y/index.js'];
  it.each([
    ['src/a.js', 'src/a.js'],
    ['./src/../src/a.js', 'src/a.js'],
    ['/work space/services/web/src/a.js', 'services/web/src/a.js'],
    ['/elsewhere/services/web/src/a.js', 'services/web/src/a.js'],
    ['C:\\build\\services\\web\\src\\b.js', 'services/web/src/b.js'],
    ['file:///elsewhere/services/web/src/b.js', 'services/web/src/b.js'],
    ['b.js', 'services/web/src/b.js'],
    ['index.js', 'index.js'],
    ['z/index.js', 'index.js'],
    ['../../b.js', 'services/web/src/b.js'],
    ['node_modules/c.js', undefined],
    ['', undefined],
  ])('resolves %j to %s', (path, resolved) => {
    expect(resolveReportPath(path, files, ['/work space/'])).toBe(resolved);
  });

  it('leaves a path that could mean two files', () => {
    expect(resolveReportPath('index.js', ['x/index.js', 'y/index.js'])).toBeUndefined();
  });

  it('sums two paths of one file and names what it cannot place', () => {
    const report = covered({ '/w/src/a.js': { 1: 1 }, 'src/a.js': { 1: 2, 2: 0 }, 'gone.js': { 1: 1 } });

    const resolved = resolveCoverage(report, createPathResolver(files, ['/w']));

    expect(plain(resolved.report)).toEqual({ 'src/a.js': { 1: 3, 2: 0 } });
    expect(resolved.unresolved).toEqual(['gone.js']);
  });
});

const thresholds = { changed: 80, ratchetTolerance: 0 };
function facts(more: Partial<CoverageFacts>): CoverageFacts {
  return { report: covered({}), sourceFiles: [], changedLines: new Map(), thresholds, ...more };
}

describe('decideCoverage', () => {
  it('names uncovered changed lines for people', () => {
    const path = 'services/web/src/page.js';
    const hits = { 12: 0, 13: 0, 14: 0, 15: 0, 16: 1, 20: 0, 21: 1 };
    const changed = [20, 12, 13, 14, 15, 16, 17, 21];

    const decision = decideCoverage(
      facts({
        report: covered({ [path]: hits }),
        sourceFiles: [{ path, lines: 30 }],
        changedLines: new Map([[path, changed]]),
      }),
    );

    expect(decision).toMatchObject({
      verdict: 'failed',
      reasons: ['ChangedLinesTooLow'],
      changed: { covered: 2, total: 7 },
      changedPercent: 28,
      uncoveredChanges: [{ path, ranges: '12-15, 20' }],
      text: 'total 28 % (2 of 7 lines); changed lines 28 % (2 of 7 lines), 80 % needed; not covered: services/web/src/page.js: 12-15, 20',
    });
  });

  it('counts a source file that the report does not know as uncovered entirely', () => {
    const decision = decideCoverage(
      facts({
        report: covered({ 'a.js': { 1: 1 } }),
        sourceFiles: [
          { path: 'a.js', lines: 9 },
          { path: 'new.js', lines: 3 },
        ],
        changedLines: new Map([['new.js', [1, 2, 3]]]),
      }),
    );

    expect(decision).toMatchObject({
      verdict: 'failed',
      total: { covered: 1, total: 4 },
      changed: { covered: 0, total: 3 },
      absentFiles: ['new.js'],
      uncoveredChanges: [{ path: 'new.js', ranges: '1-3' }],
    });
  });

  it('counts neither tests nor changed lines of files that are no source', () => {
    const report = covered({ 'a.js': { 1: 0 }, 'a.test.js': { 1: 1, 2: 1 } });

    const decision = decideCoverage(
      facts({ report, sourceFiles: [{ path: 'a.js', lines: 1 }], changedLines: new Map([['README.md', [1]]]) }),
    );

    expect(decision).toMatchObject({ verdict: 'passed', total: { covered: 0, total: 1 }, changedPercent: 100 });
  });

  it.each([
    ['as before', { covered: 8, total: 10, uncovered: 2 }, 0, 'passed'],
    ['higher before', { covered: 9, total: 10, uncovered: 1 }, 0, 'failed'],
    ['within the tolerance', { covered: 9, total: 10, uncovered: 1 }, 10, 'passed'],
    ['covered code was removed', { covered: 98, total: 100, uncovered: 2 }, 0, 'passed'],
    ['nothing before', { covered: 0, total: 0, uncovered: 0 }, 0, 'passed'],
    ['a hair higher, which rounding would hide', { covered: 80_001, total: 100_000, uncovered: 1 }, 0, 'failed'],
  ] as const)('holds the ratchet: %s', (_, base, ratchetTolerance, verdict) => {
    const hits = Object.fromEntries(Array.from({ length: 10 }, (__, index) => [index + 1, index < 8 ? 1 : 0]));

    const decision = decideCoverage(
      facts({
        report: covered({ 'a.js': hits }),
        sourceFiles: [{ path: 'a.js', lines: 10 }],
        base,
        thresholds: { changed: 0, ratchetTolerance },
      }),
    );

    expect(decision.verdict).toBe(verdict);
    expect(decision.measured).toEqual({ covered: 8, total: 10, uncovered: 2 });
    expect(decision.reasons).toEqual(verdict === 'passed' ? [] : ['CoverageFell']);
  });

  it('compares thresholds exactly', () => {
    const hits = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [index + 1, index < 801 ? 1 : 0]));
    const given = { report: covered({ a: hits }), sourceFiles: [{ path: 'a', lines: 1000 }] };

    const exact = decideCoverage(facts({ ...given, thresholds: { ...thresholds, total: 80.1 } }));
    const above = decideCoverage(facts({ ...given, thresholds: { ...thresholds, total: 80.100001 } }));

    expect([exact.verdict, above.verdict]).toEqual(['passed', 'failed']);
  });
});

const names = ['a', 'b', 'c', 'd'];
const lines = fc.dictionary(fc.integer({ min: 1, max: 20 }).map(String), fc.nat(3), { maxKeys: 20 });
const reports = fc.dictionary(fc.constantFrom(...names), lines).map((files) => covered(files));

describe('coverage as a whole', () => {
  it('merges in any order and grouping to the same, and never covers less', () => {
    fc.assert(
      fc.property(reports, reports, reports, (one, two, three) => {
        const all = plain(mergeCoverage([one, two, three]));

        expect(plain(mergeCoverage([three, one, two]))).toEqual(all);
        expect(plain(mergeCoverage([one, mergeCoverage([two, three])]))).toEqual(all);
        for (const [path, hits] of one.files) {
          for (const [line, count] of hits) expect(all[path]?.[line]).toBeGreaterThanOrEqual(count);
        }
      }),
    );
  });

  it('never rises when a file is left out of the report', () => {
    const changes = fc.dictionary(fc.constantFrom(...names), fc.array(fc.integer({ min: 1, max: 20 })));
    fc.assert(
      fc.property(reports, fc.constantFrom(...names), changes, (report, left, changed) => {
        const sourceFiles = names.map((path) => ({ path, lines: 20 }));
        const without = { files: new Map([...report.files].filter(([path]) => path !== left)) };
        const changedLines = new Map(Object.entries(changed));

        const whole = decideCoverage(facts({ report, sourceFiles, changedLines }));
        const less = decideCoverage(facts({ report: without, sourceFiles, changedLines }));

        expect(less.total.covered * whole.total.total).toBeLessThanOrEqual(whole.total.covered * less.total.total);
        expect(less.changedPercent).toBeLessThanOrEqual(whole.changedPercent);
      }),
    );
  });

  it('prints every line in its ranges and none beside them', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 })), (wanted) => {
        const read = printRanges(wanted)
          .split(', ')
          .filter((range) => range !== '')
          .flatMap((range) => {
            const [first = 0, last = first] = range.split('-').map(Number);
            return Array.from({ length: last - first + 1 }, (_, index) => first + index);
          });

        expect(read).toEqual([...new Set(wanted)].sort((one, other) => one - other));
      }),
    );
  });
});
