/** The report of an audit for programs, such as the web page of the federation (docs/auditors.md). */
import type { CharterSet } from '@callbook/protocol';
import type { Finding } from '../findings.ts';
import { findingsShownMax } from '../limits.ts';
import { auditedMembers } from '../sync/member-files.ts';
import type { AuditRun, RunHistory } from './run-history.ts';

/** The transparency report as JSON (docs/auditors.md). */
export interface Transparency {
  readonly v: 1;
  readonly atMs: number;
  readonly verdict: AuditRun['verdict'];
  readonly root: string;
  readonly bindings: number;
  readonly runs: number;
  readonly runsAgreed: number;
  readonly members: readonly {
    readonly name: string;
    readonly log: string;
    readonly outcome: string;
    /** Share of the runs in which it answered, 0 to 1. */
    readonly uptime: number;
    /** Entries by kind. */
    readonly entries: Readonly<Record<string, number>>;
  }[];
  /** Entries of all members by day and kind. */
  readonly days: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly problems: readonly Pick<
    Finding,
    'code' | 'member' | 'log' | 'index' | 'kind' | 'convicts'
  >[];
}

/** Sums up the runs; undefined while there was none. */
export function transparencyOf(
  history: RunHistory,
  charters: CharterSet,
): Transparency | undefined {
  const { runs, findings } = history;
  const last = runs.at(-1);
  if (last === undefined) return undefined;
  const members = auditedMembers(charters.current.charter).map(({ name, origin }) => {
    const seen = runs.flatMap((run) => run.members.filter((member) => member.name === name));
    const uptime = seen.filter(({ isAway }) => !isAway).length / Math.max(1, seen.length);
    const outcome = last.members.find((member) => member.name === name)?.outcome ?? 'uncompared';
    return { name, log: origin, outcome, uptime, entries: entriesOf(history, origin) };
  });
  const days = Object.entries(history.days).map(
    ([day, logs]) => [day, summed(Object.values(logs))] as const,
  );
  const { atMs, verdict, root, bindings } = last;
  return {
    v: 1,
    atMs,
    verdict,
    root,
    bindings,
    runs: runs.length,
    runsAgreed: runs.filter((run) => run.verdict === 'agree').length,
    members,
    days: Object.fromEntries(days),
    problems: findings
      .filter(({ grave }) => grave)
      .slice(0, findingsShownMax)
      .map(({ code, member, log, index, kind, convicts }) => ({
        code,
        member,
        convicts,
        ...(log === undefined ? {} : { log }),
        ...(index === undefined ? {} : { index }),
        ...(kind === undefined ? {} : { kind }),
      })),
  };
}

function entriesOf({ days }: RunHistory, origin: string): Record<string, number> {
  return summed(Object.values(days).map((logs) => logs[origin] ?? {}));
}

function summed(all: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const kinds of all)
    for (const [kind, count] of Object.entries(kinds)) sum[kind] = (sum[kind] ?? 0) + count;
  return sum;
}

/** Sums up entries of all kinds. */
export function total(kinds: Readonly<Record<string, number>>): number {
  return Object.values(kinds).reduce((sum, count) => sum + count, 0);
}
