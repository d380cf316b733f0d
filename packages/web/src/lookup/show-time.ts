/** Times as readers of the page's language write them. */

/** Date and time of day. */
export function showTime(timeMs: number): string {
  const language = document.documentElement.lang;
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }).format(
    timeMs,
  );
}

/** A date alone. */
export function showDate(timeMs: number): string {
  return new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: 'long' }).format(
    timeMs,
  );
}
