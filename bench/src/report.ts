/** Prints measurements: a table for people, JSON lines for programs. */
import type { Measurement } from './measurement.ts';

const columns = ['name', 'value', 'unit', 'against', 'its value', 'ratio', 'goal', 'met'] as const;

/** Prints one measurement as a JSON line. */
export function printJson(measurement: Measurement): void {
  console.log(JSON.stringify(measurement));
}

/** Prints all measurements as a table. */
export function printTable(measurements: readonly Measurement[]): void {
  const rows = [[...columns], ...measurements.map(cellsOf)];
  const widths = columns.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows) {
    console.log(row.map((cell, column) => cell.padEnd(widths[column]!)).join('  '));
  }
}

function cellsOf(measurement: Measurement): string[] {
  const { name, value, unit, against, againstValue, ratio, goal, met } = measurement;
  return [
    name,
    rounded(value),
    unit,
    against ?? '',
    againstValue === null ? '' : rounded(againstValue),
    ratio === null ? '' : rounded(ratio),
    goal ?? '',
    met === null ? '' : met ? 'yes' : 'no',
  ];
}

function rounded(value: number): string {
  return Math.abs(value) >= 100 ? String(Math.round(value)) : value.toPrecision(3);
}
