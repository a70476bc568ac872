/** Values by name; a name that is not there is an unset variable. */
export type Variables = ReadonlyMap<string, string>;

interface Reader {
  readonly text: string;
  readonly escape: string;
  readonly variables: Variables;
  at: number;
}

/** Longest word after substitution: `ENV A=$A$A` doubles with every line. */
const maxWordLength = 65_536;

/**
 * Splits text into words at spaces outside quotes; quotes and escapes are taken away, variables put in.
 * A value never splits a word further.
 *
 * @returns absent when a quote or a brace is not closed, a substitution is not one of
 *   `$A ${A} ${A:-x} ${A:+x}`, or a word grows beyond 65536 signs.
 * @see Docker documentation, "Environment replacement".
 */
export function splitWords(
  text: string,
  options: { readonly escape: string; readonly variables: Variables },
): readonly string[] | undefined {
  const reader: Reader = { text, ...options, at: 0 };
  const words: string[] = [];
  while (reader.at < text.length) {
    if (/\s/.test(text.charAt(reader.at))) {
      reader.at += 1;
      continue;
    }
    const word = readUntil(reader, (sign) => /\s/.test(sign));
    if (word === undefined) return undefined;
    words.push(word);
  }
  return words;
}

/** As {@link splitWords} for one word, in which spaces are signs as others. */
export function substitute(
  text: string,
  options: { readonly escape: string; readonly variables: Variables },
): string | undefined {
  return readUntil({ text, ...options, at: 0 }, () => false);
}

function readUntil(reader: Reader, isEnd: (sign: string) => boolean): string | undefined {
  let word = '';
  while (reader.at < reader.text.length && !isEnd(reader.text.charAt(reader.at))) {
    const piece = readPiece(reader);
    if (piece === undefined || word.length + piece.length > maxWordLength) return undefined;
    word += piece;
  }
  return word;
}

function readPiece(reader: Reader): string | undefined {
  const sign = reader.text.charAt(reader.at);
  if (sign === "'") return readSingle(reader);
  if (sign === '"') return readDouble(reader);
  if (sign === '$') return readVariable(reader);
  reader.at += 1;
  if (sign !== reader.escape) return sign;
  const next = reader.text.charAt(reader.at);
  reader.at += 1;
  return next;
}

function readSingle(reader: Reader): string | undefined {
  const end = reader.text.indexOf("'", reader.at + 1);
  if (end < 0) return undefined;
  const inner = reader.text.slice(reader.at + 1, end);
  reader.at = end + 1;
  return inner;
}

function readDouble(reader: Reader): string | undefined {
  let word = '';
  reader.at += 1;
  while (reader.at < reader.text.length) {
    const sign = reader.text.charAt(reader.at);
    if (sign === '"') {
      reader.at += 1;
      return word;
    }
    if (sign === '$') {
      const value = readVariable(reader);
      if (value === undefined || word.length + value.length > maxWordLength) return undefined;
      word += value;
      continue;
    }
    reader.at += 1;
    const next = reader.text.charAt(reader.at);
    const isEscape = sign === reader.escape && (next === '"' || next === '$' || next === reader.escape);
    word += isEscape ? next : sign;
    if (isEscape) reader.at += 1;
  }
  return undefined;
}

function readVariable(reader: Reader): string | undefined {
  const rest = reader.text.slice(reader.at);
  const plain = /^\$([A-Za-z_][A-Za-z0-9_]*)/.exec(rest);
  if (plain?.[1] !== undefined) {
    reader.at += plain[0].length;
    return reader.variables.get(plain[1]) ?? '';
  }
  if (!rest.startsWith('${')) {
    reader.at += 1;
    return '$';
  }
  const [head = '', name = '', operator = ''] = /^\$\{([A-Za-z_][A-Za-z0-9_]*)(:[-+])?/.exec(rest) ?? [];
  if (head === '') return undefined;
  reader.at += head.length;
  const word = operator === '' ? '' : readUntil(reader, (sign) => sign === '}');
  if (word === undefined || reader.text.charAt(reader.at) !== '}') return undefined;
  reader.at += 1;
  const value = reader.variables.get(name) ?? '';
  if (operator === ':-') return value === '' ? word : value;
  if (operator === ':+') return value === '' ? '' : word;
  return value;
}
