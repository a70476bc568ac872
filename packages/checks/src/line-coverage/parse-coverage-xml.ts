import { readXml, unreadable, type XmlElement } from '../read-xml.ts';
import { addHits, type CoverageReport } from './coverage-report.ts';

/**
 * Reads Cobertura XML. Lines are those of the class; where a class has none, those of its methods. With exactly one
 * `source` a relative file name is put below it.
 *
 * @throws {@link CheckError} `REPORT_UNREADABLE` for another root, a damaged line, or a file without any class.
 * @see Cobertura DTD 04.
 */
export function parseCobertura(bytes: Uint8Array, file: string): CoverageReport {
  const root = readXml(bytes, file, { allowsDoctype: true });
  if (root.name !== 'coverage') throw unreadable(file, `its root is <${root.name}>, not <coverage>`);
  const [source, ...others] = findAll(root, 'source').map(({ text }) => text.trim().replace(/\/+$/, ''));
  const prefix = source === undefined || others.length > 0 ? '' : source;
  const files = new Map<string, Map<number, number>>();
  for (const element of findAll(root, 'class')) {
    const name = element.attributes.get('filename');
    if (name === undefined || name === '') throw unreadable(file, 'a class has no filename');
    const path = prefix === '' || /^(?:\/|[A-Za-z]:)/.test(name) ? name : `${prefix}/${name}`;
    const own = element.children.filter(({ name: child }) => child === 'lines');
    const lines = (own.some(({ children }) => children.length > 0) ? own : [element]).flatMap((part) =>
      findAll(part, 'line'),
    );
    addHits(
      files,
      path,
      lines.map((line) => [readNumber(line, 'number', file), readNumber(line, 'hits', file)] as const),
    );
  }
  if (files.size === 0) throw unreadable(file, 'it has no class');
  return { files };
}

/**
 * Reads JaCoCo XML: a line is covered when any of its instructions is; hits are not counted by the format, so 1 or 0.
 * Paths are package and file name (`com/example/App.java`), to be resolved against the repository.
 *
 * @throws {@link CheckError} `REPORT_UNREADABLE` for another root, a damaged line, or a file without any source file.
 * @see JaCoCo report.dtd 1.1.
 */
export function parseJacoco(bytes: Uint8Array, file: string): CoverageReport {
  const root = readXml(bytes, file, { allowsDoctype: true });
  if (root.name !== 'report') throw unreadable(file, `its root is <${root.name}>, not <report>`);
  const files = new Map<string, Map<number, number>>();
  for (const element of findAll(root, 'package')) {
    const folder = element.attributes.get('name') ?? '';
    for (const source of findAll(element, 'sourcefile')) {
      const name = source.attributes.get('name') ?? '';
      if (name === '') throw unreadable(file, 'a source file has no name');
      const lines = findAll(source, 'line').map(
        (line) => [readNumber(line, 'nr', file), readNumber(line, 'ci', file) > 0 ? 1 : 0] as const,
      );
      addHits(files, folder === '' ? name : `${folder}/${name}`, lines);
    }
  }
  if (files.size === 0) throw unreadable(file, 'it has no source file');
  return { files };
}

function findAll(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children.flatMap((child) => (child.name === name ? [child] : findAll(child, name)));
}

function readNumber(line: XmlElement, name: string, file: string): number {
  const text = line.attributes.get(name) ?? '';
  if (!/^\d{1,15}$/.test(text)) throw unreadable(file, `a line has ${name}=${JSON.stringify(text.slice(0, 40))}`);
  return Number(text);
}
