/** Curves of a soak: as a line of text, and as a picture in SVG. */
import { describeFault } from '../chaos/inflict.ts';
import type { SoakRecord } from './soak-run.ts';

const bars = '▁▂▃▄▅▆▇█';
const sparkWidth = 60;

/** The values as a line of 60 characters at most, each the mean of what it stands for; from 0 up. */
export function sparkline(values: readonly number[]): string {
  const width = Math.min(sparkWidth, values.length);
  const means = Array.from({ length: width }, (_, place) => {
    const from = Math.floor((place * values.length) / width);
    const until = Math.floor(((place + 1) * values.length) / width);
    const part = values.slice(from, until);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
  const most = Math.max(...means, Number.MIN_VALUE);
  return means.map((value) => bars[Math.round((value / most) * (bars.length - 1))]).join('');
}

const width = 960;
const panelHeight = 260;
const margin = { left: 60, right: 110, top: 30 } as const;
const gap = 50;
const colours = ['#1b6ca8', '#c0392b', '#1e8449', '#8e44ad', '#b9770e'] as const;
const faultColours = { kill: '#c0392b', 'fill-disk': '#b9770e', clock: '#8e44ad' } as const;

interface Curve {
  readonly name: string;
  readonly points: readonly { readonly atMs: number; readonly value: number }[];
}

/** Memory of each member above, rates below, and what befell whom as lines through both. */
export function drawSoak({ samples, tallies, plan }: SoakRecord): string {
  const endMs = Math.max(1, ...tallies.map(({ atMs }) => atMs));
  const memory = [...samples].map(([name, taken]) => ({
    name,
    points: taken.map(({ atMs, anonymous, mapped }) => ({ atMs, value: anonymous + mapped })),
  }));
  const rates = (['dns', 'api', 'writes'] as const).map((name) => ({
    name,
    points: tallies.slice(1).map((tally, place) => {
      const before = tallies[place]!;
      const seconds = Math.max(0.001, (tally.atMs - before.atMs) / 1000);
      return { atMs: tally.atMs, value: (tally[name] - before[name]) / seconds };
    }),
  }));
  const height = margin.top + 2 * (panelHeight + gap);
  const across = (atMs: number): number =>
    margin.left + (atMs / endMs) * (width - margin.left - margin.right);
  const marks = plan.map((planned) => {
    const { fault, atMs } = planned;
    const colour = faultColours[fault.kind as keyof typeof faultColours] ?? '#888888';
    const x = across(atMs).toFixed(1);
    return (
      `<line x1="${x}" x2="${x}" y1="${margin.top}" y2="${height - gap}" stroke="${colour}" ` +
      `stroke-width="0.7" stroke-dasharray="2 3"><title>${describeFault(planned)}</title></line>`
    );
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="11">`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    ...marks,
    ...drawPanel('resident memory, MiB', memory, { top: margin.top, across, endMs }),
    ...drawPanel('a second', rates, { top: margin.top + panelHeight + gap, across, endMs }),
    '</svg>\n',
  ].join('\n');
}

function drawPanel(
  title: string,
  curves: readonly Curve[],
  at: { readonly top: number; readonly endMs: number; across(atMs: number): number },
): string[] {
  const { top, across, endMs } = at;
  const bottom = top + panelHeight;
  const most = Math.max(1, ...curves.flatMap(({ points }) => points.map(({ value }) => value)));
  const up = (value: number): number => bottom - (value / most) * panelHeight;
  const right = width - margin.right;
  return [
    `<text x="${margin.left}" y="${top - 8}" font-weight="bold">${title}</text>`,
    `<path d="M${margin.left} ${top}V${bottom}H${right}" fill="none" stroke="#333333"/>`,
    `<text x="${margin.left - 6}" y="${top + 8}" text-anchor="end">${most.toFixed(0)}</text>`,
    `<text x="${margin.left - 6}" y="${bottom}" text-anchor="end">0</text>`,
    `<text x="${right}" y="${bottom + 14}" text-anchor="end">${(endMs / 60_000).toFixed(1)} min</text>`,
    ...curves.flatMap(({ name, points }, place) => {
      const colour = colours[place % colours.length]!;
      const path = points
        .map(({ atMs, value }) => `${across(atMs).toFixed(1)},${up(value).toFixed(1)}`)
        .join(' ');
      const y = top + 14 + 16 * place;
      return [
        `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.2"/>`,
        `<text x="${right + 10}" y="${y}" fill="${colour}">${name}</text>`,
      ];
    }),
  ];
}
