// Sums what the steps of .ci/run left in a folder, and prints a table and one last line: `N passed, N failed, N skipped`.
// A step is `NAME.exit` and `NAME.seconds`, and `NAME.json` if it reports: from vitest, or from the demo. A step that has no report of
// its own (`NAME.plain` exists) counts as one test. Exits 1 if anything failed or was skipped without being allowed.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const [folder, allowedFile] = process.argv.slice(2);
const root = path.resolve(import.meta.dirname, '..');
const read = (name) => readFileSync(path.join(folder, name), 'utf8').trim();
const allowed = readAllowed(readFileSync(allowedFile, 'utf8'));

const steps = readdirSync(folder)
  .filter((name) => name.endsWith('.exit'))
  .sort()
  .map((name) => readStep(name.slice(0, -'.exit'.length)));

for (const { name, problems } of steps) for (const problem of problems) console.log(`${name}: ${problem}`);
printTable();

const passed = sum('passed');
const failed = sum('failed') + steps.reduce((total, { notAllowed }) => total + notAllowed, 0);
console.log(`${passed} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;

function sum(field) {
  return steps.reduce((total, step) => total + step[field], 0);
}

function readStep(name) {
  const exitCode = Number(read(`${name}.exit`));
  const step = {
    name,
    exitCode,
    seconds: read(`${name}.seconds`),
    passed: 0,
    failed: 0,
    skipped: 0,
    notAllowed: 0,
    problems: [],
  };
  if (existsSync(path.join(folder, `${name}.plain`))) {
    step[exitCode === 0 ? 'passed' : 'failed'] = 1;
    if (exitCode !== 0) step.problems.push(`ended with ${exitCode}`);
    return step;
  }
  countReport(step);
  if (step.passed + step.failed === 0) fail(step, 'reported no test');
  else if (exitCode !== 0 && step.failed === 0) fail(step, `ended with ${exitCode}, though no test failed`);
  return step;
}

function countReport(step) {
  let report;
  try {
    report = JSON.parse(read(`${step.name}.json`));
  } catch (error) {
    fail(step, `left no report that can be read (${error.message})`);
    return;
  }
  if (Array.isArray(report.acts)) for (const act of report.acts) countAct(step, act);
  else for (const file of report.testResults) countFile(step, file);
}

function countAct(step, { name, status, checks = [] }) {
  if (status === 'held') step.passed += 1;
  else if (status !== 'not_built')
    fail(
      step,
      `${name}: ${checks
        .filter(({ isHeld }) => !isHeld)
        .map((check) => check.name)
        .join('; ')}`,
    );
}

function countFile(step, { name, status, message, assertionResults }) {
  const file = path.relative(root, name);
  if (status === 'failed' && !assertionResults.some((test) => test.status === 'failed'))
    fail(step, `${file}: ${message}`);
  for (const test of assertionResults) {
    const title = `${file} › ${test.fullName}`;
    if (test.status === 'passed') step.passed += 1;
    else if (test.status === 'failed') fail(step, title);
    else countSkip(step, title);
  }
}

function countSkip(step, title) {
  step.skipped += 1;
  const rule = allowed.find(({ pattern }) => pattern.test(title));
  step.problems.push(
    rule === undefined ? `skipped, and not on the list: ${title}` : `skipped: ${title} (${rule.reason})`,
  );
  if (rule === undefined) step.notAllowed += 1;
}

function fail(step, problem) {
  step.failed += 1;
  step.problems.push(`FAILED ${problem}`);
}

function readAllowed(text) {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
    .map((line) => {
      const [pattern, reason] = line.split(' # ');
      if (reason === undefined || !pattern.includes(' › '))
        throw new Error(`${allowedFile}: write "file › test name # reason": ${line}`);
      const escaped = pattern
        .trim()
        .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
        .replaceAll('*', '.*');
      return { pattern: new RegExp(`^${escaped}$`), reason: reason.trim() };
    });
}

function printTable() {
  const columns = ['name', 'passed', 'failed', 'skipped', 'exitCode', 'seconds'];
  const rows = [columns, ...steps.map((step) => columns.map((column) => String(step[column])))];
  const widths = columns.map((_, index) => Math.max(...rows.map((row) => row[index].length)));
  for (const row of rows)
    console.log(
      row
        .map((cell, index) => cell.padEnd(widths[index]))
        .join('  ')
        .trimEnd(),
    );
}
