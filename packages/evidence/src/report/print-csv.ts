import { reportSteps, type AuditReport, type ReportedChange } from './audit-report.ts';

const columns = [
  'application',
  'environment',
  'commit',
  'release',
  'authorised at',
  'deployed at',
  'verdict',
  'missing',
  'approvers',
  ...reportSteps,
];

/**
 * One line a change, CRLF, every field quoted. A field that a spreadsheet would read as a formula gets an apostrophe
 * before it.
 *
 * @see RFC 4180; OWASP, "CSV Injection".
 */
export function printReportCsv(report: AuditReport): string {
  return [columns, ...report.changes.map(fields)].map((row) => `${row.map(quote).join(',')}\r\n`).join('');
}

function fields(change: ReportedChange): readonly string[] {
  return [
    change.application,
    change.environment,
    change.commit,
    change.release ?? '',
    change.authorisedAt ?? '',
    change.deployedAt ?? '',
    change.verdict,
    change.missing.join(' '),
    change.approvers.join(' '),
    ...reportSteps.map((step) =>
      change.steps[step].map((line) => `${line.recordedAt} ${line.kind} ${line.id} ${line.summary}`.trim()).join('\n'),
    ),
  ];
}

function quote(text: string): string {
  // Spreadsheets skip white space before they look for a formula.
  const isFormula = /^[\s\u0000]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]/u.test(text) || /^[\t\r\n]/.test(text);
  return `"${(isFormula ? `'${text}` : text).replaceAll('"', '""')}"`;
}
