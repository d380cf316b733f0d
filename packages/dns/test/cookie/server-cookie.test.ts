import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createCookieSecrets, parseCookieSecrets, rollCookieSecrets } from '@callbook/dns';
import type { CookieSecrets } from '@callbook/dns';
import { parseIpAddress } from '@callbook/dns/wire';
import { judgeCookie } from '../../src/cookie/server-cookie.ts';
import type { CookieContext, JudgedCookie } from '../../src/cookie/server-cookie.ts';

interface CookieVector {
  readonly name: string;
  readonly secrets: string[];
  readonly client: string;
  readonly at: number;
  readonly received: string;
  readonly state: string;
  readonly madeAt?: number;
  readonly answer: string;
}

const path = new URL('../../../../vectors/dns-cookies/rfc9018.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(path, 'utf8')) as { cases: CookieVector[] };

function octetsOf(address: string): Uint8Array {
  const parsed = parseIpAddress(address);
  if (parsed.verdict !== 'accept') throw new Error(parsed.message);
  return parsed.value;
}

describe('the server cookie of RFC 9018', () => {
  it.each(cases)('is right in $name', (vector) => {
    const secrets = parseCookieSecrets(vector.secrets.join('\n'))!;
    const clientOctets = octetsOf(vector.client);
    const received = Uint8Array.fromHex(vector.received);
    const judged = judgeCookie(received, { secrets, clientOctets, nowMs: vector.at * 1000 })!;
    expect(judged.state).toBe(vector.state);
    expect(judged.answer.toHex()).toBe(vector.answer);
    if (vector.madeAt === undefined) return;
    const nowMs = vector.madeAt * 1000;
    expect(judgeCookie(received, { secrets, clientOctets, nowMs })!.state).toBe('valid');
  });
});

const random = {
  bytes: (size: number): Uint8Array => crypto.getRandomValues(new Uint8Array(size)),
};
const clientCookie = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
const madeAtMs = Date.UTC(2026, 0, 15);
const context: CookieContext = {
  secrets: createCookieSecrets(random),
  clientOctets: octetsOf('192.0.2.1'),
  nowMs: madeAtMs,
};
const made = judgeCookie(clientCookie, context)!.answer;

function judgeLater(seconds: number, secrets: CookieSecrets = context.secrets): JudgedCookie {
  return judgeCookie(made, { ...context, secrets, nowMs: madeAtMs + seconds * 1000 })!;
}

describe('a cookie', () => {
  it.each([
    [-301, 'invalid'],
    [-300, 'valid'],
    [0, 'valid'],
    [3600, 'valid'],
    [3601, 'invalid'],
  ])('%i seconds after it was made is %s', (seconds, state) => {
    expect(judgeLater(seconds).state).toBe(state);
  });

  it.each([
    [1800, true],
    [1801, false],
  ])('%i seconds after it was made is sent back as it came: %s', (seconds, isSame) => {
    const { answer } = judgeLater(seconds);
    expect(answer.toHex() === made.toHex()).toBe(isSame);
    const again = { ...context, nowMs: madeAtMs + seconds * 1000 };
    expect(judgeCookie(answer, again)!.state).toBe('valid');
  });

  it('is of no use from another address, or with another client cookie', () => {
    const elsewhere = { ...context, clientOctets: octetsOf('192.0.2.2') };
    expect(judgeCookie(made, elsewhere)!.state).toBe('invalid');
    const other = Uint8Array.from(made);
    other[0]! ^= 1;
    expect(judgeCookie(other, context)!.state).toBe('invalid');
  });

  it.each([8, 9, 12, 16, 23])('with octet %i changed is invalid', (index) => {
    const changed = Uint8Array.from(made);
    changed[index]! ^= 1;
    expect(judgeCookie(changed, context)!.state).toBe('invalid');
  });

  it.each([
    [0, undefined],
    [7, undefined],
    [8, 'clientOnly'],
    [9, undefined],
    [15, undefined],
    [16, 'invalid'],
    [40, 'invalid'],
    [41, undefined],
  ])('of %i octets is %s', (size, state) => {
    expect(judgeCookie(new Uint8Array(size), context)?.state).toBe(state);
  });

  it('works across the end of 32-bit time', () => {
    const nowMs = (2 ** 32 - 10) * 1000;
    const { answer } = judgeCookie(clientCookie, { ...context, nowMs })!;
    expect(judgeCookie(answer, { ...context, nowMs: nowMs + 60_000 })!.state).toBe('valid');
    expect(judgeCookie(answer, { ...context, nowMs: nowMs + 3_601_000 })!.state).toBe('invalid');
  });
});

describe('secrets', () => {
  it('that were rolled once take the cookies of before and answer with new ones', () => {
    const rolled = rollCookieSecrets(context.secrets, random);
    const { state, answer } = judgeLater(60, rolled);
    expect(state).toBe('valid');
    expect(answer).not.toEqual(made);
    const { current } = rolled;
    expect(judgeCookie(answer, { ...context, secrets: { current } })!.state).toBe('valid');
  });

  it('that were rolled twice do not', () => {
    const twice = rollCookieSecrets(rollCookieSecrets(context.secrets, random), random);
    expect(judgeLater(60, twice).state).toBe('invalid');
  });

  it('are plain data: a clone of them takes the same cookies', () => {
    expect(judgeLater(60, structuredClone(context.secrets)).state).toBe('valid');
  });

  it('are read from text, one a line', () => {
    const [current, previous] = ['0123456789abcdef0123456789ABCDEF', 'f'.repeat(32)];
    expect(parseCookieSecrets(`${current}\n`)).toEqual({ current: Uint8Array.fromHex(current) });
    expect(parseCookieSecrets(`${current}\r\n${previous}\n`)).toEqual({
      current: Uint8Array.fromHex(current),
      previous: Uint8Array.fromHex(previous),
    });
    for (const text of ['', 'f'.repeat(31), 'f'.repeat(34), `${current}\n${current}\n${current}`])
      expect(parseCookieSecrets(text)).toBeUndefined();
  });
});
