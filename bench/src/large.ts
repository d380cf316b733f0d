/**
 * `npm run bench -- large [--entries N] [--base N] [--folder DIR]`: what grows with a directory, and how. A
 * federation of three is generated with a register of every number in each log, and measured at 10^5 numbers, or
 * as many as are said for a base, and at N. What is signed is kept in the folder, and an interrupted run goes on
 * from there.
 */
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isInstalled } from './dns-peers.ts';
import { askFor, askOnce } from './dns-load.ts';
import type { ServerProcess } from './dns-server-process.ts';
import { vrfSecretKey } from './large-federation.ts';
import { LargeMember, writeQueries } from './large-member.ts';
import type { DiskFigures, JoinFigures, MemoryFigures } from './large-member.ts';
import { holderKeySets, recordBytes } from './large-records.ts';
import { assertAsByEngine } from './large-sample-check.ts';
import { signRecords } from './large-signing.ts';
import { measured, median } from './measurement.ts';
import type { Measurement } from './measurement.ts';

const baseDefault = 100_000;
const entriesDefault = 1_000_000;
const rounds = 3;
const rateSeconds = 3;
/** Of the daemon's configuration as it is unless set: the store's cache and the table of answers. */
const tableBytes: number = (64 + 64) << 20;

const goals = { diskBytes: 1500, startMs: 5000, besideBytes: 512e6, dnsRatio: 0.8 } as const;

/** What the start has left is collected within seconds; then a member is idle. */
const idleAfterMs = 10_000;

type Say = (line: string) => void;

export type LargeJoin = 'all' | 'base' | 'none';

export interface LargeOptions {
  readonly entries?: number | undefined;
  /** Of the smaller federation, if it is smaller. */
  readonly base?: number | undefined;
  /** Kept, with what is signed. */
  readonly folder?: string | undefined;
  /** Which federations a member joins; the smaller unless said, as a large one takes long. */
  readonly join?: LargeJoin | undefined;
}

/** What is measured of one member. */
interface LargeFigures {
  readonly count: number;
  readonly disk: DiskFigures;
  readonly startMs: number;
  readonly idle: MemoryFigures;
  readonly dns: DnsFigures | undefined;
  readonly loaded: MemoryFigures;
  readonly join: JoinFigures | undefined;
  readonly proofs: number;
  readonly updateCpuUs: number;
}

interface DnsFigures {
  readonly firstPerSecond: number;
  readonly firstCpuUs: number;
  readonly knownPerSecond: number;
  readonly knownCpuUs: number;
}

