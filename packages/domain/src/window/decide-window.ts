import type { EnvironmentDefinition } from '../environment/delivery.ts';
import type { Name } from '../identity/names.ts';
import { type Freeze, type PromotionWindow, weekdays } from './promotion-window.ts';

export interface WindowFacts {
  readonly windows: readonly PromotionWindow[];
  /** Those that concern the environment: see {@link freezesOf}. */
  readonly freezes: readonly Freeze[];
  /** ISO 8601. */
  readonly now: string;
}

export type WindowDecision =
  | { readonly kind: 'open' }
  /** `until`: the next instant at which it is open, to the minute; absent when none comes within two weeks after the freezes. */
  | { readonly kind: 'closed'; readonly reason: string; readonly until?: string };

const minuteMs = 60_000;
const dayMs = 86_400_000;
/** A window comes every week; two cover one that a deny window hides. */
const daysAhead = 15;

/** Freezes that stand and concern an environment. */
export function freezesOf(
  freezes: readonly Freeze[],
  place: { readonly application: Name; readonly environment: Pick<EnvironmentDefinition, 'name' | 'class'> },
): readonly Freeze[] {
  return freezes.filter(({ application, environment, endedAt }) => {
    if (endedAt !== undefined || (application !== undefined && application !== place.application)) return false;
    return environment === undefined ? place.environment.class === 'protected' : environment === place.environment.name;
  });
}

/**
 * Decides whether something may enter an environment now.
 *
 * Pure. No window: open. Any allow window: only inside one. Deny beats allow, a freeze beats both. Windows follow the clock on the wall
 * of their zone: an hour that a DST change skips or repeats is skipped or repeated.
 *
 * @see delivery.md §5, "Sync windows".
 */
export function decideWindow(facts: WindowFacts): WindowDecision {
  const now = Date.parse(facts.now);
  const reason = closedBecause(facts, now);
  if (reason === undefined) return { kind: 'open' };
  const until = nextOpening(facts, now);
  return { kind: 'closed', reason, ...(until === undefined ? {} : { until: new Date(until).toISOString() }) };
}

function closedBecause(facts: WindowFacts, at: number): string | undefined {
  const freeze = facts.freezes.find((one) => Date.parse(one.from) <= at && at < Date.parse(one.to));
  if (freeze !== undefined) return `Frozen by ${freeze.placedBy}: ${freeze.reason}`;
  const denies = facts.windows.filter((window) => window.kind === 'deny');
  const allows = facts.windows.filter((window) => window.kind === 'allow');
  const denied = denies.find((window) => isInside(window, at));
  if (denied !== undefined) return `Inside a time in which it is closed (${printWindow(denied)})`;
  if (allows.length === 0 || allows.some((window) => isInside(window, at))) return undefined;
  return `Outside of its windows (${allows.map(printWindow).join(', ')})`;
}

function nextOpening(facts: WindowFacts, now: number): number | undefined {
  const ends = facts.freezes.map((freeze) => Date.parse(freeze.to)).filter((end) => end > now);
  const starts = [now, ...ends];
  const edges = starts.flatMap((start) => facts.windows.flatMap((window) => edgesAfter(window, start)));
  const candidates = [...ends, ...edges].filter((at) => at > now).sort((a, b) => a - b);
  return candidates.find((at) => closedBecause(facts, at) === undefined);
}

/** Instants at which a window may begin or end in the days after: its edges by either offset of a DST change, and the change itself. */
function edgesAfter(window: PromotionWindow, start: number): readonly number[] {
  const edges: number[] = [];
  for (let day = -1; day <= daysAhead; day++) {
    const around = start + day * dayMs;
    const before = offsetMs(window.timeZone, around);
    const after = offsetMs(window.timeZone, around + dayMs);
    if (before !== after) edges.push(changeBetween(window.timeZone, around, around + dayMs));
    for (const offset of new Set([before, after])) {
      const midnight = Math.floor((around + offset) / dayMs) * dayMs - offset;
      edges.push(midnight + window.fromMinute * minuteMs, midnight + window.toMinute * minuteMs);
    }
  }
  return edges;
}

/** The minute in which the offset of a zone changes between two instants. */
function changeBetween(timeZone: string, from: number, to: number): number {
  const before = offsetMs(timeZone, from);
  let low = Math.floor(from / minuteMs);
  let high = Math.ceil(to / minuteMs);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMs(timeZone, middle * minuteMs) === before) low = middle;
    else high = middle;
  }
  return high * minuteMs;
}

function isInside(window: PromotionWindow, at: number): boolean {
  const wall = new Date(at + offsetMs(window.timeZone, at));
  const minute = wall.getUTCHours() * 60 + wall.getUTCMinutes();
  const today = (wall.getUTCDay() + 6) % 7;
  const beginsOn = (day: number): boolean => window.days.some((name) => weekdays.indexOf(name) === day % 7);
  if (window.fromMinute < window.toMinute)
    return beginsOn(today) && minute >= window.fromMinute && minute < window.toMinute;
  return (beginsOn(today) && minute >= window.fromMinute) || (beginsOn(today + 6) && minute < window.toMinute);
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** Offset of a zone from UTC at an instant, in milliseconds. */
function offsetMs(timeZone: string, at: number): number {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  formats.set(timeZone, format);
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const part = (name: Intl.DateTimeFormatPartTypes): number => parts.get(name) ?? 0;
  const wall = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
  return wall - Math.floor(at / 1000) * 1000;
}

/** A window as people write it. */
export function printWindow(window: PromotionWindow): string {
  const clock = (minute: number): string =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  return `${window.days.join(',')} ${clock(window.fromMinute)}–${clock(window.toMinute)} ${window.timeZone}`;
}
