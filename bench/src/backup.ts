/**
 * A backup of a member that serves DNS at half of what it can: how long it takes, what the others who ask
 * meanwhile notice, what the next one costs, and what it would take to copy rows instead of files. The
 * production daemon and the production command, with a store as large as that of a federation of three.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { recordTypes } from '@callbook/dns/wire';
import { openLevelStore } from '@callbook/replication';
import { startTestnet } from '@callbook/testnet';
import { fillMemberStore } from './backup-store.ts';
import { daemonCommand, launcherCommand } from './daemon-command.ts';
import { askFor, latencyUsP99 } from './dns-load.ts';
import { isInstalled } from './dns-peers.ts';
import { ServerProcess } from './dns-server-process.ts';
import { numberName } from './dns-zone.ts';
import { measured } from './measurement.ts';
import type { Measurement } from './measurement.ts';

const numberCountDefault = 1_000_000;
const portBase = 28_700;
const queriedNames = 200_000;
const rateSeconds = 5;
const latencySecondsMin = 3;
/** Latencies without a backup and with one, in turns. */
const pairCount = 3;
const cacheBytes: number = 64 << 20;
const rowsAtOnce = 4096;

type Say = (line: string) => void;

interface MadeBackup {
  readonly bytes: number;
  readonly copiedBytes: number;
  readonly tookMs: number;
}