/** Measures at `base` numbers and, in turns with that, at `entries`. */
export async function benchLarge(say: Say, options: LargeOptions = {}): Promise<Measurement[]> {
  const { entries = entriesDefault, base = baseDefault, join: joins = 'base' } = options;
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'callbook-bench-')));
  const counts = entries > base ? [base, entries] : [entries];
  const members: LargeMember[] = [];
  try {
    const recordFile = join(folder, 'records');
    await signRecords(recordFile, { vrfSecretKey, count: entries, say });
    const keySets = holderKeySets();
    for (const count of counts) {
      const at = join(folder, `federation-${count}`);
      await rm(at, { recursive: true, force: true });
      const records = await readRecords(recordFile, count);
      if (members.length === 0)
        await assertAsByEngine({ folder: `${at}-sample`, keySets, records });
      members.push(await LargeMember.make({ folder: at, count, keySets, records, say }));
    }
    const figures = await measureAll(members, { folder, joins, say });
    return [...tableOf(figures), ...growthOf(figures)];
  } finally {
    for (const count of counts) {
      await rm(join(folder, `federation-${count}`), { recursive: true, force: true });
    }
    if (options.folder === undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function readRecords(path: string, count: number): Promise<Uint8Array> {
  await using file = await open(path, 'r');
  const records = Buffer.allocUnsafeSlow(count * recordBytes);
  for (let at = 0; at < records.length;) {
    at += (await file.read(records, at, Math.min(1 << 28, records.length - at), at)).bytesRead;
  }
  return records;
}

interface Started {
  readonly member: LargeMember;
  readonly disk: DiskFigures;
  readonly daemon: ServerProcess;
  readonly startMs: number;
}

/** Daemons run beside each other while they are asked in turns, and one at a time else. */
async function measureAll(
  members: readonly LargeMember[],
  { folder, joins, say }: { readonly folder: string; readonly joins: LargeJoin; readonly say: Say },
): Promise<LargeFigures[]> {
  await using running = new AsyncDisposableStack();
  const started: Started[] = [];
  for (const member of members) {
    const disk = await member.disk();
    say(`starting a member with ${member.count} bindings`);
    const { daemon, startMs } = await member.start();
    running.use(daemon);
    started.push({ member, disk, daemon, startMs });
  }
  await sleep(idleAfterMs);
  const idle = started.map(({ daemon }) => memoryOf(daemon));
  const dns = await askInTurns(started, { folder, say });
  const loaded = started.map(({ daemon }) => memoryOf(daemon));
  const figures: LargeFigures[] = [];
  for (const [place, { member, disk, daemon, startMs }] of started.entries()) {
    const isJoined = joins === 'all' || (joins === 'base' && place === 0);
    if (isJoined) say(`a second member joins one with ${member.count} bindings`);
    const joined = isJoined ? await member.join() : undefined;
    await daemon[Symbol.asyncDispose]();
    say(`proving and changing bindings of ${member.count}`);
    figures.push({
      count: member.count,
      disk,
      startMs,
      idle: idle[place]!,
      dns: dns?.[place],
      loaded: loaded[place]!,
      join: joined,
      ...(await member.prove()),
    });
  }
  return figures;
}

function memoryOf(daemon: ServerProcess): MemoryFigures {
  const ownPages = daemon.statusBytes('RssAnon') + daemon.statusBytes('RssShmem');
  return { resident: daemon.statusBytes('VmRSS'), ownPages };
}

async function askInTurns(
  started: readonly Started[],
  { folder, say }: { readonly folder: string; readonly say: Say },
): Promise<DnsFigures[] | undefined> {
  if (!isInstalled('dnsperf')) {
    say('dnsperf is missing; Debian package: dnsperf');
    return undefined;
  }
  const queryFile = join(folder, 'queries');
  // The working set: all of the smallest directory.
  const names = started[0]!.member.count;
  await writeQueries(queryFile, names);
  say(`asking for ${names} names, each for the first time, then again and again`);
  const first = started.map(({ daemon, member }) =>
    asked(daemon, () => askOnce(member.dnsPort, queryFile)),
  );
  const known: Asked[][] = started.map(() => []);
  for (let round = 0; round < rounds; round += 1) {
    for (const [place, { daemon, member }] of started.entries()) {
      known[place]!.push(asked(daemon, () => askFor(member.dnsPort, queryFile, rateSeconds)));
    }
  }
  return started.map((_nothing, place) => ({
    firstPerSecond: first[place]!.perSecond,
    firstCpuUs: first[place]!.cpuUs,
    knownPerSecond: median(known[place]!.map(({ perSecond }) => perSecond)),
    knownCpuUs: median(known[place]!.map(({ cpuUs }) => cpuUs)),
  }));
}

interface Asked {
  readonly perSecond: number;
  readonly cpuUs: number;
}

function asked(daemon: ServerProcess, ask: () => ReturnType<typeof askOnce>): Asked {
  const before = daemon.cpuSeconds();
  const { answers, answersPerSecond } = ask();
  return {
    perSecond: answersPerSecond,
    cpuUs: ((daemon.cpuSeconds() - before) / answers) * 1e6,
  };
}

function tableOf(figures: readonly LargeFigures[]): Measurement[] {
  return figures.flatMap((of) => [
    ...diskTable(of),
    ...memoryTable(of),
    ...dnsTable(of),
    ...joinTable(of),
    figure(of, {
      name: 'CPU of an update, index and store included',
      value: of.updateCpuUs,
      unit: 'us',
    }),
    figure(of, { name: 'proofs of a sample, all of them good', value: of.proofs, unit: 'proofs' }),
  ]);
}

type Figure = Parameters<typeof measured>[0];

function figure({ count }: LargeFigures, { name, ...rest }: Figure): Measurement {
  return measured({ name: `large, ${count}: ${name}`, ...rest });
}

function diskTable(of: LargeFigures): Measurement[] {
  const { logs, rows, index, all } = of.disk;
  const unit = 'bytes a binding';
  const viewGoal = `<= ${goals.diskBytes}` as const;
  return [
    figure(of, { name: 'disk, rows and index', value: all - logs, unit, goal: viewGoal }),
    figure(of, { name: 'disk, of it rows', value: rows, unit }),
    figure(of, { name: 'disk, of it index', value: index, unit }),
    figure(of, { name: 'disk, leaves and tiles of three logs', value: logs, unit }),
    figure(of, { name: 'disk, all', value: all, unit }),
  ];
}

function memoryTable(of: LargeFigures): Measurement[] {
  const { startMs, idle, loaded } = of;
  const unit = 'MB';
  const startGoal = `<= ${goals.startMs}` as const;
  const besideGoal = `<= ${goals.besideBytes / 1e6}` as const;
  const beside = Math.max(0, loaded.ownPages - tableBytes) / 1e6;
  return [
    figure(of, {
      name: 'start to the first DNS answer',
      value: startMs,
      unit: 'ms',
      goal: startGoal,
    }),
    figure(of, { name: 'resident when idle', value: idle.resident / 1e6, unit }),
    figure(of, { name: 'resident when it was asked', value: loaded.resident / 1e6, unit }),
    figure(of, {
      name: 'of it pages of files',
      value: (loaded.resident - loaded.ownPages) / 1e6,
      unit,
    }),
    figure(of, { name: 'of it neither files nor tables', value: beside, unit, goal: besideGoal }),
  ];
}

function dnsTable(of: LargeFigures): Measurement[] {
  if (of.dns === undefined) return [];
  const { firstPerSecond, firstCpuUs, knownPerSecond, knownCpuUs } = of.dns;
  return [
    figure(of, { name: 'DNS, names for the first time', value: firstPerSecond, unit: 'answers/s' }),
    figure(of, { name: 'DNS, names for the first time, CPU', value: firstCpuUs, unit: 'us' }),
    figure(of, { name: 'DNS, names asked before', value: knownPerSecond, unit: 'answers/s' }),
    figure(of, { name: 'DNS, names asked before, CPU', value: knownCpuUs, unit: 'us' }),
  ];
}

function joinTable(of: LargeFigures): Measurement[] {
  const { count, join: joined } = of;
  if (joined === undefined) return [];
  const { seconds, cpuSeconds, receivedBytes, resident, ownPages } = joined;
  const cpuUs = (cpuSeconds / count) * 1e6;
  return [
    figure(of, { name: 'join by a snapshot', value: seconds, unit: 's' }),
    figure(of, { name: 'join, CPU of the newcomer', value: cpuUs, unit: 'us a binding' }),
    ...(receivedBytes === undefined
      ? []
      : [
          figure(of, {
            name: 'join, received',
            value: receivedBytes / count,
            unit: 'bytes a binding',
          }),
        ]),
    figure(of, { name: 'join, resident at its peak', value: resident / 1e6, unit: 'MB' }),
    figure(of, { name: 'join, own pages at the end', value: ownPages / 1e6, unit: 'MB' }),
    figure(of, {
      name: 'look-ups, all proven and validated',
      value: joined.lookUps,
      unit: 'look-ups',
    }),
  ];
}

/** How what differs grows from the smallest directory to the largest, in the same run. */
function growthOf(figures: readonly LargeFigures[]): Measurement[] {
  const [base, top] = figures;
  if (base === undefined || top === undefined) return [];
  const against = (value: number): { readonly what: string; readonly value: number } => {
    return { what: `${base.count}`, value };
  };
  const grown = (name: string, of: (one: LargeFigures) => number | undefined): Measurement[] => {
    const [from, to] = [of(base), of(top)];
    if (from === undefined || to === undefined) return [];
    return [figure(top, { name: `${name}, grown`, value: to, unit: '', against: against(from) })];
  };
  const dns =
    base.dns === undefined || top.dns === undefined
      ? []
      : [
          figure(top, {
            name: 'DNS, names asked before, against fewer numbers',
            value: top.dns.knownPerSecond,
            unit: 'answers/s',
            against: against(base.dns.knownPerSecond),
            goal: `>= ${goals.dnsRatio}`,
          }),
        ];
  return [
    ...dns,
    ...grown('CPU of a name for the first time', ({ dns }) => dns?.firstCpuUs),
    ...grown('CPU of a name asked before', ({ dns }) => dns?.knownCpuUs),
    ...grown('CPU of an update', ({ updateCpuUs }) => updateCpuUs),
    ...grown(
      'CPU of a join, a binding',
      ({ join: joined, count }) => joined && joined.cpuSeconds / count,
    ),
    ...grown('disk of a binding', ({ disk }) => disk.all),
    ...grown('start', ({ startMs }) => startMs),
    ...grown('memory when idle', ({ idle }) => idle.resident),
  ];
}
