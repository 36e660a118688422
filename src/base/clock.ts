/**
 * Time, behind an interface, so that a test or a seeded simulation can hold it.
 * Nothing outside base/ calls `Date.now`.
 */
import type { InstantMs } from './brands.ts';

export interface Clock {
  /** Wall clock, UTC. May step when the machine's clock is set. */
  now(): InstantMs;
  /** Milliseconds from an arbitrary start; never steps back. For durations and deadlines. */
  monotonicMs(): number;
}

export const systemClock: Clock = {
  now: () => Date.now() as InstantMs,
  monotonicMs: () => performance.now(),
};

/** `2026-11-23T08:15:30.123Z` */
export function isoInstant(at: InstantMs): string {
  return new Date(at).toISOString();
}

/** The instant that an ISO 8601 text with an offset names; undefined where it names none. */
export function parseInstant(text: string): InstantMs | undefined {
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : (at as InstantMs);
}
