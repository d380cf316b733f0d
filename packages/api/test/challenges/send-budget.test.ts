import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Identifier } from '@callbook/protocol';
import { nodeCryptography as crypto } from '@callbook/protocol/crypto/node';
import { SendBudget } from '../../src/challenges/send-budget.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const nowMs = 1_800_000_000_000;
const number = 'tel:+4915123456789';
const limits = { sendsPerHourMax: 3, sendsPerDayMax: 6, totalSendsPerHourMax: 10 };
const random = { bytes: (size: number) => new Uint8Array(randomBytes(size)) };

function newBudget(): SendBudget {
  return new SendBudget(limits, { crypto, random });
}

function numbered(i: number): Identifier {
  return `tel:+49151234567${String(i).padStart(2, '0')}`;
}

describe('an identifier', () => {
  it('gets its next code when the third last is an hour old, to the millisecond', () => {
    const budget = newBudget();
    const sentMs = [nowMs, nowMs + 1000, nowMs + 2000];
    for (const ms of sentMs) expect(budget.spend(number, ms)).toBe(0);
    expect(budget.spend(number, nowMs + 3000)).toBe(hourMs - 3000);
    expect(budget.spend(number, nowMs + hourMs - 1)).toBe(1);
    expect(budget.spend(number, nowMs + hourMs)).toBe(0);
    expect(budget.spend(number, nowMs + hourMs)).toBe(1000);
  });

  it('gets its next code when the sixth last is a day old, to the millisecond', () => {
    const budget = newBudget();
    for (let i = 0; i < 6; i++) expect(budget.spend(number, nowMs + i * hourMs)).toBe(0);
    expect(budget.spend(number, nowMs + dayMs - 1)).toBe(1);
    expect(budget.spend(number, nowMs + dayMs)).toBe(0);
  });

  it('does not pay for being refused', () => {
    const budget = newBudget();
    for (let i = 0; i < 3; i++) budget.spend(number, nowMs);
    for (let i = 0; i < 100; i++) expect(budget.spend(number, nowMs + 1)).toBe(hourMs - 1);
    expect(budget.spend(number, nowMs + hourMs)).toBe(0);
  });
});

describe('all identifiers together', () => {
  it('get no more than the total, and again after the hour', () => {
    const budget = newBudget();
    for (let i = 0; i < 10; i++) expect(budget.spend(numbered(i), nowMs + i)).toBe(0);
    expect(budget.spend(number, nowMs + hourMs - 1)).toBe(1);
    expect(budget.spend(number, nowMs + hourMs)).toBe(0);
  });

  it('are still served when the clock was put back', () => {
    const budget = newBudget();
    for (let i = 0; i < 10; i++) budget.spend(numbered(i), nowMs);
    expect(budget.spend(number, nowMs - dayMs)).toBe(0);
  });
});

describe('the table', () => {
  it('forgets a row a day after its last code', () => {
    const budget = newBudget();
    budget.spend(numbered(1), nowMs);
    budget.spend(numbered(2), nowMs + 1);
    budget.spend(numbered(1), nowMs + 2);
    expect(budget.rowCount).toBe(2);
    budget.forget(nowMs + dayMs + 1);
    expect(budget.rowCount).toBe(1);
    budget.forget(nowMs + dayMs + 2);
    expect(budget.rowCount).toBe(0);
  });

  it('names no identifier: the row key depends on a key drawn at start', () => {
    const macKeys: Uint8Array[] = [];
    const spying = {
      ...crypto,
      hmacSha256(macKey: Uint8Array, ...parts: Uint8Array[]) {
        macKeys.push(macKey);
        return crypto.hmacSha256(macKey, ...parts);
      },
    };
    for (let i = 0; i < 2; i++) new SendBudget(limits, { crypto: spying, random }).spend(number, 0);
    expect(macKeys).toHaveLength(2);
    expect(macKeys[0]).toHaveLength(32);
    expect(macKeys[0]).not.toEqual(macKeys[1]);
  });
});
