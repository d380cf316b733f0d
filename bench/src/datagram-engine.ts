/**
 * What an engine for datagrams costs, apart from answering: both engines with one worker and a responder that
 * does next to nothing, asked by dnsperf over loopback, in turns. CPU is that of this whole process,
 * the kernel's share of each system call included; dnsperf's own is not.
 */
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dgramEngine, ffiEngine } from '@callbook/dns';
import type { DatagramEngine } from '@callbook/dns';
import { measured, median } from './measurement.ts';
import type { Measurement } from './measurement.ts';

const address = '127.0.0.1';
const nameCount = 50_000;
const runCount = 5;
const secondsARun = 3;
const queriesOnTheirWay = 500;
/** Of dnsperf's socket; with its default the answers to the first burst do not fit. */
const clientBufferKilobytes = 4096;

interface Run {
  readonly answersPerSecond: number;
  readonly cpuUsPerAnswer: number;
}

/** Measures both engines; nothing where dnsperf is not installed. */
export async function benchDatagramEngine(say: (line: string) => void): Promise<Measurement[]> {
  if (spawnSync('dnsperf', ['-h']).error !== undefined) {
    say('dnsperf is missing; Debian package: dnsperf');
    return [];
  }
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-'));
  try {
    const queryFile = join(folder, 'queries');
    await writeFile(queryFile, queries());
    const ffi: Run[] = [];
    const dgram: Run[] = [];
    for (let run = 1; run <= runCount; run += 1) {
      ffi.push(await measureRun(ffiEngine, queryFile));
      dgram.push(await measureRun(dgramEngine, queryFile));
      say(`run ${run} of ${runCount}: ffi ${show(ffi.at(-1)!)}, dgram ${show(dgram.at(-1)!)}`);
    }
    return compare(ffi, dgram);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measureRun(engine: DatagramEngine, queryFile: string): Promise<Run> {
  await using server = await engine.start({
    address,
    port: 0,
    workers: 1,
    responderModule: new URL('./fixed-answer-responder.ts', import.meta.url),
    responderData: () => undefined,
  });
  const start = process.cpuUsage();
  const answersPerSecond = runDnsperf(server.port, queryFile);
  const { user, system } = process.cpuUsage(start);
  return { answersPerSecond, cpuUsPerAnswer: (user + system) / server.counts().answered };
}

function runDnsperf(port: number, queryFile: string): number {
  const options = {
    s: address,
    p: port,
    d: queryFile,
    l: secondsARun,
    q: queriesOnTheirWay,
    b: clientBufferKilobytes,
  };
  const args = Object.entries(options).flatMap(([name, value]) => [`-${name}`, `${value}`]);
  const { stdout } = spawnSync('dnsperf', ['-D', ...args], { encoding: 'utf8' });
  return Number(/Queries per second:\s+([\d.]+)/.exec(stdout)?.[1]);
}

function compare(ffi: readonly Run[], dgram: readonly Run[]): Measurement[] {
  const rate = (runs: readonly Run[]): number => median(runs.map((run) => run.answersPerSecond));
  const cpu = (runs: readonly Run[]): number => median(runs.map((run) => run.cpuUsPerAnswer));
  return [
    measured({ name: 'datagrams by dgram', value: rate(dgram), unit: 'answers/s' }),
    measured({
      name: 'datagrams by ffi',
      value: rate(ffi),
      unit: 'answers/s',
      against: { what: 'dgram', value: rate(dgram) },
      goal: '>= 1.3',
    }),
    measured({ name: 'datagrams by dgram, CPU', value: cpu(dgram), unit: 'µs/answer' }),
    measured({
      name: 'datagrams by ffi, CPU',
      value: cpu(ffi),
      unit: 'µs/answer',
      against: { what: 'dgram', value: cpu(dgram) },
      goal: '<= 0.75',
    }),
  ];
}

function show({ answersPerSecond, cpuUsPerAnswer }: Run): string {
  return `${Math.round(answersPerSecond)}/s with ${cpuUsPerAnswer.toFixed(2)} µs`;
}

/** As a resolver asks for numbers: reversed digits under an apex. */
function queries(): string {
  const lines = Array.from({ length: nameCount }, (_nothing, number) => {
    const digits = `4915${100_000_000 + number * 61}`;
    return `${Array.from(digits).reverse().join('.')}.e164.alpha.test NAPTR`;
  });
  return `${lines.join('\n')}\n`;
}
