/**
 * That an answer's time says nothing of what was found, by the clock that a test can turn. Hits take 3 ms
 * longer than misses here, a hundred times what they take in a member. The relay sees from when a capsule
 * went in until its answer came out, 900 times each: with so many the rank test finds a shift of 0.2 standard
 * deviations in 95 of 100 cases, at one false alarm in 100 (2 ((2.576 + 1.645) / 0.2)² = 891). Samples come
 * from one seed, so the test says the same whenever it runs.
 */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { rankZ } from '../../../../bench/src/rank-test.ts';
import { AnswerTicks } from '../../src/oblivious/answer-ticks.ts';
import { answerTickMs } from '../../src/oblivious/limits.ts';

const samplesEach = 900;
const zMax = 2.576;
const hitMs = 3;

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

interface Sample {
  readonly isHit: boolean;
  readonly ms: number;
}

/** Answers as a gateway does that lets answers go by `leave`, and returns when they came. */
async function samplesOf(
  leave: (ticks: AnswerTicks, work: () => Promise<void>) => Promise<void>,
): Promise<readonly Sample[]> {
  const ticks = new AnswerTicks();
  const chance = chanceFrom(1);
  const samples: Sample[] = [];
  for (let count = 0; count < 2 * samplesEach; count += 1) {
    const isHit = count % 2 === 0;
    await vi.advanceTimersByTimeAsync(chance() * 2 * answerTickMs);
    const begunMs = performance.now();
    // Other people's requests make an answer wait, at times beyond its tick.
    const workMs = chance() * 12 + (chance() < 0.02 ? 60 : 0) + (isHit ? hitMs : 0);
    let ms = 0;
    const left = leave(ticks, async () => {
      await new Promise((resolve) => setTimeout(resolve, workMs));
    }).then(() => (ms = performance.now() - begunMs));
    await vi.advanceTimersByTimeAsync(200);
    await left;
    samples.push({ isHit, ms });
  }
  return samples;
}

/** Numerical Recipes' generator: 0 to 1, always the same ones. */
function chanceFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function scoreOf(samples: readonly Sample[]): number {
  const of = (kind: boolean) => samples.filter(({ isHit }) => isHit === kind).map(({ ms }) => ms);
  return Math.abs(rankZ(of(true), of(false)));
}

it('leaves on a tick that was fixed before the work began, so a hit is as late as a miss', async () => {
  const samples = await samplesOf(async (ticks, work) => {
    const departure = ticks.settle();
    await work();
    await ticks.departed(departure);
  });
  expect(scoreOf(samples)).toBeLessThan(zMax);
  const late = samples.filter(({ ms }) => ms > 2 * answerTickMs);
  expect(late.length).toBeLessThan(samples.length / 20);
  expect(Math.min(...samples.map(({ ms }) => ms))).toBeGreaterThanOrEqual(answerTickMs);
});

it('would tell them apart, were the tick the next one after the work, or none', async () => {
  const afterwards = await samplesOf(async (ticks, work) => {
    await work();
    await ticks.departed({ ...ticks.settle(), tick: 0 });
  });
  expect(scoreOf(afterwards)).toBeGreaterThan(zMax);
  const atOnce = await samplesOf(async (_ticks, work) => await work());
  expect(scoreOf(atOnce)).toBeGreaterThan(2 * zMax);
});

it('lets answers of one tick go in the order in which their questions came', async () => {
  const ticks = new AnswerTicks();
  const order: string[] = [];
  const asked = ['first', 'second', 'third'].map((name) => ({ name, at: ticks.settle() }));
  const left = asked.toReversed().map(async ({ name, at }) => {
    await ticks.departed(at);
    order.push(name);
  });
  await vi.advanceTimersByTimeAsync(3 * answerTickMs);
  await Promise.all(left);
  expect(order).toEqual(['first', 'second', 'third']);
});
