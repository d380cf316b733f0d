/** Times and lengths of time in the reader's language. */
import { readersLocale } from '../lookup/readers-locale.ts';
import { roundedDuration } from '../holder/timeline.ts';

/** Seconds say something only of moments that are so near. */
const nearMs = 600_000;

/** A moment with day and time. */
export function showMoment(atMs: number): string {
  const isNear = Math.abs(atMs - Date.now()) < nearMs;
  return new Intl.DateTimeFormat(readersLocale(), {
    weekday: 'short',
    day: 'numeric',
    month: 'short',
    hour: '2-digit',
    minute: '2-digit',
    ...(isNear ? { second: '2-digit' } : {}),
  }).format(atMs);
}

/** A length of time: `3 days`, `2 minutes`. */
export function showDuration(ms: number): string {
  const { value, unit } = roundedDuration(ms);
  const { lang } = document.documentElement;
  return new Intl.NumberFormat(lang, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
}
