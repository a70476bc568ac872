import { open } from 'node:fs/promises';

const maxBytesEach = 1_048_576;

/** The files of one pod's output, whose lines begin with an ISO time. */
export interface PodLog {
  readonly pod: string;
  readonly files: readonly string[];
}

/** The last lines of all pods in the order of time, each led by its pod's name. */
export async function readLogs(logs: readonly PodLog[], tailLines: number): Promise<string> {
  const lines: { readonly at: string; readonly text: string }[] = [];
  for (const log of logs) {
    for (const file of log.files) {
      for (const line of (await readEnd(file)).split('\n')) {
        const space = line.indexOf(' ');
        if (space > 0) lines.push({ at: line.slice(0, space), text: `${log.pod} ${line.slice(space + 1)}` });
      }
    }
  }
  // The sort is stable: lines of one millisecond keep their order.
  lines.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  return lines
    .slice(-tailLines)
    .map((line) => line.text)
    .join('\n');
}

async function readEnd(file: string): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return '';
  try {
    const { size } = await handle.stat();
    const start = Math.max(0, size - maxBytesEach);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    return buffer.subarray(0, bytesRead).toString();
  } finally {
    await handle.close();
  }
}
