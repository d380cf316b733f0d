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

/** Numbers of four ranges in two countries. */
const numbers = {
  sameRange: german(99),
  sameCountry: 'tel:+4917612345678',
  otherCountry: 'tel:+34612345678',
} as const;

interface BudgetCase {
  readonly name: string;
  readonly options: SendGuardOptions;
  /** Codes that fit. */
  readonly fits: number;
  /** Which other numbers wait as well. */
  readonly waiting: readonly (keyof typeof numbers)[];
  /** From the last code until one more fits. */
  readonly waitMs: number;
}

const dayAndHourMs = 25 * hourMs;

describe.each<BudgetCase>([
  {
    name: 'a range, in an hour',
    options: { rangeSendsPerHourMax: 3 },
    fits: 3,
    waiting: ['sameRange'],
    waitMs: hourMs / 3,
  },
  {
    name: 'a country, in an hour',
    options: { countrySendsPerHourMax: 4 },
    fits: 4,
    waiting: ['sameRange', 'sameCountry'],
    waitMs: hourMs / 4,
  },
  {
    name: 'all numbers, in a day',
    options: { sendsPerDayMax: 5 },
    fits: 5,
    waiting: ['sameRange', 'sameCountry', 'otherCountry'],
    waitMs: dayAndHourMs,
  },
  {
    name: 'money, in a day',
    options: { moneyPerDayMax: 450, prices: [{ prefix: '49', thousandths: 75 }] },
    fits: 6,
    waiting: ['sameRange', 'sameCountry', 'otherCountry'],
    waitMs: dayAndHourMs,
  },
])('the budget of $name', ({ options, fits, waiting, waitMs }) => {
  it('lets one more code go below its limit, and none at it', async () => {
    const subject = await guard(options);
    expect(sendAll(subject, fits - 1)).toEqual([fits - 1, 0]);
    expect(subject.waitMs(german(fits), startMs)).toBe(0);
    subject.take(german(fits), 'last', startMs);
    expect(subject.waitMs(german(fits + 1), startMs)).toBeGreaterThan(0);
  });

  it('is of these numbers alone', async () => {
    const subject = await guard(options);
    sendAll(subject, fits);
    const names = Object.keys(numbers) as (keyof typeof numbers)[];
    const told = names.filter((name) => subject.waitMs(numbers[name], startMs) > 0);
    expect(told).toEqual(waiting);
  });

  it('is there again when it says so, for one code', async () => {
    const subject = await guard(options);
    const [, told] = sendAll(subject, fits + 1);
    expect(told).toBeLessThanOrEqual(waitMs);
    expect(told).toBeGreaterThan(waitMs - hourMs);
    expect(subject.waitMs(german(50), startMs + told - 1)).toBeGreaterThan(0);
    expect(subject.waitMs(german(50), startMs + told)).toBe(0);
  });

  it('does not pay for being refused', async () => {
    const subject = await guard(options);
    const [, told] = sendAll(subject, fits + 1);
    for (let at = 0; at < 50; at++) expect(subject.waitMs(german(at), startMs)).toBe(told);
    expect(subject.waitMs(german(50), startMs + told)).toBe(0);
  });
});

it.each([
  ['one more fits exactly', 300, 0],
  ['a thousandth is missing', 299, 1],
  ['the next costs more than all of it', 50, 1],
])('money is counted to the thousandth: %s', async (_, moneyPerDayMax, waits) => {
  const prices = [
    { prefix: '49', thousandths: 200 },
    { prefix: '34', thousandths: 100 },
  ];
  const subject = await guard({ moneyPerDayMax, prices });
  if (subject.waitMs(german(1), startMs) === 0) subject.take(german(1), 'a', startMs);
  expect(Math.sign(subject.waitMs(numbers.otherCountry, startMs))).toBe(waits);
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

describe('beginnings of numbers', () => {
  it.each([
    ['870', 'tel:+870773111632'],
    ['878', 'tel:+878101234567890'],
    ['881', 'tel:+881612345678'],
    ['882', 'tel:+88216123456'],
    ['883', 'tel:+883510012345'],
    ['888', 'tel:+88812345678'],
    ['979', 'tel:+979123456789'],
    ['991', 'tel:+991123456789'],
  ] as const)('of the refused range +%s are refused, also as test numbers', async (_, number) => {
    for (const options of [{}, { test: [number.slice(5)] }, { served: [number.slice(5, 8)] }]) {
      const subject = await guard(options);
      expect(() => subject.waitMs(number, startMs)).toThrow();
    }
  });

  it.each([
    ['+880, beside +881', 'tel:+8801812345678'],
    ['+886, beside +883', 'tel:+886912345678'],
    ['+992, beside +991', 'tel:+992917123456'],
  ] as const)('of %s are served', async (_, number) => {
    expect((await guard()).waitMs(number, startMs)).toBe(0);
  });

  it('count from their first digit, as far as the list says', async () => {
    const subject = await guard({ served: ['491', '34'], refused: ['4917'] });
    expect(subject.waitMs(german(1), startMs)).toBe(0);
    expect(subject.waitMs(numbers.otherCountry, startMs)).toBe(0);
    for (const number of [numbers.sameCountry, 'tel:+493012345678', 'tel:+33612345678'] as const)
      expect(() => subject.waitMs(number, startMs)).toThrow();
  });

  it('that are served by an empty list are none', async () => {
    const subject = await guard({ served: [] });
    expect(() => subject.waitMs(german(1), startMs)).toThrow();
  });
});

it.each([
  ['mobile', 'tel:+4915123456789'],
  ['fixed', 'tel:+493012345678'],
  ['one or the other', 'tel:+12015550123'],
  ['voice over IP', 'tel:+4915678912345'],
  ['toll-free', 'tel:+498001234567'],
] as const)('a number that libphonenumber calls %s is served', async (_, number) => {
  expect((await guard()).waitMs(number, startMs)).toBe(0);
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
    expect(Math.sign(subject.waitMs(german(50), nowMs + 6 * hourMs - 1))).toBe(suspended);
    expect(subject.waitMs(german(50), nowMs + 6 * hourMs)).toBe(0);
    expect(subject.waitMs(numbers.sameCountry, nowMs)).toBe(0);
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

it('counts under keys of its own: no row can be found again by who has the table', async () => {
  const [keys, rows]: [Set<string>, Set<string>] = [new Set(), new Set()];
  const spying = {
    ...crypto,
    hmacSha256(macKey: Uint8Array, ...parts: Uint8Array[]) {
      const row = crypto.hmacSha256(macKey, ...parts);
      keys.add(macKey.toHex());
      rows.add(row.toHex());
      return row;
    },
  };
  for (let started = 1; started <= 2; started++) {
    const subject = await SendGuard.open({}, { crypto: spying, random });
    subject.waitMs(german(1), startMs);
    subject.take(german(1), 'a', startMs);
    // Range, country, pause and completion: each with a key of 32 bytes drawn at start.
    expect(keys.size).toBe(4 * started);
    expect(rows.size).toBe(4 * started);
  }
  for (const macKey of keys) expect(macKey).toHaveLength(64);
});
