/**
 * Whether memory grows: the slope of a line through means of equal stretches of time, with the interval in which
 * it lies with 95 % confidence. Samples that follow each other say much the same, so they are not counted as
 * many: their means are. What grows by less than the bound, or of which that cannot be told, passes.
 */

export interface Point {
  readonly atMs: number;
  readonly value: number;
}

interface Slope {
  /** In units of the values, an hour. */
  readonly perHour: number;
  readonly lowPerHour: number;
  readonly highPerHour: number;
}

export interface GrowthBounds {
  /** A member that has just started is still filling what it will keep. */
  readonly warmUpMs: number;
  readonly perHourMax: number;
  /** Over the whole time: less cannot be told from what comes and goes. */
  readonly riseMax: number;
}

export type Growth =
  | { readonly verdict: 'too-short' }
  | (Slope & {
      readonly verdict: 'flat' | 'grows';
      /** From the line's begin to its end. */
      readonly rise: number;
      readonly minutes: number;
    });

const stretchCount = 12;
const pointsInStretchMin = 3;
const hourMs = 3_600_000;

/** Judges the samples of one process; its begin is the first of them. */
export function judgeGrowth(points: readonly Point[], bounds: GrowthBounds): Growth {
  const firstMs = points[0]?.atMs ?? 0;
  const warm = points.filter(({ atMs }) => atMs >= firstMs + bounds.warmUpMs);
  if (warm.length < stretchCount * pointsInStretchMin) return { verdict: 'too-short' };
  const slope = slopeOf(meansOf(warm));
  const lengthMs = warm.at(-1)!.atMs - warm[0]!.atMs;
  const rise = (slope.perHour * lengthMs) / hourMs;
  const grows = slope.lowPerHour > bounds.perHourMax && rise > bounds.riseMax;
  return { ...slope, verdict: grows ? 'grows' : 'flat', rise, minutes: lengthMs / 60_000 };
}

function meansOf(points: readonly Point[]): Point[] {
  const size = points.length / stretchCount;
  return Array.from({ length: stretchCount }, (_, place) => {
    const stretch = points.slice(Math.floor(place * size), Math.floor((place + 1) * size));
    return {
      atMs: mean(stretch.map(({ atMs }) => atMs)),
      value: mean(stretch.map(({ value }) => value)),
    };
  });
}

/** Least squares; the interval is Student's, with two degrees of freedom fewer than there are points. */
function slopeOf(points: readonly Point[]): Slope {
  const middleMs = mean(points.map(({ atMs }) => atMs));
  const level = mean(points.map(({ value }) => value));
  const spread = sum(points.map(({ atMs }) => (atMs - middleMs) ** 2));
  const slope = sum(points.map(({ atMs, value }) => (atMs - middleMs) * (value - level))) / spread;
  const left = points.map(({ atMs, value }) => (value - level - slope * (atMs - middleMs)) ** 2);
  const freedom = points.length - 2;
  const error = Math.sqrt(sum(left) / freedom / spread) * studentAt95(freedom);
  return {
    perHour: slope * hourMs,
    lowPerHour: (slope - error) * hourMs,
    highPerHour: (slope + error) * hourMs,
  };
}

/** Two-sided; within 1 % from 5 degrees of freedom on. */
function studentAt95(freedom: number): number {
  return 1.96 + 2.37 / freedom + 2.82 / freedom ** 2;
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
