/** What codes to numbers may cost: each budget at its limit, and nothing about who is registered. */
import { randomBytes } from 'node:crypto';
import { nodeCryptography as crypto } from '@callbook/protocol/crypto/node';
import { describe, expect, it } from 'vitest';
import { SendGuard } from '../../src/index.ts';
import type { SendGuardOptions } from '../../src/index.ts';

const random = { bytes: (size: number) => new Uint8Array(randomBytes(size)) };
const startMs = 1_800_000_000_000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

async function guard(options: SendGuardOptions = {}): Promise<SendGuard> {
  return await SendGuard.open({ resendPauseMs: 0, ...options }, { crypto, random });
}

const german = (last: number): `tel:${string}` =>
  `tel:+49151234567${String(last).padStart(2, '0')}`;

/** Sends until the guard says to wait; how many went out, and the wait. */
function sendAll(subject: SendGuard, count: number, numberOf = german): [number, number] {
  for (let sent = 0; sent < count; sent++) {
    const waitMs = subject.waitMs(numberOf(sent), startMs);
    if (waitMs > 0) return [sent, waitMs];
    subject.take(numberOf(sent), `send-${sent}`, startMs);
  }
  return [count, 0];
}

describe('a number is not served when it is', () => {
  it.each([
    ['a satellite', 'tel:+881612345678'],
    ['an international network', 'tel:+882123456789'],
    ['premium rate', 'tel:+4990012345678'],
    ['a personal number', 'tel:+447011234567'],
    ['none that exists', 'tel:+447700900001'],
  ] as const)('%s', async (_, number) => {
    const subject = await guard();
    expect(() => subject.waitMs(number, startMs)).toThrow(
      expect.objectContaining({ code: 'identifier_not_served' }),
    );
  });

  it('outside the list, and the list of refused beginnings is kept too', async () => {
    const subject = await guard({ served: ['49'], refused: ['491511'], test: ['447700900'] });
    expect(subject.waitMs('tel:+4915123456789', startMs)).toBe(0);
    for (const number of ['tel:+34912345678', 'tel:+4915112345678', 'tel:+447700900001'] as const)
      expect(() => subject.waitMs(number, startMs)).toThrow();
    const tested = await guard({ test: ['447700900'] });
    expect(tested.waitMs('tel:+447700900001', startMs)).toBe(0);
  });
});

it.each([
  ['a range, in an hour', { rangeSendsPerHourMax: 3 }, 3],
  ['a country, in an hour', { countrySendsPerHourMax: 4 }, 4],
  ['all numbers, in a day', { sendsPerDayMax: 5 }, 5],
  ['money, in a day', { moneyPerDayMax: 450, prices: [{ prefix: '49', thousandths: 75 }] }, 6],
])('the budget of %s ends at its limit', async (_, options, expected) => {
  const [sent, waitMs] = sendAll(await guard(options), 20);
  expect(sent).toBe(expected);
  expect(waitMs).toBeGreaterThan(0);
});

it('of two prices that fit, the longer prefix counts', async () => {
  const prices = [
    { prefix: '49', thousandths: 10 },
    { prefix: '4915', thousandths: 500 },
  ];
  expect(sendAll(await guard({ moneyPerDayMax: 1000, prices }), 20)[0]).toBe(2);
});

it('a day of money is never exceeded in any 24 hours, and is there again after', async () => {
  const subject = await guard({ moneyPerDayMax: 100, priceElsewhere: 100 });
  subject.take(german(1), 'a', startMs);
  expect(subject.waitMs(german(2), startMs + 24 * hourMs - 1)).toBeGreaterThan(0);
  expect(subject.waitMs(german(2), startMs + 25 * hourMs)).toBe(0);
});

it('two codes to one number have a pause between them', async () => {
  const subject = await guard({ resendPauseMs: 30_000 });
  subject.take(german(1), 'a', startMs);
  expect(subject.waitMs(german(1), startMs + 29_999)).toBe(1);
  expect(subject.waitMs(german(1), startMs + 30_000)).toBe(0);
  expect(subject.waitMs(german(2), startMs)).toBe(0);
});

describe('a range of which too few codes are answered is suspended', () => {
  it.each([
    ['not at 20 %', 4, 0],
    ['below it', 3, 1],
  ])('%s', async (_, answered, suspended) => {
    const subject = await guard();
    sendAll(subject, 20);
    const nowMs = startMs + 10 * minuteMs;
    for (let at = 0; at < answered; at++) subject.settle(`send-${at}`, true, nowMs);
    subject.forget(nowMs);
    expect(Math.sign(subject.waitMs(german(50), nowMs))).toBe(suspended);
    expect(subject.waitMs(german(50), nowMs + 6 * hourMs)).toBe(0);
  });

  it('and a receipt of a failure settles a code before its time is over', async () => {
    const subject = await guard();
    sendAll(subject, 20);
    for (let at = 0; at < 20; at++) subject.settle(`send-${at}`, false, startMs);
    expect(subject.waitMs(german(50), startMs)).toBeGreaterThan(0);
  });

  it('but says nothing before enough are settled', async () => {
    const subject = await guard();
    sendAll(subject, 19);
    subject.forget(startMs + 10 * minuteMs);
    expect(subject.waitMs(german(50), startMs + 10 * minuteMs)).toBe(0);
  });
});

it('mail and SIP are let through, and idle tables empty', async () => {
  const subject = await guard({ resendPauseMs: 30_000 });
  expect(subject.waitMs('mailto:ada@mail.example', startMs)).toBe(0);
  sendAll(subject, 10);
  subject.forget(startMs + hourMs);
  subject.forget(startMs + 100 * hourMs);
  expect(subject.rowCount).toBe(0);
});
