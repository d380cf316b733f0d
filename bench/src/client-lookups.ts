/**
 * Look-ups at three real members on loopback, over HTTPS and with the cryptography of browsers: round
 * trips of one that is proven and validated, and the time of a thousand. Round trips are counted over a
 * long way, where all that waits for nothing runs together. Times are wall-clock ones, members and
 * client on one machine: beside other work they say what they must not exceed, and little more.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Directory, Lookup, ManyLookup } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
import { nobleCryptography } from '@callbook/protocol/crypto/noble';
import { RoundTrips, startOnFreePorts } from '@callbook/testnet';
import type { Testnet } from '@callbook/testnet';
import { claimOf, inLanes, openDirectoryOf, Outbox } from './claimants.ts';
import { measured, median } from './measurement.ts';
import type { Measurement } from './measurement.ts';
import { cpuSecondsOf } from './process-cpu.ts';

const memberCount = 3;
const heldCount = 200;
const askedCount = 1000;
const laneCount = 16;
const roundCount = 3;
/** Until the index, the cosignatures and the zones of all members have the last claim. */
const settleMs = 4000;
/** In which a member's budget of proofs fills again: 400 at 200 a second. */
const budgetMs = 2500;

const goals = { coldMax: 6, warmMax: 1, plainSecondsMax: 1.5, provenSecondsMax: 6 } as const;

/** Measures look-ups at a testnet of three. */
export async function benchLookups(say: (line: string) => void): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-'));
  const options = { folder: join(folder, 'testnet'), memberCount, fresh: false, say };
  try {
    await using testnet = await startOnFreePorts(options);
    say(`${heldCount} numbers are claimed`);
    const outbox = new Outbox(testnet.layout.outboxFile);
    const claimant = await openDirectoryOf(testnet);
    await inLanes({ count: heldCount, laneCount }, async (n) => {
      await claimant.claim(claimOf(n, outbox));
    });
    await sleep(settleMs);
    return [...(await measureRoundTrips(testnet)), ...(await measureMany(testnet, say))];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const identifierOf = (n: number): Identifier => `tel:+4915${100_000_000 + n}`;

async function measureRoundTrips(testnet: Testnet): Promise<Measurement[]> {
  const [cold, warm] = [new RoundTrips(), new RoundTrips()];
  let trips = cold;
  const directory = await openDirectoryOf(testnet, {
    crypto: nobleCryptography,
    privacy: 'plain',
    fetch: async (url, init) => await trips.over(fetch)(url, init),
  });
  assertBelieved(await directory.lookup(identifierOf(0)));
  trips = warm;
  assertBelieved(await directory.lookup(identifierOf(1)));
  const of = 'client, a look-up proven and validated';
  return [
    measured({
      name: `${of}, cold`,
      value: cold.count,
      unit: 'round trips',
      goal: `<= ${goals.coldMax}`,
    }),
    measured({ name: `${of}, cold`, value: cold.requests, unit: 'requests' }),
    measured({
      name: `${of}, warm`,
      value: warm.count,
      unit: 'round trips',
      goal: `<= ${goals.warmMax}`,
    }),
    measured({ name: `${of}, warm`, value: warm.requests, unit: 'requests' }),
  ];
}

/** A look-up that is quick because it has skipped something is none. */
function assertBelieved({ state, reason }: Lookup): void {
  const { proof, dnssec } = reason;
  if (state === 'published' && proof.state === 'proven' && dnssec.state === 'secure') return;
  throw new Error(`the look-up ended ${state}, ${proof.state}, ${dnssec.state}`);
}

async function measureMany(testnet: Testnet, say: (line: string) => void): Promise<Measurement[]> {
  const identifiers = Array.from({ length: askedCount }, (_, n) => identifierOf(n));
  const directory = await openDirectoryOf(testnet, {
    crypto: nobleCryptography,
    privacy: 'plain',
  });
  await directory.walk();
  const plain: Timed[] = [];
  const proven: Timed[] = [];
  for (let round = 0; round < roundCount; round++) {
    say(`${askedCount} numbers, round ${round + 1} of ${roundCount}`);
    plain.push(await timed(testnet, directory, { identifiers, proof: false }));
    await sleep(budgetMs);
    proven.push(await timed(testnet, directory, { identifiers, proof: true }));
  }
  const of = `client, ${askedCount} numbers at ${memberCount} members`;
  return [
    ...figuresOf(of, plain, goals.plainSecondsMax),
    ...figuresOf(`${of}, with index and VRF proofs`, proven, goals.provenSecondsMax),
  ];
}

interface Timed {
  readonly seconds: number;
  /** Of the client, and of the members: on a machine without other work they share its cores. */
  readonly cpuSeconds: number;
  readonly memberCpuSeconds: number;
}

async function timed(
  { members }: Testnet,
  directory: Directory,
  asked: { readonly identifiers: readonly Identifier[]; readonly proof: boolean },
): Promise<Timed> {
  const { identifiers, proof } = asked;
  const memberCpu = (): number => members.reduce((sum, { pid }) => sum + cpuSecondsOf(pid!), 0);
  const [before, cpu, cpuOfMembers] = [performance.now(), process.cpuUsage(), memberCpu()];
  const found = await directory.lookupMany(identifiers, { proof });
  const seconds = (performance.now() - before) / 1000;
  const memberCpuSeconds = memberCpu() - cpuOfMembers;
  const { user, system } = process.cpuUsage(cpu);
  found.forEach((one, n) => assertAnswered(one, { published: n < heldCount, proof }));
  return { seconds, cpuSeconds: (user + system) / 1e6, memberCpuSeconds };
}

function assertAnswered(found: ManyLookup, wanted: { published: boolean; proof: boolean }): void {
  const state = wanted.published ? 'published' : 'absent';
  if (found.state !== state) throw new Error(`a number is ${found.state}, not ${state}`);
  const { proof } = found.reason;
  if (wanted.proof && proof.state !== 'proven') throw new Error(`a proof is ${proof.state}`);
}

function figuresOf(name: string, rounds: readonly Timed[], secondsMax: number): Measurement[] {
  const seconds = median(rounds.map((round) => round.seconds));
  const cpuSeconds = median(rounds.map((round) => round.cpuSeconds));
  const memberCpuSeconds = median(rounds.map((round) => round.memberCpuSeconds));
  return [
    measured({ name, value: seconds, unit: 's', goal: `<= ${secondsMax}` }),
    measured({ name: `${name}, CPU of the client`, value: cpuSeconds, unit: 's' }),
    measured({ name: `${name}, CPU of the members`, value: memberCpuSeconds, unit: 's' }),
  ];
}
