/** Times as readers of the page's language write them. */

import { readersLocale } from './readers-locale.ts';

/** Date and time of day. */
export function showTime(timeMs: number): string {
  const style = { dateStyle: 'medium', timeStyle: 'short' } as const;
  return new Intl.DateTimeFormat(readersLocale(), style).format(timeMs);
}

/** A date alone. */
export function showDate(timeMs: number): string {
  return new Intl.DateTimeFormat(readersLocale(), { dateStyle: 'long' }).format(timeMs);
}
