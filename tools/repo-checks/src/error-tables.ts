import ts from 'typescript';
import { parseSource } from './read-imports.ts';
import { isForTests, listSources } from './workspace.ts';

/** One line of one table of codes. */
export interface ErrorEntry {
  readonly code: string;
  readonly retry: string;
  readonly next: string;
  readonly folder: string;
  /** Where it stands: file and line. */
  readonly place: string;
}

/**
 * Every entry of every `…Errors` table of packages and apps, in the order of folders and then of the files.
 *
 * Read from the syntax, not by importing: a table counts as soon as it is written, exported by its package or not.
 */
export function readErrorTables(): readonly ErrorEntry[] {
  return listSources()
    .filter((file) => /^(?:packages|apps)\//.test(file) && !isForTests(file))
    .flatMap((file) => {
      const source = parseSource(file);
      return source.statements.filter(ts.isVariableStatement).flatMap((statement) => entriesOf(statement, source));
    });
}

function entriesOf(statement: ts.VariableStatement, source: ts.SourceFile): readonly ErrorEntry[] {
  return statement.declarationList.declarations.flatMap(({ name, initializer }) => {
    if (!ts.isIdentifier(name) || !/^[a-z]\w*Errors$/.test(name.text) || initializer === undefined) return [];
    const table = withoutTypes(initializer);
    return ts.isObjectLiteralExpression(table)
      ? table.properties.flatMap((property) => entryOf(property, source) ?? [])
      : [];
  });
}

function entryOf(property: ts.ObjectLiteralElementLike, source: ts.SourceFile): ErrorEntry | undefined {
  if (!ts.isPropertyAssignment(property)) return undefined;
  const rule = withoutTypes(property.initializer);
  if (!ts.isObjectLiteralExpression(rule)) return undefined;
  const { line } = source.getLineAndCharacterOfPosition(property.getStart(source));
  return {
    code: property.name.getText(source),
    retry: textOf(rule, 'retry', source),
    next: textOf(rule, 'next', source),
    folder: source.fileName.split('/').slice(0, 2).join('/'),
    place: `${source.fileName}:${line + 1}`,
  };
}

function withoutTypes(node: ts.Expression): ts.Expression {
  return ts.isAsExpression(node) || ts.isSatisfiesExpression(node) ? withoutTypes(node.expression) : node;
}

function textOf(rule: ts.ObjectLiteralExpression, name: string, source: ts.SourceFile): string {
  const property = rule.properties.find(
    (candidate): candidate is ts.PropertyAssignment =>
      ts.isPropertyAssignment(candidate) && candidate.name.getText(source) === name,
  );
  if (property !== undefined && ts.isStringLiteralLike(property.initializer)) return property.initializer.text;
  throw new Error(`${source.fileName}: a code needs \`${name}\` as fixed text`);
}
