import { createByteMatcher } from './byte-matcher.ts';
import { secretForms } from './secret-forms.ts';

/** Takes secrets out of a stream. What it gives depends on the whole stream only, never on how it was cut into chunks. */
export interface Masker {
  /** Masked bytes that are certain by now; the rest is held back, never more than the longest form of a secret. */
  feed(chunk: Uint8Array): Uint8Array;
  /** What was held back; the stream is over. */
  flush(): Uint8Array;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

const replacement = Buffer.from('***');

/**
 * Masks secrets in the encodings of {@link secretForms}; matches that overlap become one `***`.
 *
 * Masking is a courtesy, not a boundary: code that holds a secret can always write it in a form nobody foresaw.
 */
export function createMasker(secrets: readonly string[]): Masker {
  const needles = secretForms(secrets);
  if (needles.length === 0) return { feed: (chunk) => chunk, flush: () => new Uint8Array() };
  const matcher = createByteMatcher(needles);
  let held: Uint8Array = new Uint8Array();
  // Offsets count from the first held byte; `open` is a match that a later one may still lengthen.
  let state = 0;
  let open: Span | undefined;

  function feed(chunk: Uint8Array): Uint8Array {
    const bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    const parts: Uint8Array[] = [];
    let written = 0;

    function close(match: Span): void {
      parts.push(bytes.subarray(written, match.start), replacement);
      written = match.end;
      open = undefined;
    }

    for (let at = held.length; at < bytes.length; at++) {
      state = matcher.next(state, bytes[at] ?? 0);
      const end = at + 1;
      const start = end - matcher.matched(state);
      if (open !== undefined && Math.min(start, end - matcher.depth(state)) >= open.end) close(open);
      if (start < end) open = { start: Math.min(open?.start ?? start, start), end };
    }
    const certain = Math.max(written, Math.min(bytes.length - matcher.depth(state), open?.start ?? bytes.length));
    parts.push(bytes.subarray(written, certain));
    held = Buffer.from(bytes.subarray(certain));
    if (open !== undefined) open = { start: open.start - certain, end: open.end - certain };
    return Buffer.concat(parts);
  }

  function flush(): Uint8Array {
    const rest = open === undefined ? [held] : [held.subarray(0, open.start), replacement, held.subarray(open.end)];
    held = new Uint8Array();
    state = 0;
    open = undefined;
    return Buffer.concat(rest);
  }

  return { feed, flush };
}

/** Masks one whole text, such as a command that is named in a result. */
export function maskText(secrets: readonly string[], text: string): string {
  const masker = createMasker(secrets);
  return Buffer.concat([masker.feed(Buffer.from(text)), masker.flush()]).toString();
}
