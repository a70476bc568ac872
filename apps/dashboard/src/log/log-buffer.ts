/** A log as far as it has been read. */
export interface LogSnapshot {
  readonly lines: readonly string[];
  /** Lines no longer held, from the beginning. */
  readonly dropped: number;
}

const maxLines = 50_000;
const slack = 5_000;
const maxLineLength = 4_000;
const maxCarried = 6;
const escape = String.fromCharCode(27);
const colour = new RegExp(`${escape}\\[[\\d;]*m`, 'g');

/**
 * Turns a stream of text into lines, within bounds: the newest {@link maxLines} lines, {@link maxLineLength} characters each.
 *
 * A colour lasts until it is reset, also over the end of a line, while each line is drawn alone: what is in force is
 * written in front of the next line. Of a line written over and over (`\r`) the last state stays.
 */
export class LogBuffer {
  #lines: string[] = [];
  #open = '';
  #dropped = 0;
  #carried: readonly string[] = [];

  append(text: string): void {
    const parts = (this.#open + text).split('\n');
    // Bounded also while no line end comes.
    this.#open = (parts.pop() ?? '').slice(-maxLineLength * 2);
    for (const part of parts) this.#push(part);
    if (this.#lines.length <= maxLines + slack) return;
    const excess = this.#lines.length - maxLines;
    this.#lines = this.#lines.slice(excess);
    this.#dropped += excess;
  }

  /** The stream has ended: what came after the last line end is a line too. */
  end(): void {
    if (this.#open !== '') this.#push(this.#open);
    this.#open = '';
  }

  snapshot(): LogSnapshot {
    return { lines: this.#lines.slice(), dropped: this.#dropped };
  }

  #push(part: string): void {
    const shown = lastState(part);
    const cut = shown.length > maxLineLength ? `${shown.slice(0, maxLineLength)} … (line cut)` : shown;
    this.#lines.push(this.#carried.join('') + cut);
    this.#carry(part);
  }

  #carry(part: string): void {
    let carried = this.#carried;
    for (const [code] of part.matchAll(colour)) {
      const isReset = code === `${escape}[m` || code.startsWith(`${escape}[0`);
      carried = isReset ? [] : [...carried, code].slice(-maxCarried);
    }
    this.#carried = carried;
  }
}

function lastState(line: string): string {
  const text = line.endsWith('\r') ? line.slice(0, -1) : line;
  return text.slice(text.lastIndexOf('\r') + 1);
}
