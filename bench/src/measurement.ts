/** What a bench reports: one figure, and what it is held against within the same run. */

export interface Measurement {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** What `ratio` compares with; null when the figure stands alone. */
  readonly against: string | null;
  /** The other's figure, in the same unit. */
  readonly againstValue: number | null;
  readonly ratio: number | null;
  /** Bound of `ratio`, or of `value` where there is no ratio: `>= 0.35`, `<= 500`. */
  readonly goal: string | null;
  readonly met: boolean | null;
}

export interface MeasuredFigure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly against?: { readonly what: string; readonly value: number };
  readonly goal?: `${'>=' | '<='} ${number}`;
}

/** Completes a figure with its ratio and whether its goal is met. */
export function measured(figure: MeasuredFigure): Measurement {
  const { name, value, unit, against, goal } = figure;
  const ratio = against === undefined ? null : value / against.value;
  return {
    name,
    value,
    unit,
    against: against?.what ?? null,
    againstValue: against?.value ?? null,
    ratio,
    goal: goal ?? null,
    met: goal === undefined ? null : meets(ratio ?? value, goal),
  };
}

function meets(figure: number, goal: string): boolean {
  const [relation, bound] = goal.split(' ');
  return relation === '>=' ? figure >= Number(bound) : figure <= Number(bound);
}

/** The value below which a share of the samples lies; `share` from 0 to 1. */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const position = Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1);
  return sorted[Math.max(0, position)] ?? Number.NaN;
}

export function median(samples: readonly number[]): number {
  return percentile(samples, 0.5);
}
