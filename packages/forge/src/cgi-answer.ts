import type { ServerResponse } from 'node:http';

const maxHeader = 65_536;

export interface CgiReader {
  /** Gives what of a piece belongs to the body; absent when the header is no header. */
  take(chunk: Buffer): Buffer | undefined;
  hasHead(): boolean;
}

/** Turns the output of a CGI program into an HTTP answer (RFC 3875, section 6), given in pieces. */
export function createCgiReader(response: ServerResponse): CgiReader {
  let head: Buffer | undefined = Buffer.alloc(0);
  return {
    hasHead: () => head === undefined,
    take(chunk) {
      if (head === undefined) return chunk;
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf('\r\n\r\n');
      if (end === -1) return head.length > maxHeader ? undefined : Buffer.alloc(0);
      const body = head.subarray(end + 4);
      const lines = head.toString('latin1', 0, end).split('\r\n');
      if (!writeHead(response, lines)) return undefined;
      head = undefined;
      return body;
    },
  };
}

function writeHead(response: ServerResponse, lines: readonly string[]): boolean {
  let status = 200;
  for (const line of lines) {
    const match = /^([A-Za-z-]+): ?(.*)$/.exec(line);
    if (match === null) return false;
    const [, name = '', value = ''] = match;
    if (name.toLowerCase() === 'status') status = Number.parseInt(value, 10);
    else response.setHeader(name, value);
  }
  response.statusCode = status >= 200 && status < 600 ? status : 500;
  return true;
}
