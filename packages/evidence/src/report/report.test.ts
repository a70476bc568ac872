import { describe, expect, it } from 'vitest';
import {
  defaultRequirements,
  indexStatements,
  makeAuditReport,
  printReportCsv,
  printReportHtml,
  type LogEntry,
} from '../index.ts';

const period = { from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z' };

function reportFor(release: string): ReturnType<typeof makeAuditReport> {
  const entry: LogEntry = {
    id: 'a/1',
    kind: 'authorisation',
    recordedAt: '2026-05-05T00:00:00Z',
    digests: ['sha256:1'],
    links: [],
    index: 0,
    payloadDigest: 'sha256:2',
    predicate: { application: 'shop', environment: 'prod', commit: 'c', protected: true, release, message: release },
  };
  return makeAuditReport(indexStatements([entry]), { origin: 'o', period }, defaultRequirements);
}

describe('the audit report', () => {
  it('lists a change that was authorised and says what its chain lacks', () => {
    const report = reportFor('sha256:3');

    expect(report.totals).toEqual({ statements: 1, changes: 1, whole: 0, incomplete: 1 });
    expect(report.changes[0]).toMatchObject({ environment: 'prod', verdict: 'incomplete', approvers: [] });
    expect(report.changes[0]?.missing).toContain('provenance');
    expect(report.changes[0]?.missing).not.toContain('deployment');
    expect(report.changes[0]?.steps.approval).toHaveLength(1);
  });

  it.each([
    ['aborted', false],
    ['succeeded', true],
  ])('asks for a verification of a deployment that %s: %s', (phase, isAsked) => {
    const place = { application: 'shop', environment: 'prod', commit: 'c', protected: true };
    const deployment: LogEntry = {
      ...{ id: 'd/1', kind: 'deployment', recordedAt: '2026-05-05T00:00:00Z', digests: ['sha256:1'], links: [] },
      ...{ index: 0, payloadDigest: 'sha256:2', predicate: { ...place, phase } },
    };

    const report = makeAuditReport(indexStatements([deployment]), { origin: 'o', period }, defaultRequirements);

    expect(report.changes[0]?.missing.includes('verification')).toBe(isAsked);
  });

  it.each(['=cmd()', '+1', '-1', '@SUM(A1)', '\t=1', '\r=1', ' =1', '\uff1d1'])(
    'keeps %j from being a formula',
    (text) => {
      const csv = printReportCsv(reportFor(text));

      expect(csv).toContain(`"'${text}"`);
      expect(csv).not.toContain(`"${text}"`);
    },
  );

  it('quotes quotes and line ends in CSV', () => {
    expect(printReportCsv(reportFor('a"b\nc'))).toContain('"a""b\nc"');
  });

  it.each(['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "'&"])('escapes %j in HTML', (text) => {
    const html = printReportHtml(reportFor(text));

    expect(html).not.toContain(text);
    expect(html).not.toMatch(/<(?:script|img)/);
  });

  it('does not cut a character in two', () => {
    expect(() => JSON.stringify(reportFor('😂'.repeat(300)))).not.toThrow();
    expect(reportFor('😂'.repeat(300)).changes[0]?.steps.approval[0]?.summary).not.toMatch(/\p{Surrogate}/u);
  });
});
