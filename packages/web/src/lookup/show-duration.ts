/** How long something takes, in the largest unit that says it whole. */

const units = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;

/** `3 days`, `90 minutes`, `30 seconds`, as readers of the page's language write it. */
export function showDuration(ms: number): string {
  const [unit, unitMs] = units.find(([, one]) => ms >= one && ms % one === 0) ?? ['second', 1000];
  const { lang } = document.documentElement;
  const value = Math.round(ms / unitMs);
  return new Intl.NumberFormat(lang, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
}
