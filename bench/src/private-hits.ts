/**
 * Whether a relay can tell by time or size if somebody was found. The client's capsules go straight to the
 * gateway, so what is measured is what a relay sees: 900 answers for numbers that are held and 900 for
 * free ones, in an order drawn by chance, compared by the rank test of Mann, Whitney and Wilcoxon. With so
 * many a shift of 0.2 standard deviations is found in 95 of 100 runs, and an alarm is false in 1 of 100:
 * 2 ((2.576 + 1.645) / 0.2)² = 891. How long that is depends on the machine's other work, and is told. That the test can fail is shown by samples that are
 * shifted by more.
 */
import type { Directory } from '@callbook/client';
import { nobleCryptography } from '@callbook/protocol/crypto/noble';
import type { Testnet } from '@callbook/testnet';
import { inLanes, openDirectoryOf } from './claimants.ts';
import { measured } from './measurement.ts';
import type { Measurement } from './measurement.ts';
import { heldCount, identifierOf, watchedFetch } from './private-federation.ts';
import type { RelayExchange } from './private-federation.ts';
import { rankZ } from './rank-test.ts';

const samplesEach = 900;
const laneCount = 4;
/** Two-sided, one in a hundred. */
const zMax = 2.576;
/** Standard deviations that are found with that many samples. */
const foundShift = 0.2;
/** Standard deviations by which the control is shifted. */
const controlShift = 0.3;

type Ask = (directory: Directory, from: number) => Promise<unknown>;

/** One capsule each: a look-up by itself, and a chunk of an address book. */
const questions: Readonly<Record<string, Ask>> = {
  'a look-up': async (directory, from) =>
    await directory.lookup(identifierOf(from), {
      trust: 'any-member',
      proof: false,
      dnssec: false,
    }),
  'a chunk of 16': async (directory, from) =>
    await directory.lookupMany(
      Array.from({ length: 16 }, (_, n) => identifierOf(from + n)),
      { trust: 'any-member' },
    ),
};

/** Compares hits and misses of each kind of question. */
export async function benchHits(
  testnet: Testnet,
  say: (line: string) => void,
): Promise<Measurement[]> {
  const all: Measurement[] = [];
  for (const [name, ask] of Object.entries(questions)) {
    const samples = await sample(testnet, ask);
    say(`${name}: ${samples.length} answers`);
    all.push(...compare(`private, hit against miss, ${name}`, samples));
  }
  return all;
}

interface Sample extends RelayExchange {
  readonly isHit: boolean;
}

async function sample(testnet: Testnet, ask: Ask): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  const plan = Array.from({ length: 2 * samplesEach }, (_, n) => n % 2 === 0)
    .map((isHit) => ({ isHit, place: Math.random() }))
    .sort((a, b) => a.place - b.place);
  const lanes = await Promise.all(
    Array.from({ length: laneCount }, async () => await openLane(testnet)),
  );
  let next = 0;
  await inLanes({ count: laneCount, laneCount }, async (lane) => {
    const { directory, exchanges } = lanes[lane]!;
    await ask(directory, heldCount);
    for (let turn = next++; turn < plan.length; turn = next++) {
      const { isHit } = plan[turn]!;
      exchanges.length = 0;
      await ask(directory, isHit ? 16 * (turn % (heldCount / 16)) : 1_000_000 + 16 * turn);
      // Whoever is found is asked for again: the first exchange is the one that must not tell.
      samples.push({ isHit, ...exchanges[0]! });
    }
  });
  return samples;
}

/** A client whose relay is this process: it sees what a relay sees, without its delay. */
async function openLane(
  testnet: Testnet,
): Promise<{ readonly directory: Directory; readonly exchanges: RelayExchange[] }> {
  const exchanges: RelayExchange[] = [];
  const { members } = testnet.layout;
  const directory = await openDirectoryOf(testnet, {
    crypto: nobleCryptography,
    fetch: watchedFetch(exchanges, async (url, init) => {
      const name = /\/v1\/relay\/(.+)$/.exec(url)?.[1];
      const gateway = members.find((member) => member.name === name);
      if (gateway === undefined) return await fetch(url, init);
      const direct = `https://localhost:${gateway.apiPort}/.well-known/ohttp-gateway`;
      return await fetch(direct, init);
    }),
  });
  return { directory, exchanges };
}

function compare(name: string, samples: readonly Sample[]): Measurement[] {
  const [hits, misses] = [true, false].map((isHit) =>
    samples.filter((one) => one.isHit === isHit).map(({ ms }) => ms),
  ) as [number[], number[]];
  const sizes = new Set(samples.map((one) => `${one.askedBytes} ${one.answeredBytes}`));
  const deviationMs = deviationOf([...hits, ...misses]);
  const shiftMs = controlShift * deviationMs;
  const later = hits.map((ms) => ms + shiftMs);
  return [
    measured({ name: `${name}, sizes that occur`, value: sizes.size, unit: '', goal: '<= 1' }),
    measured({
      name: `${name}, rank test of times, |z|`,
      value: Math.abs(rankZ(hits, misses)),
      unit: 'σ',
      goal: `<= ${zMax}`,
    }),
    measured({
      name: `${name}, shift of hits that is found in 95 of 100 runs`,
      value: foundShift * deviationMs,
      unit: 'ms',
    }),
    measured({
      name: `${name}, the same with hits ${shiftMs.toFixed(1)} ms later`,
      value: Math.abs(rankZ(later, misses)),
      unit: 'σ',
      goal: `>= ${zMax}`,
    }),
  ];
}

function deviationOf(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}
