/**
 * What an audit remembers of its runs, for reports: a line for each run, and how many entries of which
 * kind each member has logged on which day. It is told, not proven: whoever doubts it replays. If we are
 * killed between the fold and this, the entries of that run are missing here, and nowhere else.
 */
import type { CacheFolder } from '../cache/cache-folder.ts';
import type { Finding } from '../findings.ts';
import { daysKeptMax, runsKeptMax } from '../limits.ts';
import type { SeenKinds } from '../replay/fold-engine.ts';
import type { ReplayResult } from '../replay/replay.ts';

/** One run. */
export interface AuditRun {
  readonly atMs: number;
  readonly verdict: ReplayResult['verdict'];
  readonly root: string;
  readonly bindings: number;
  readonly leaves: number;
  /** Members that answered, and by how many leaves the root of each was behind the farthest. */
  readonly members: readonly {
    readonly name: string;
    readonly outcome: string;
    readonly isAway: boolean;
    readonly behind: number;
  }[];
  readonly grave: number;
}

/** Entries by day, log and kind. */
type DayCounts = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, number>>>>>
>;

export interface RunHistory {
  readonly runs: readonly AuditRun[];
  readonly days: DayCounts;
  /** What the last run has found. */
  readonly findings: readonly Finding[];
}

const path = 'history.json';

/** Reads what is remembered; nothing where there is nothing, or nothing that can be read. */
export function readHistory(folder: CacheFolder): RunHistory {
  const text = folder.readText(path);
  try {
    if (text !== undefined) return JSON.parse(text) as RunHistory;
  } catch {
    // It is only told: it begins anew.
  }
  return { runs: [], days: {}, findings: [] };
}

/** Counts entries while a replay folds them. */
export class KindCounter {
  readonly days: Record<string, Record<string, Record<string, number>>> = {};

  readonly take = ({ log, atMs, kinds }: SeenKinds): void => {
    if (!Number.isFinite(atMs) || atMs <= 0 || atMs > dateMsMax) return;
    const day = (this.days[new Date(atMs).toISOString().slice(0, 10)] ??= {});
    addKinds((day[log] ??= {}), kinds);
  };
}

const dateMsMax = 8.64e15;

/** Adds a run; entries are added to those of the days before unless the fold began anew. */
export function noteRun(
  folder: CacheFolder,
  result: ReplayResult,
  of: { readonly counted: KindCounter; readonly atMs: number },
): RunHistory {
  const before = readHistory(folder);
  const folded = result.logs.reduce((sum, { size }) => sum + size, 0);
  const days: Record<string, Record<string, Record<string, number>>> = result.leaves >= folded
    ? {}
    : structuredClone(before.days);
  for (const [day, logs] of Object.entries(of.counted.days)) {
    for (const [log, kinds] of Object.entries(logs)) {
      addKinds(((days[day] ??= {})[log] ??= {}), kinds);
    }
  }
  const kept = Object.entries(days)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(-daysKeptMax);
  const history = {
    runs: [...before.runs, runOf(result, of.atMs)].slice(-runsKeptMax),
    days: Object.fromEntries(kept),
    findings: result.findings,
  };
  folder.write(path, `${JSON.stringify(history)}\n`);
  return history;
}

function addKinds(sum: Record<string, number>, kinds: Readonly<Record<string, number>>): void {
  for (const [kind, count] of Object.entries(kinds)) sum[kind] = (sum[kind] ?? 0) + count;
}

function runOf(result: ReplayResult, atMs: number): AuditRun {
  const { verdict, root, bindings, leaves, findings } = result;
  const farthest = Math.max(0, ...result.members.map((member) => member.leaves));
  const away = new Set(
    findings.filter(({ code }) => code === 'member_unreachable').map(({ member }) => member),
  );
  const members = result.members.map(({ member: name, outcome, leaves: reached }) => {
    return { name, outcome, isAway: away.has(name), behind: farthest - reached };
  });
  const grave = findings.filter((finding) => finding.grave).length;
  return { atMs, verdict, root, bindings, leaves, members, grave };
}
