import type { Name } from '../identity/names.ts';

/** Days as people write them, Monday first (ISO 8601). */
export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

/** When promoting is allowed, or denied, every week. */
export interface PromotionWindow {
  readonly kind: 'allow' | 'deny';
  /** Days on which it begins. */
  readonly days: readonly Weekday[];
  /** Minutes after midnight, by the clock on the wall of the time zone; 0 to 1439. */
  readonly fromMinute: number;
  /** As {@link fromMinute}, not in it; at or before it means the next day. 1440 is midnight. */
  readonly toMinute: number;
  /** IANA name, such as `Europe/Zurich`. */
  readonly timeZone: string;
}

/** A time in which nothing is promoted, whatever the windows say. */
export interface Freeze {
  readonly id: string;
  /** Absent: every application. */
  readonly application?: Name;
  /** Absent: every environment of class `protected`. */
  readonly environment?: Name;
  readonly from: string;
  /** Not in it. */
  readonly to: string;
  readonly reason: string;
  readonly placedBy: string;
  readonly placedAt: string;
  /** Ended before its time. */
  readonly endedBy?: string;
  readonly endedAt?: string;
}
