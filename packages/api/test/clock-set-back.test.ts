/**
 * A clock that was hours ahead and is set right: no budget gives anything for that, and none keeps whoever had
 * used it up waiting until the clock has come as far again.
 */
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { DayWindow, LeakyBuckets } from '../src/challenges/leaky-buckets.ts';
import { SendBudget } from '../src/challenges/send-budget.ts';
import { apiLimits } from '../src/index.ts';
import { LookupSketch } from '../src/lookups/lookup-sketch.ts';
import { ProofBudget } from '../src/proofs/proof-budget.ts';
import { crypto, number } from './harness.ts';

const hourMs = 3_600_000;
const rightMs = 1_800_000_000_000;
const ports = { crypto, random: { bytes: (size: number) => new Uint8Array(randomBytes(size)) } };

/** Takes one: 0, or how long to wait. */
type Spend = (nowMs: number) => number;

const budgets: Record<string, { readonly spend: Spend; readonly waitMsMax: number }> = {
  'codes to a number': {
    spend: (
      (budget) => (nowMs: number) =>
        budget.spend(number, nowMs)
    )(
      new SendBudget(
        { sendsPerHourMax: 3, sendsPerDayMax: 100, totalSendsPerHourMax: 1000 },
        ports,
      ),
    ),
    waitMsMax: hourMs,
  },
  'a leaky bucket': {
    spend: ((buckets) => (nowMs: number) => {
      const waitMs = buckets.waitMs('a', nowMs);
      if (waitMs === 0) buckets.take('a', nowMs);
      return waitMs;
    })(new LeakyBuckets({ capacity: 3, emptyMs: hourMs, rowsMax: 10 }, ports)),
    waitMsMax: hourMs,
  },
  'a sum of a day': {
    spend: ((window) => (nowMs: number) => {
      const waitMs = window.waitMs(1, nowMs);
      if (waitMs === 0) window.take(1, nowMs);
      return waitMs;
    })(new DayWindow(3)),
    waitMsMax: 25 * hourMs,
  },
  'look-ups of a network': {
    spend: (
      (sketch) => (nowMs: number) =>
        sketch.spend('a', 1, nowMs)
    )(new LookupSketch({ perSecond: 1, burst: 3 }, ports)),
    waitMsMax: 1000,
  },
  'proofs of everybody': {
    spend: (
      (budget) => (nowMs: number) =>
        budget.spend(undefined, nowMs)
    )(new ProofBudget({ ...apiLimits, proofsPerSecondMax: 1, proofsBurstMax: 3 }, ports)),
    waitMsMax: 1000,
  },
};

it.each(Object.entries(budgets))('%s', (_what, { spend, waitMsMax }) => {
  const aheadMs = rightMs + 50 * hourMs;
  for (let taken = 0; taken < 3; taken += 1) expect(spend(aheadMs)).toBe(0);
  expect(spend(aheadMs)).toBeGreaterThan(0);
  // Set right: nothing is given, and the wait is no longer than it always is.
  const waitMs = spend(rightMs);
  expect(waitMs).toBeGreaterThan(0);
  expect(waitMs).toBeLessThanOrEqual(waitMsMax);
  expect(spend(rightMs + waitMs - 1)).toBeGreaterThan(0);
  expect(spend(rightMs + waitMs)).toBe(0);
});
