import pino, { type Logger } from 'pino';

/** The log of a process that serves: JSON lines into the file, else on standard error. */
export function openLog(file: string | undefined): Logger {
  return pino({ base: {} }, file === undefined ? pino.destination(2) : pino.destination({ dest: file, mkdir: true }));
}
