/**
 * What claims cost, and that nothing is sent twice.
 *
 * Claims from the first request to the last receipt, at five real members (f = 1): codes of two, leaves
 * of four. Counted is the CPU of the five member processes, API, TLS, DNS and mesh included; what the
 * claimants' own program takes is not the members'.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { startOnFreePorts } from '@callbook/testnet';
import type { Testnet } from '@callbook/testnet';
import { claimOf, inLanes, openDirectoryOf, Outbox } from './claimants.ts';
import { benchKills } from './claims-under-kill.ts';
import type { KillBench } from './claims-under-kill.ts';
import { measured, median, percentile } from './measurement.ts';
import type { Measurement } from './measurement.ts';
import type { OpenChallengesResult } from './open-challenges.ts';
import { cpuSecondsOf } from './process-cpu.ts';

const memberCount = 5;
/** Until the engine has compiled what a claim runs through. */
const warmUpCount = 400;
const roundCount = 3;
const claimsPerRound = 300;
const laneCount = 64;
/** Leaves reach everybody, and are cosigned, after the last receipt; that belongs to the claims. */
const settleMs = 1500;
/** So long members are left alone, to see what they take by the clock. */
const idleMs = 5000;
/** Challenges opened to see what they leave on disk. */
const storedCount = 500;

