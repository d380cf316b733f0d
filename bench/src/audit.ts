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
import { AuditLogs } from './audit-log.ts';
import type { AuditResult, RawResult } from './audit-replayer.ts';
import { measured } from './measurement.ts';
import type { Measurement } from './measurement.ts';

const entriesDefault = 100_000;
/** Of the entries of the first replay. */
const dayShare = 0.05;

/** Measures a replay of so many entries, and of two days more. */
export async function benchAudit(
  say: (line: string) => void,
  entries: number = entriesDefault,
): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-'));
  try {
    const logs = await AuditLogs.create(folder);
    const replayed = async (added: number): Promise<AuditResult> => {
      say(`signing ${added} entries`);
      await logs.add(added);
      say('replaying them, in turns with bare verification');
      return await replayFolder(folder);
    };
    const day = Math.ceil(entries * dayShare);
    const before = await inProcess<RawResult>('raw');
    const all = await replayed(entries);
    const after = await inProcess<RawResult>('raw');
    const days = [await replayed(day), await replayed(2 * day)] as const;
    return figures(all, [before, after], days);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function replayFolder(folder: string): Promise<AuditResult> {
  const result = await inProcess<AuditResult>('replay', folder);
  if (result.violations > 0) throw new Error(`${result.violations} leaves do not verify`);
  return result;
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
  ];
}
