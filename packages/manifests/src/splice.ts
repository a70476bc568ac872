import { isDeepStrictEqual } from 'node:util';
import { ManifestError } from './manifest-error.ts';
import { plainData, positionOf, readYaml, type YamlSource } from './yaml-source.ts';

/** Replaces `[start, end)` of a text. */
export interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The outcome of an edit; `text` is the very string given when nothing changed. */
export interface Edit {
  readonly text: string;
  readonly changed: boolean;
}

/** An edit planned: what to splice, and what the same document must then hold. */
export interface EditPlan {
  readonly splices: readonly Splice[];
  /** Applies the same edit to plain data of all documents, in order. */
  readonly expect: (documents: readonly unknown[]) => void;
}

/**
 * Applies splices and proves them: the result is read again and must equal the old data with the edit and nothing else.
 *
 * @throws {@link ManifestError} `MANIFEST_EDIT_REFUSED` when it does not (a layout that cannot be edited in place).
 */
export function applyEdit(source: YamlSource, plan: EditPlan): Edit {
  const { splices } = plan;
  if (splices.length === 0) return { text: source.text, changed: false };
  const ordered = splices.toSorted((a, b) => b.start - a.start);
  const text = ordered.reduce((rest, s) => rest.slice(0, s.start) + s.text + rest.slice(s.end), source.text);
  const expected = dataOf(source);
  plan.expect(expected);
  const first = ordered.at(-1)?.start ?? 0;
  if (!isDeepStrictEqual(readBack(text, source.file), expected)) {
    throw new ManifestError('MANIFEST_EDIT_REFUSED', 'it cannot be edited in place', positionOf(source, first));
  }
  return { text, changed: true };
}

function dataOf(source: YamlSource): readonly unknown[] {
  return source.documents.map((document) => plainData(source, document));
}

function readBack(text: string, file: string): readonly unknown[] | undefined {
  try {
    return dataOf(readYaml(text, file));
  } catch (error) {
    if (error instanceof ManifestError) return undefined;
    throw error;
  }
}

/** The line end that the file uses where it uses one first; `\n` by default. */
export function lineEndOf(text: string): string {
  const feed = text.indexOf('\n');
  return feed > 0 && text[feed - 1] === '\r' ? '\r\n' : '\n';
}

/** Columns before a character on its line, for the indentation of a sibling. */
export function columnOf(text: string, offset: number): number {
  const start = text.lastIndexOf('\n', offset - 1) + 1;
  return offset - (start === 0 && text.startsWith('\uFEFF') ? 1 : start);
}

/** The end of the line at an offset, before its line end. */
export function endOfLine(text: string, offset: number): number {
  const feed = text.indexOf('\n', offset);
  if (feed < 0) return text.length;
  return feed > 0 && text[feed - 1] === '\r' ? feed - 1 : feed;
}
