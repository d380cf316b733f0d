/**
 * What an audit costs: a replay from nothing of logs with so many entries, everything included but the
 * network, held against bare verification of as many signatures; then two days on top of it, the second
 * with twice the entries of the first.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stagedLogs } from './audit-log.ts';
import type { AuditResult, RawResult } from './audit-replayer.ts';
import { measured } from './measurement.ts';
import type { Measurement } from './measurement.ts';

const entriesDefault = 100_000;
/** Of the entries of the first replay. */
const dayShare = 0.05;

export interface AuditBench {
  readonly entries?: number | undefined;
  /** Keeps the logs, for further runs; left out, they are made for this one. */
  readonly folder?: string | undefined;
}

/** Measures a replay of so many entries, and of two days more. */
export async function benchAudit(
  say: (line: string) => void,
  { entries = entriesDefault, folder: kept }: AuditBench = {},
): Promise<Measurement[]> {
  const folder = kept ?? (await mkdtemp(join(tmpdir(), 'callbook-bench-')));
  try {
    const day = Math.ceil(entries * dayShare);
    const stages = [entries, day, 2 * day];
    say(`signing ${stages.join(' + ')} entries, unless they are in the folder`);
    const logs = await stagedLogs(folder, stages);
    const before = await inProcess<RawResult>('raw');
    const results: AuditResult[] = [];
    let after = before;
    for (const [stage, labels] of logs.labels.entries()) {
      say(`replaying the ${stage === 0 ? 'logs' : 'next day'}`);
      logs.show(stage);
      results.push(await replayFolder(folder, labels));
      if (stage === 0) after = await inProcess<RawResult>('raw');
    }
    const [all, ...days] = results as [AuditResult, AuditResult, AuditResult];
    return figures(all, [before, after], days);
  } finally {
    if (kept === undefined) await rm(folder, { recursive: true });
  }
}

/** A replay that came to another index than the logs give measures nothing. */
async function replayFolder(folder: string, labels: number): Promise<AuditResult> {
  const result = await inProcess<AuditResult>('replay', folder);
  if (result.violations > 0) throw new Error(`${result.violations} leaves do not verify`);
  if (result.bindings === labels) return result;
  throw new Error(`${result.bindings} bindings of ${labels} labels`);
}

async function inProcess<T>(...args: readonly string[]): Promise<T> {
  const replayer = new URL('audit-replayer.ts', import.meta.url).pathname;
  const all = ['--conditions=@callbook/source', replayer, ...args];
  const { stdout } = await promisify(execFile)(process.execPath, all);
  return JSON.parse(stdout) as T;
}

function figures(
  all: AuditResult,
  raw: readonly [RawResult, RawResult],
  days: readonly [AuditResult, AuditResult],
): Measurement[] {
  const perCpuSecond = all.leaves / all.cpuSeconds;
  const rawPerCpuSecond = (raw[0].perCpuSecond + raw[1].perCpuSecond) / 2;
  const rawPerSecond = (raw[0].perSecond + raw[1].perSecond) / 2;
  const [one, two] = days.map(({ cpuSeconds }) => cpuSeconds) as [number, number];
  return [
    measured({
      name: `replay of ${all.leaves} leaves`,
      value: perCpuSecond,
      unit: 'leaves/s of CPU',
      against: { what: 'raw verification, sodium-native', value: rawPerCpuSecond },
      goal: '>= 0.6',
    }),
    measured({
      name: 'replay, both cores',
      value: all.leaves / all.seconds,
      unit: 'leaves/s',
      against: { what: 'raw verification, all cores', value: rawPerSecond },
    }),
    measured({
      name: 'replay, memory',
      value: all.rssMiB,
      unit: 'MiB resident, peak',
      goal: '<= 300',
    }),
    measured({
      name: `a day of ${days[0].leaves} leaves`,
      value: days[0].leaves / one,
      unit: 'leaves/s of CPU',
      against: { what: 'replay from nothing', value: perCpuSecond },
    }),
    measured({
      name: 'a day with twice the leaves',
      value: two,
      unit: 's of CPU',
      against: { what: 'the day', value: one },
      goal: '<= 2.2',
    }),
    measured({
      name: `report of ${days[1].reported} entries`,
      value: days[1].reportBytes / 1e6,
      unit: 'MB',
      goal: '<= 1',
    }),
  ];
}
