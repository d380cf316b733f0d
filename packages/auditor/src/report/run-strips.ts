/**
 * What came of each run, as strips: one for all members together, one for each of them. Where runs are
 * more than can be drawn, neighbours become one, and the worst of them is shown.
 */
import type { AuditRun } from './run-history.ts';
import { axis, escaped, figure, joined } from './svg-plot.ts';

/** From best to worst, with what the legend says. */
const states = {
  unknown: 'no member then',
  agrees: 'agrees',
  uncompared: 'not compared',
  away: 'away',
  differs: 'something is wrong',
} as const;

type RunState = keyof typeof states;

const ranks = Object.keys(states) as RunState[];
const width = 720;
const height = 20;

interface Strip {
  readonly name: string;
  readonly said: string;
  readonly runs: readonly RunState[];
}

/** Returns the strips of the runs of these members; `uptime` is a share. */
export function runStrips(
  runs: readonly AuditRun[],
  members: readonly { readonly name: string; readonly uptime: number }[],
): string {
  const agreed = runs.filter(({ verdict }) => verdict === 'agree').length;
  const strips: Strip[] = [
    { name: 'all', said: `${percent(agreed / Math.max(1, runs.length))} agreed`, runs: all(runs) },
    ...members.map(({ name, uptime }) => {
      return { name, said: `up ${percent(uptime)}`, runs: runs.map((run) => stateOf(run, name)) };
    }),
  ];
  const shown = new Set(strips.flatMap((strip) => strip.runs));
  const keys = ranks
    .filter((state) => shown.has(state))
    .map((state) => `<span><i class="${state}"></i>${states[state]}</span>`);
  const rows = strips.map(stripRow).join('');
  const times = axis(timeOf(runs[0]), timeOf(runs.at(-1)));
  const content = `<div class="strips">${rows}</div>${times}<p class="keys">${keys.join(' ')}</p>`;
  return figure('Index roots agreed and members that answered, by run', content);
}

function all(runs: readonly AuditRun[]): RunState[] {
  return runs.map(({ verdict }) => {
    if (verdict === 'agree') return 'agrees';
    return verdict === 'disagree' ? 'differs' : 'uncompared';
  });
}

function stateOf({ members }: AuditRun, name: string): RunState {
  const member = members.find((one) => one.name === name);
  if (member === undefined) return 'unknown';
  if (member.outcome === 'agrees' || member.outcome === 'differs') return member.outcome;
  return member.isAway ? 'away' : 'uncompared';
}

/** Neighbours that are alike are one rectangle. */
function stripRow({ name, said, runs }: Strip): string {
  const drawn = joined(runs, (some) => some.reduce((a, b) => (rank(b) > rank(a) ? b : a)));
  const step = width / drawn.length;
  const rects: string[] = [];
  for (let start = 0; start < drawn.length;) {
    let end = start + 1;
    while (drawn[end] === drawn[start]) end++;
    const [x, size] = [start * step, (end - start) * step];
    rects.push(
      `<rect class="${drawn[start]!}" x="${x.toFixed(1)}" y="0" width="${size.toFixed(1)}" height="${height}"/>`,
    );
    start = end;
  }
  const label = `${escaped(name)}: ${said}`;
  return `<div class="strip"><b>${escaped(name)}</b><svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${label}">${rects.join('')}</svg><span>${said}</span></div>`;
}

function rank(state: RunState): number {
  return ranks.indexOf(state);
}

/** A share in percent; 100 only where it is all of it. */
export function percent(share: number): string {
  return share === 1 ? '100 %' : `${Math.min(99.9, 100 * share).toFixed(1)} %`;
}

/** When a run was, to the minute. */
export function timeOf(run: Pick<AuditRun, 'atMs'> | undefined): string {
  return run === undefined
    ? ''
    : `${new Date(run.atMs).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
