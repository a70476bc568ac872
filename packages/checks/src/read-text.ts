import { CheckError } from './check-error.ts';

/** Larger reports are refused before they are parsed. */
export const maximumReportBytes = 64 * 1024 * 1024;

/**
 * Text of a report in UTF-8 or, by its byte order mark or XML declaration, in another encoding. Bytes that are none
 * become U+FFFD: a garbled name is no reason to lose a failure.
 *
 * @throws {@link CheckError} `REPORT_TOO_LARGE`; `REPORT_UNREADABLE` for an encoding nobody knows.
 */
export function readText(bytes: Uint8Array, file: string): string {
  if (bytes.byteLength > maximumReportBytes) {
    throw new CheckError('REPORT_TOO_LARGE', `${file} has ${bytes.byteLength} bytes`, { facts: { file } });
  }
  const label = findEncoding(bytes);
  try {
    return new TextDecoder(label).decode(bytes);
  } catch (cause) {
    throw new CheckError('REPORT_UNREADABLE', `${file} is in the unknown encoding ${label}`, {
      facts: { file },
      cause,
    });
  }
}

function findEncoding(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const head = new TextDecoder('latin1').decode(bytes.subarray(0, 200));
  return /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']/.exec(head)?.[1]?.toLowerCase() ?? 'utf-8';
}