/** Measures with so many bindings; needs dnsperf. */
export async function benchBackup(
  say: Say,
  numberCount: number = numberCountDefault,
): Promise<Measurement[]> {
  if (!isInstalled('dnsperf')) {
    say('dnsperf is missing; Debian package: dnsperf');
    return [];
  }
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-'));
  try {
    const options = {
      folder: join(folder, 'testnet'),
      memberCount: 1,
      portBase,
      fresh: false,
      say,
    };
    await using testnet = await startTestnet(options);
    const { folder: memberFolder, configFile, dnsPort } = testnet.layout.members[0]!;
    await testnet.members[0]!.stop();
    await askWithoutLimit(configFile);
    const storeFolder = join(memberFolder, 'data/store');
    say(`writing a store of ${numberCount} bindings`);
    const store = await openLevelStore(storeFolder, { cacheBytes });
    await fillMemberStore(store, numberCount);
    await store.close();
    const queryFile = join(folder, 'queries');
    await writeFile(queryFile, queriesFor(numberCount));
    const bench = new BackupBench({ folder, configFile, dnsPort, queryFile }, say);
    const figures = await bench.run();
    return [...figures, await benchRowCopy({ storeFolder, folder }, bench.aloneMs, say)];
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** All queries come from one address. */
export async function askWithoutLimit(configFile: string): Promise<void> {
  const config = await readFile(configFile, 'utf8');
  const limited = config.replace(/^dns:$/m, 'dns:\n  rateLimit: { responsesPerSecond: 0 }');
  if (limited === config) throw new Error('the configuration has no group dns');
  await writeFile(configFile, limited);
}

function queriesFor(numberCount: number): string {
  const lines = Array.from(
    { length: queriedNames },
    (_nothing, n) => `${numberName((n * 7919) % numberCount)} NAPTR\n`,
  );
  return lines.join('');
}

interface BackupPlace {
  readonly folder: string;
  readonly configFile: string;
  readonly dnsPort: number;
  readonly queryFile: string;
}

class BackupBench {
  /** A whole backup while nobody asked. */
  aloneMs = Number.NaN;
  private readonly place: BackupPlace;
  private readonly say: Say;

  constructor(place: BackupPlace, say: Say) {
    this.place = place;
    this.say = say;
  }

  async run(): Promise<Measurement[]> {
    const { configFile, dnsPort, queryFile } = this.place;
    const serve = daemonCommand(['serve', '--config', configFile]);
    const command = { name: 'the daemon', ...serve, port: dnsPort };
    const question = { name: numberName(0), type: recordTypes.NAPTR };
    await using running = new AsyncDisposableStack();
    running.use(await ServerProcess.start(command, question));
    askFor(dnsPort, queryFile, rateSeconds);
    const { answersPerSecond } = askFor(dnsPort, queryFile, rateSeconds);
    const queriesPerSecond = answersPerSecond / 2;
    const alone = await this.back();
    this.aloneMs = alone.tookMs;
    const mebibytes = Math.round(alone.bytes / 2 ** 20);
    this.say(
      `${mebibytes} MiB; alone ${alone.tookMs} ms; ${Math.round(queriesPerSecond)} queries/s`,
    );
    const seconds = Math.max(latencySecondsMin, Math.round(alone.tookMs / 1000));
    const pairs: Pair[] = [];
    for (let pair = 0; pair < pairCount; pair += 1) {
      const quietUs = latencyUsP99(dnsPort, queryFile, { queriesPerSecond, seconds });
      // The command is a process of its own, and goes on while dnsperf is waited for.
      const backing = this.back();
      const busyUs = latencyUsP99(dnsPort, queryFile, { queriesPerSecond, seconds });
      const { tookMs } = await backing;
      pairs.push({ quietUs, busyUs, tookMs });
      const times = `p99 ${Math.round(quietUs)} us without, ${Math.round(busyUs)} us with`;
      this.say(`${times}: ${(busyUs / quietUs).toFixed(2)}; ${tookMs} ms`);
    }
    const { quietUs, busyUs, tookMs } = middleOf(pairs);
    const next = await this.back('next');
    this.say(`the next copied ${(next.copiedBytes / 2 ** 20).toFixed(1)} MiB`);
    const size = { name: 'backup, size of the store', value: mebibytes, unit: 'MiB' };
    return [
      measured(size),
      measured({ ...tookSeconds('backup, at half load', { tookMs }), goal: '<= 30' }),
      measured({
        name: 'backup, DNS p99 meanwhile',
        value: busyUs,
        unit: 'us',
        against: { what: 'without', value: quietUs },
        goal: '<= 2',
      }),
      measured({
        ...tookSeconds('backup, the next', next),
        against: { what: 'the whole', value: alone.tookMs / 1000 },
      }),
    ];
  }

  /** A whole one, or what is new since the last. */
  private async back(what: 'whole' | 'next' = 'whole'): Promise<MadeBackup> {
    const { folder, configFile } = this.place;
    const to = join(folder, 'backups');
    const args = ['backup', '--config', configFile, '--to', to, '--keep', '2', '--json'];
    const { program, args: all } = launcherCommand(what === 'whole' ? [...args, '--full'] : args);
    const { stdout } = await promisify(execFile)(program, [...all]);
    return JSON.parse(stdout) as MadeBackup;
  }
}

interface Pair {
  readonly quietUs: number;
  readonly busyUs: number;
  readonly tookMs: number;
}

/** That with the median of the ratios. */
function middleOf(pairs: readonly Pair[]): Pair {
  const sorted = pairs.toSorted((a, b) => a.busyUs / a.quietUs - b.busyUs / b.quietUs);
  return sorted[Math.floor(sorted.length / 2)]!;
}

function tookSeconds(
  name: string,
  { tookMs }: Pick<MadeBackup, 'tookMs'>,
): { readonly name: string; readonly value: number; readonly unit: string } {
  return { name, value: tookMs / 1000, unit: 's' };
}

/** What a copy row by row takes, from a snapshot into another store, with nobody asking. */
async function benchRowCopy(
  { storeFolder, folder }: { readonly storeFolder: string; readonly folder: string },
  aloneMs: number,
  say: Say,
): Promise<Measurement> {
  say('copying rows in place of files');
  const startedAtMs = performance.now();
  const from = await openLevelStore(storeFolder, { cacheBytes });
  const to = await openLevelStore(join(folder, 'rows'), { cacheBytes });
  const snapshot = from.snapshot();
  const lt = Uint8Array.of(255);
  for (let gte: Uint8Array = new Uint8Array(0); ;) {
    const rows = await snapshot.range({ gte, lt, countMax: rowsAtOnce });
    await to.batch(
      rows.map(([rowKey, value]) => ({ rowKey, value })),
      { durable: false },
    );
    if (rows.length < rowsAtOnce) break;
    gte = Buffer.concat([rows.at(-1)![0], Buffer.of(0)]);
  }
  await snapshot.close();
  await to.close();
  await from.close();
  const value = (performance.now() - startedAtMs) / 1000;
  const against = { what: 'files', value: aloneMs / 1000 };
  return measured({ name: 'backup, as rows of a snapshot', value, unit: 's', against });
}
