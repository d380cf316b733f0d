/**
 * What becomes of a binding that its holder does not confirm any more. Its age counts from the leaf of
 * the entry in force, and is looked at by whoever serves, with their own clock; the fold knows nothing
 * of it, and the next update of the holder ends it.
 */
import { dormantAfterMs, withheldAfterMs } from './limits.ts';
import type { PublishedBinding } from './published-binding.ts';

/** Tells whether look-ups show the binding as dormant. */
export function isDormant({ changedAtMs }: Aged, nowMs: number): boolean {
  return nowMs - changedAtMs >= dormantAfterMs;
}

/** When DNS stops publishing the binding. */
export function withheldFromMs({ changedAtMs }: Aged): number {
  return changedAtMs + withheldAfterMs;
}

type Aged = Pick<PublishedBinding, 'changedAtMs'>;