/** Measures claims at five members. */
export async function benchClaims(say: (line: string) => void): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-'));
  const options = { folder: join(folder, 'testnet'), memberCount, fresh: false, say };
  try {
    await using testnet = await startOnFreePorts(options);
    const outbox = new Outbox(testnet.layout.outboxFile);
    const directory = await openDirectoryOf(testnet);
    const parts = { testnet, directory, outbox, say };
    const throughput = await measureThroughput(parts);
    say(`members are killed while they send`);
    const kills = await benchKills({ ...parts, first: warmUpCount + roundCount * claimsPerRound });
    const stored = await measureStored(parts);
    say('opening challenges in a process of its own');
    return [...throughput, ...kills, ...stored, ...(await measureOpen())];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Round {
  readonly perCpuSecond: number;
  /** CPU of one signature check, beside the same other work of the machine. */
  readonly checkMicroseconds: number;
  readonly cpuMs: readonly number[];
  readonly waitMs: readonly number[];
  /** What a claim took beside what the members would have taken without any. */
  readonly besideIdleMs: number;
}

async function measureThroughput(bench: Omit<KillBench, 'first'>): Promise<Measurement[]> {
  const { testnet, say } = bench;
  say(`${warmUpCount} claims to warm up`);
  await claimFrom(bench, 0, warmUpCount);
  const idleBefore = cpuOf(testnet);
  await sleep(idleMs);
  const idleShare = (sumOf(cpuOf(testnet)) - sumOf(idleBefore)) / (idleMs / 1000);
  say(`members that are left alone take ${(idleShare * 1000).toFixed(0)} ms of CPU a second`);
  const rounds: Round[] = [];
  for (let round = 0; round < roundCount; round++) {
    const first = warmUpCount + round * claimsPerRound;
    rounds.push(await measureRound(bench, { first, idleShare }));
  }
  const idle = { name: 'claims, all five members left alone', unit: 'ms CPU/s' };
  return [...throughputOf(rounds), measured({ ...idle, value: idleShare * 1000 })];
}

/** Has so many people claim and returns how long each has waited. */
async function claimFrom(
  { directory, outbox }: Omit<KillBench, 'first'>,
  first: number,
  count: number,
): Promise<number[]> {
  const waitMs: number[] = [];
  await inLanes({ count, laneCount }, async (n) => {
    const before = performance.now();
    await directory.claim(claimOf(first + n, outbox));
    waitMs.push(performance.now() - before);
  });
  await sleep(settleMs);
  return waitMs;
}

async function measureRound(
  bench: Omit<KillBench, 'first'>,
  { first, idleShare }: { readonly first: number; readonly idleShare: number },
): Promise<Round> {
  const { testnet, say } = bench;
  const [before, begunAtMs] = [cpuOf(testnet), performance.now()];
  const waitMs = await claimFrom(bench, first, claimsPerRound);
  const cpuMs = cpuOf(testnet).map((s, at) => ((s - before[at]!) * 1000) / claimsPerRound);
  const perCpuSecond = 1000 / sumOf(cpuMs);
  const idleCpuMs = idleShare * (performance.now() - begunAtMs);
  const besideIdleMs = sumOf(cpuMs) - idleCpuMs / claimsPerRound;
  const byMember = cpuMs.map((ms) => ms.toFixed(2)).join(' ');
  say(`${perCpuSecond.toFixed(1)} claims a second of CPU; ms by member ${byMember}`);
  return { perCpuSecond, checkMicroseconds: cpuOfCheck(), cpuMs, waitMs, besideIdleMs };
}

function throughputOf(rounds: readonly Round[]): Measurement[] {
  const waitMs = rounds.flatMap((round) => round.waitMs);
  const meanMs = (from: number, to: number): number =>
    median(rounds.map(({ cpuMs }) => sumOf(cpuMs.slice(from, to)) / (to - from)));
  return [
    measured({
      name: 'claims, CPU of all five members',
      value: median(rounds.map(({ perCpuSecond }) => perCpuSecond)),
      unit: 'claims/s and core',
      goal: '>= 100',
    }),
    measured({
      name: 'claims, the same for one claim',
      value: median(rounds.map(({ perCpuSecond }) => 1e6 / perCpuSecond)),
      unit: 'µs CPU',
      against: {
        what: 'a signature check',
        value: median(rounds.map(({ checkMicroseconds }) => checkMicroseconds)),
      },
    }),
    measured({
      name: 'claims, one beside what members left alone take',
      value: median(rounds.map(({ besideIdleMs }) => besideIdleMs)),
      unit: 'ms CPU',
    }),
    measured({ name: 'claims, first member that challenges', value: meanMs(0, 1), unit: 'ms CPU' }),
    measured({ name: 'claims, second', value: meanMs(1, 2), unit: 'ms CPU' }),
    measured({ name: 'claims, each of the others', value: meanMs(2, 5), unit: 'ms CPU' }),
    measured({ name: 'claims, wait p50', value: median(waitMs), unit: 'ms' }),
    measured({ name: 'claims, wait p99', value: percentile(waitMs, 0.99), unit: 'ms' }),
  ];
}

const checkCount = 2000;

function cpuOfCheck(): number {
  const signer = crypto.ed25519Signer(new Uint8Array(32).fill(1));
  // As long as the signed part of a register.
  const message = new Uint8Array(330);
  const signature = signer.sign(message);
  const before = process.cpuUsage();
  for (let n = 0; n < checkCount; n++) crypto.ed25519Verify(message, signature, signer.publicKey);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / checkCount;
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function cpuOf({ members }: Testnet): number[] {
  return members.map(({ pid }) => cpuSecondsOf(pid!));
}

/** What a member's folder grows by while challenges are opened at it and nothing else happens. */
async function measureStored({
  testnet,
  directory,
  outbox,
}: Omit<KillBench, 'first'>): Promise<Measurement[]> {
  const { folder } = testnet.layout.members[0]!;
  await sleep(settleMs);
  const before = await bytesIn(folder);
  await inLanes({ count: storedCount, laneCount }, async (n) => {
    const { identifier, seed, form } = claimOf(900_000 + n, outbox);
    const nobody = async (): Promise<string> => await Promise.reject(new Error('nobody answers'));
    const asked = { requestClass: 'possession', identifier, seed, form, code: nobody } as const;
    await directory.replace(asked).catch(() => undefined);
  });
  return [
    measured({
      name: 'claims, an open challenge on disk',
      value: ((await bytesIn(folder)) - before) / storedCount,
      unit: 'bytes',
      goal: '<= 1024',
    }),
  ];
}

async function bytesIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  // Files of the store come and go while one looks.
  const sizes = files.map(async ({ parentPath, name }) => {
    return await stat(join(parentPath, name)).then(
      ({ size }) => size,
      () => 0,
    );
  });
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

async function measureOpen(): Promise<Measurement[]> {
  const child = new URL('open-challenges.ts', import.meta.url).pathname;
  const flags = ['--conditions=@callbook/source', '--expose-gc'];
  const { stdout } = await promisify(execFile)(process.execPath, [...flags, child]);
  const { count, liveBytes } = JSON.parse(stdout) as OpenChallengesResult;
  return [
    measured({
      name: `claims, an open challenge in memory, of ${count}`,
      value: liveBytes,
      unit: 'bytes',
      goal: '<= 1024',
    }),
  ];
}
