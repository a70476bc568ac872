import { reportSteps, type AuditReport, type ReportedChange, type ReportLine } from './audit-report.ts';

const style = `body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}
table{border-collapse:collapse;width:100%;margin:0 0 2rem}th,td{border:1px solid #ccc;padding:.35rem .5rem;text-align:left;vertical-align:top}
th{background:#f3f3f3;width:8rem}code{font-size:.85em;overflow-wrap:anywhere}.incomplete{color:#a40000;font-weight:600}.whole{color:#055c05;font-weight:600}
.none{color:#666}ul{margin:0;padding-left:1.1rem}`;

/** A page of its own: no script, no outside resource, every text escaped. */
export function printReportHtml(report: AuditReport): string {
  const { period, totals, origin } = report;
  const title = `Production changes ${period.from} to ${period.to}`;
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(title)}</title><style>${style}</style></head><body>
<h1>${escape(title)}</h1>
<p>Log ${escape(origin)}, ${totals.statements} statements. ${totals.changes} changes: ${totals.whole} with a whole chain, ${totals.incomplete} incomplete.
This page is a reading aid; what counts is what <code>slipway audit verify</code> says of the bundle.</p>
${report.changes.map(printChange).join('\n')}
</body></html>
`;
}

function printChange(change: ReportedChange): string {
  const rows: readonly (readonly [string, string])[] = [
    ['commit', `<code>${escape(change.commit)}</code>`],
    ['release', `<code>${escape(change.release ?? 'not stated')}</code>`],
    ['verdict', printVerdict(change)],
    ['approved by', escape(change.approvers.join(', ')) || 'nobody stated'],
    ...reportSteps.map((step) => [step, printLines(change.steps[step])] as const),
  ];
  const body = rows.map(([head, cell]) => `<tr><th scope="row">${escape(head)}</th><td>${cell}</td></tr>`).join('\n');
  return `<h2>${escape(change.application)} in ${escape(change.environment)}</h2>\n<table>\n${body}\n</table>`;
}

function printVerdict({ verdict, missing }: ReportedChange): string {
  const lack = missing.length === 0 ? '' : `: no ${escape(missing.join(', no '))}`;
  return `<span class="${verdict}">${verdict}</span>${lack}`;
}

function printLines(lines: readonly ReportLine[]): string {
  if (lines.length === 0) return '<span class="none">none</span>';
  const items = lines.map(
    ({ recordedAt, kind, summary, id, index }) =>
      `<li>${escape(recordedAt)} ${escape(kind)} ${escape(summary)}<br><code>${escape(id)}</code> at ${index}</li>`,
  );
  return `<ul>${items.join('')}</ul>`;
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? '');
}
