const steps = [
  { unit: 'second', ms: 1_000, below: 60_000 },
  { unit: 'minute', ms: 60_000, below: 3_600_000 },
  { unit: 'hour', ms: 3_600_000, below: 86_400_000 },
  { unit: 'day', ms: 86_400_000, below: 14 * 86_400_000 },
] as const;

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'medium' });
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium' });
const clock = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium' });

/** `3 minutes ago`; after two weeks the date. @param now - milliseconds since the epoch. */
export function describeAgo(at: number, now: number): string {
  const ago = now - at;
  if (Math.abs(ago) < 10_000) return 'just now';
  const step = steps.find(({ below }) => Math.abs(ago) < below);
  return step === undefined ? day.format(at) : relative.format(-Math.round(ago / step.ms), step.unit);
}

/** Date and time in the reader's time zone. */
export function describeExact(at: number): string {
  return exact.format(at);
}

/** `14:02:11` in the reader's time zone. */
export function describeClock(at: number): string {
  return clock.format(at);
}

/** `850 ms`, `12.4 s`, `3 m 05 s`, `2 h 10 m`. @param ms - 0 or more. */
export function describeDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} m ${String(seconds % 60).padStart(2, '0')} s`;
  return `${Math.floor(seconds / 3_600)} h ${String(Math.floor((seconds % 3_600) / 60)).padStart(2, '0')} m`;
}
