/**
 * Claims from the first request to the last receipt, at five real members (f = 1): codes of two, leaves
 * of four. Counted is the CPU of the five member processes, API, TLS, DNS and mesh included; what the
 * claimants' own program takes is not the members'.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startOnFreePorts } from '@callbook/testnet';
import type { Testnet } from '@callbook/testnet';
import { claimOf, inLanes, openDirectoryOf, Outbox } from './claimants.ts';
import { measured, median, percentile } from './measurement.ts';
import type { Measurement } from './measurement.ts';
import { cpuSecondsOf } from './process-cpu.ts';

const memberCount = 5;
/** Until the engine has compiled what a claim runs through. */
const warmUpCount = 600;
const roundCount = 3;
const claimsPerRound = 600;
const laneCount = 64;
/** Leaves reach everybody, and are cosigned, after the last receipt; that belongs to the claims. */
const settleMs = 1500;

/** Measures claims at five members. */
export async function benchClaims(say: (line: string) => void): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-'));
  const options = { folder: join(folder, 'testnet'), memberCount, fresh: false, say };
  try {
    await using testnet = await startOnFreePorts(options);
    return await measureThroughput(testnet, say);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Round {
  readonly perCpuSecond: number;
  readonly cpuMs: readonly number[];
  readonly waitMs: readonly number[];
}

async function measureThroughput(
  testnet: Testnet,
  say: (line: string) => void,
): Promise<Measurement[]> {
  const outbox = new Outbox(testnet.layout.outboxFile);
  const directory = await openDirectoryOf(testnet);
  const claimFrom = async (first: number, count: number): Promise<number[]> => {
    const waitMs: number[] = [];
    await inLanes({ count, laneCount }, async (n) => {
      const before = performance.now();
      await directory.claim(claimOf(first + n, outbox));
      waitMs.push(performance.now() - before);
    });
    await sleep(settleMs);
    return waitMs;
  };
  say(`${warmUpCount} claims to warm up`);
  await claimFrom(0, warmUpCount);
  const rounds: Round[] = [];
  for (let round = 0; round < roundCount; round++) {
    const before = cpuOf(testnet);
    const waitMs = await claimFrom(warmUpCount + round * claimsPerRound, claimsPerRound);
    const cpuMs = cpuOf(testnet).map((s, at) => ((s - before[at]!) * 1000) / claimsPerRound);
    const perCpuSecond = 1000 / cpuMs.reduce((sum, ms) => sum + ms, 0);
    say(`${perCpuSecond.toFixed(1)} claims a second of CPU; ms by member ${cpuMs.map((ms) => ms.toFixed(2)).join(' ')}`);
    rounds.push({ perCpuSecond, cpuMs, waitMs });
  }
  const waitMs = rounds.flatMap((round) => round.waitMs);
  const meanMs = (from: number, to: number): number =>
    median(rounds.map(({ cpuMs }) => cpuMs.slice(from, to).reduce((a, b) => a + b, 0) / (to - from)));
  return [
    measured({
      name: 'claims, CPU of all five members',
      value: median(rounds.map(({ perCpuSecond }) => perCpuSecond)),
      unit: 'claims/s and core',
      goal: '>= 100',
    }),
    measured({ name: 'claims, first member that challenges', value: meanMs(0, 1), unit: 'ms CPU' }),
    measured({ name: 'claims, second', value: meanMs(1, 2), unit: 'ms CPU' }),
    measured({ name: 'claims, each of the others', value: meanMs(2, 5), unit: 'ms CPU' }),
    measured({ name: 'claims, wait p50', value: median(waitMs), unit: 'ms' }),
    measured({ name: 'claims, wait p99', value: percentile(waitMs, 0.99), unit: 'ms' }),
  ];
}

function cpuOf({ members }: Testnet): number[] {
  return members.map(({ pid }) => cpuSecondsOf(pid!));
}
