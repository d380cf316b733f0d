import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { apiLimits } from '../../src/index.ts';
import { ProofBudget } from '../../src/proofs/proof-budget.ts';
import { crypto } from '../harness.ts';

const limits = {
  ...apiLimits,
  proofsPerSecondMax: 10,
  proofsBurstMax: 20,
  networkProofsPerSecondMax: 1,
  networkProofsBurstMax: 3,
};

function newBudget(): ProofBudget {
  return new ProofBudget(limits, { crypto, random: { bytes: (size) => randomBytes(size) } });
}

/** How many of `count` proofs an address gets at once. */
function granted(budget: ProofBudget, address: string, nowMs = 0, count = 50): number {
  return Array.from({ length: count }, () => budget.spend(address, nowMs)).filter((ms) => ms === 0)
    .length;
}

it.each([
  ['192.0.2.1', '192.0.2.200', 'one IPv4 /24'],
  ['::ffff:192.0.2.1', '192.0.2.7', 'an IPv4 address and a mapped one'],
  ['2001:db8:1:200::1', '2001:db8:1:2ff:ffff::9', 'one IPv6 /56'],
  ['2001:db8::1', '2001:db8:0:0:1::', 'two spellings of one IPv6 /56'],
])('gives %s and %s one bucket: %s', (first, second) => {
  const budget = newBudget();
  expect(granted(budget, first)).toBe(3);
  expect(granted(budget, second)).toBe(0);
});

it.each([
  ['192.0.2.1', '192.0.3.1'],
  ['2001:db8:1:200::1', '2001:db8:1:300::1'],
])('gives %s and %s a bucket each', (first, second) => {
  const budget = newBudget();
  expect(granted(budget, first)).toBe(3);
  expect(granted(budget, second)).toBe(3);
});

it('gives all networks together no more than the whole budget', () => {
  const budget = newBudget();
  const all = Array.from({ length: 20 }, (_, n) => granted(budget, `192.0.${n}.1`, 0, 3));
  expect(all.reduce((sum, count) => sum + count, 0)).toBe(20);
  expect(granted(budget, '198.51.100.1', 500)).toBe(3);
});

it('leaves loopback to the whole budget: a proxy is not one requester', () => {
  expect(granted(newBudget(), '127.0.0.1')).toBe(20);
  expect(granted(newBudget(), '::1')).toBe(20);
});

it('says when the next proof can be had, to the millisecond', () => {
  const budget = newBudget();
  granted(budget, '192.0.2.1');
  expect(budget.spend('192.0.2.1', 0)).toBe(1000);
  expect(budget.spend('192.0.2.1', 750)).toBe(250);
  expect(budget.spend('192.0.2.1', 1000)).toBe(0);
});

it('forgets a network whose bucket is full, and fills nothing when the clock is set back', () => {
  const budget = newBudget();
  granted(budget, '192.0.2.1', 10_000);
  expect(budget.rowCount).toBe(1);
  budget.forget(12_999);
  expect(budget.rowCount).toBe(1);
  budget.forget(13_000);
  expect(budget.rowCount).toBe(0);
  granted(budget, '192.0.2.1', 13_000);
  expect(granted(budget, '192.0.2.2', 13_000)).toBe(0);
});
