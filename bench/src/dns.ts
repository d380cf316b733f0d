/**
 * Signed answers a second out of a store of 100 000 bindings, asked by dnsperf over loopback, and
 * what a binding costs in memory and on disk.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { globSync, statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import { openLevelStore } from '@callbook/replication';
import type { ServerFigures } from './dns-member.ts';
import { measured, median } from './measurement.ts';
import type { Measurement } from './measurement.ts';
import { logAll, openSyntheticReplica, SyntheticHolder } from './synthetic-federation.ts';

const bindingCount = 100_000;
const secondsARun = 5;
const runCount = 5;

/** Measures the DNS path of one member; needs dnsperf. */
export async function benchDns(say: (line: string) => void): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-'));
  try {
    await fillStore(join(folder, 'store'), say);
    const queryFile = join(folder, 'queries');
    await writeFile(queryFile, queries());
    return await measureServer(folder, queryFile, say);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function fillStore(folder: string, say: (line: string) => void): Promise<void> {
  const store = await openLevelStore(folder, { cacheBytes: 64 << 20 });
  const replica = await openSyntheticReplica('alpha', store, 1);
  for (let first = 0; first < bindingCount; first += 1024) {
    if (first % 10_240 === 0) say(`registering ${first} of ${bindingCount}`);
    const count = Math.min(1024, bindingCount - first);
    const holders = Array.from({ length: count }, (_, n) => new SyntheticHolder(first + n));
    const entries = await Promise.all(holders.map((holder) => holder.register()));
    await logAll(replica, entries, 'challenged');
  }
  await replica[Symbol.asyncDispose]();
  await store.close();
}

/** One question for each number, in no order that a disk would like. */
function queries(): string {
  const step = 61_803;
  const lines = Array.from({ length: bindingCount }, (_, n) => {
    const digits = `4915${100_000_000 + ((n * step) % bindingCount)}`;
    return `${Array.from(digits).reverse().join('.')}.e164.alpha.test NAPTR`;
  });
  return `${lines.join('\n')}\n`;
}

async function measureServer(
  folder: string,
  queryFile: string,
  say: (line: string) => void,
): Promise<Measurement[]> {
  const args = ['--conditions=@callbook/source', join(import.meta.dirname, 'dns-member.ts')];
  const server = spawn(process.execPath, [...args, join(folder, 'store')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: server.stdout });
  const { port } = (await nextLine(lines)) as { port: number };
  const figures = async (): Promise<ServerFigures> => {
    const line = nextLine(lines);
    server.kill('SIGUSR2');
    return (await line) as ServerFigures;
  };
  const before = await figures();
  say('first pass: every name once, nothing cached');
  runDnsperf(port, queryFile, ['-n', '1']);
  const runs: { rate: number; perCpuSecond: number }[] = [];
  for (let run = 1; run <= runCount; run++) {
    say(`run ${run} of ${runCount}`);
    const start = await figures();
    const { completed, rate } = runDnsperf(port, queryFile, ['-l', String(secondsARun)]);
    const end = await figures();
    runs.push({ rate, perCpuSecond: completed / (end.cpuSeconds - start.cpuSeconds) });
  }
  const after = await figures();
  server.kill('SIGTERM');
  await once(server, 'exit');
  const perBinding = (bytes: number): number => bytes / bindingCount;
  return [
    measured({
      name: 'dns signed answers',
      value: median(runs.map((r) => r.rate)),
      unit: 'answers/s',
    }),
    measured({
      name: 'dns signed answers per core',
      value: median(runs.map((r) => r.perCpuSecond)),
      unit: 'answers/s of CPU',
    }),
    measured({
      name: 'dns memory per binding asked for',
      value: perBinding(after.residentBytes - before.residentBytes),
      unit: 'bytes',
    }),
    measured({
      name: 'dns disk per binding',
      value: perBinding(diskBytes(join(folder, 'store'))),
      unit: 'bytes',
    }),
  ];
}

async function nextLine(lines: Interface): Promise<unknown> {
  const [line] = (await once(lines, 'line')) as [string];
  return JSON.parse(line);
}

function runDnsperf(
  port: number,
  queryFile: string,
  length: readonly string[],
): { completed: number; rate: number } {
  const args = [
    '-s',
    '127.0.0.1',
    '-p',
    String(port),
    '-d',
    queryFile,
    '-D',
    '-c',
    '4',
    '-q',
    '200',
  ];
  const { stdout, error } = spawnSync('dnsperf', [...args, ...length], { encoding: 'utf8' });
  if (error !== undefined) throw new Error('dnsperf is missing; Debian package: dnsperf');
  const figure = (label: string): number =>
    Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(stdout)?.[1]);
  return { completed: figure('Queries completed'), rate: figure('Queries per second') };
}

function diskBytes(folder: string): number {
  const files = globSync('**/*', { cwd: folder });
  return files.reduce((sum, file) => sum + statSync(join(folder, file)).size, 0);
}
