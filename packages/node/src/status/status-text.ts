/** The status of a member for a terminal. */
import type { StatusTable, StatusView } from './status-view.ts';

/** Returns lines without their ends. */
export function statusLines({ heading, state, at, next, tables }: StatusView): string[] {
  return [
    heading,
    `${state}; ${at}`,
    '',
    ...(next.length === 0 ? ['Nothing to do.'] : ['Next:']),
    ...next.map(({ urgency, what, alert }) => `  ${urgency.padEnd(5)}  ${what} (${alert})`),
    ...tables.flatMap((table) => ['', ...tableLines(table)]),
  ];
}

function tableLines({ caption, head, rows }: StatusTable): string[] {
  const widths = head.map((title, place) =>
    Math.max(title.length, ...rows.map((cells) => cells[place]!.length)),
  );
  const line = (cells: readonly string[]): string =>
    `  ${cells.map((cell, place) => cell.padEnd(widths[place]!)).join('  ')}`.trimEnd();
  return [caption, line(head), ...rows.map(line)];
}
