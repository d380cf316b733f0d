/** Lengths of time for people: `2 d 23 h`, `59 min`, `30 s`; rounded up, as something is waited for. */

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** Writes milliseconds in the largest unit that fits and the next one. */
export function describeSpan(ms: number): string {
  const place = units.findIndex(([, unitMs]) => ms >= unitMs);
  if (place < 0) return '1 s';
  const [name, unitMs] = units[place]!;
  const next = units[place + 1];
  if (next === undefined) return `${Math.ceil(ms / unitMs)} ${name}`;
  const rest = Math.floor((ms % unitMs) / next[1]);
  const whole = `${Math.floor(ms / unitMs)} ${name}`;
  return rest === 0 ? whole : `${whole} ${rest} ${next[0]}`;
}
