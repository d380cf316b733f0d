/** Spans of time as people write them: `7d`, `72h`, `30m`, `90s`, `500ms`; a bare number is milliseconds. */

const unitsMs = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 } as const;

/** Reads a span in whole milliseconds; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  const [, number, unit] = /^(\d{1,15})(d|h|m|s|ms)?$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  const ms = Number(number) * unitsMs[(unit ?? 'ms') as keyof typeof unitsMs];
  return Number.isSafeInteger(ms) ? ms : undefined;
}

/** Writes a span in the largest unit that leaves no fraction; days from two on. */
export function formatDuration(ms: number): string {
  if (ms === 0) return '0';
  const [unit, unitMs] = Object.entries(unitsMs).find(
    ([name, size]) => ms % size === 0 && (name !== 'd' || ms > size),
  )!;
  return `${ms / unitMs} ${unit}`;
}
