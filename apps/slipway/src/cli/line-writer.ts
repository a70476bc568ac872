import { StringDecoder } from 'node:string_decoder';
import { printable } from './print-table.ts';

/** Longest line kept together; logs of others hold no bound. */
const maxLine = 65_536;

/** Turns chunks into lines led by a prefix, so that several logs can share a terminal. */
export class LineWriter {
  readonly #print: (line: string) => void;
  readonly #prefix: string;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  constructor(print: (line: string) => void, prefix: string) {
    this.#print = print;
    this.#prefix = prefix;
  }

  write(chunk: Uint8Array): void {
    const lines = (this.#rest + this.#decoder.write(Buffer.from(chunk))).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
    while (this.#rest.length > maxLine) {
      this.#line(this.#rest.slice(0, maxLine));
      this.#rest = this.#rest.slice(maxLine);
    }
  }

  /** Prints a last line without its end. */
  end(): void {
    const last = this.#rest + this.#decoder.end();
    this.#rest = '';
    if (last !== '') this.#line(last);
  }

  #line(text: string): void {
    this.#print(this.#prefix + colourful(text.replace(/\r$/, '')));
  }
}

/** Test runners colour their lines: that may pass, what moves the cursor or sets a title may not. */
function colourful(text: string): string {
  return text
    .split(/(\x1b\[[0-9;]{0,20}m)/)
    .map((part, at) => (at % 2 === 1 ? part : printable(part)))
    .join('');
}
