/** The order in which keys are announced, served and forgotten (RFC 7671 §8.1), minute by minute. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { ServedCertificate } from '../../src/tls/served-certificate.ts';
import { makePair } from './test-certificates.ts';

const folder = mkdtempSync(join(tmpdir(), 'callbook-served-'));
afterAll(() => rmSync(folder, { recursive: true }));

const announceMs = 600_000;
const [first, second, third] = [1, 2, 3].map(() => makePair(folder, 'api.alpha.test'));
const renewed = makePair(folder, 'api.alpha.test', join(folder, 'made-1.key'));
let elapsedMs = 0;
let nowMs = 0;
let happened: string[] = [];

const names = new Map([
  [first!.keyHash.toHex(), 'first'],
  [second!.keyHash.toHex(), 'second'],
  [third!.keyHash.toHex(), 'third'],
]);
const nameOf = (keyHash: Uint8Array): string => names.get(keyHash.toHex())!;

beforeEach(() => {
  [elapsedMs, nowMs, happened] = [0, Date.now(), []];
});

function servedFrom(pair = first!): ServedCertificate {
  const served: ServedCertificate = new ServedCertificate(
    { announceMs, clock: { nowMs: () => nowMs }, stopwatch: { nowMs: () => elapsedMs } },
    {
      onKeys: () => happened.push(`known: ${served.keyHashes.map(nameOf).join(' ')}`),
      onSwitch: ({ keyHash }) => happened.push(`served: ${nameOf(keyHash)}`),
      onWait: (waitMs) => happened.push(`waits ${waitMs}`),
    },
  );
  served.offer(pair);
  expect(happened).toEqual(['known: first', 'served: first']);
  happened = [];
  return served;
}

it('serves a renewal with the same key at once, and announces nothing', () => {
  const served = servedFrom();
  served.offer(renewed);
  expect(served.current).toBe(renewed);
  expect(happened).toEqual(['served: first']);
});

it('announces another key for as long as caches have the old records, then serves, then forgets', () => {
  const served = servedFrom();
  served.offer(second!);
  elapsedMs = announceMs - 1;
  served.look();
  expect(served.current).toBe(first);
  elapsedMs = announceMs;
  served.look();
  expect(happened).toEqual([
    'known: first second',
    `waits ${announceMs}`,
    'served: second',
    'known: second',
  ]);
});

it('lets a pair that waits be replaced by a newer one, which waits as long', () => {
  const served = servedFrom();
  served.offer(second!);
  elapsedMs = announceMs - 1;
  served.offer(third!);
  elapsedMs = announceMs + 1;
  served.look();
  expect(served.current).toBe(first);
  elapsedMs = 2 * announceMs;
  served.look();
  expect(served.current).toBe(third);
  expect(happened).toContain('known: first third');
});

it('has nothing to do for the pair that is served, but to let no other wait', () => {
  const served = servedFrom();
  served.offer(first!);
  expect(happened).toEqual([]);
  served.offer(second!);
  served.offer(first!);
  elapsedMs = 2 * announceMs;
  served.look();
  expect(served.current).toBe(first);
  expect(happened).toEqual(['known: first second', `waits ${announceMs}`, 'known: first']);
});

it('takes the old pair back in place of one that waits', () => {
  const served = servedFrom();
  served.offer(second!);
  served.offer(renewed);
  elapsedMs = 2 * announceMs;
  served.look();
  expect(served.current).toBe(renewed);
  expect(happened.slice(-2)).toEqual(['known: first', 'served: first']);
});

it('does not let a pair wait that takes the place of one that has expired', () => {
  const served = servedFrom();
  nowMs = first!.notAfterMs;
  expect(served.isExpired).toBe(true);
  served.offer(second!);
  expect(served.current).toBe(second);
});

it('serves at once what was announced before it was there', () => {
  const served = servedFrom();
  served.announce(second!.keyHash);
  expect(served.isKnown(second!.keyHash)).toBe(false);
  elapsedMs = announceMs;
  expect(served.isKnown(second!.keyHash)).toBe(true);
  served.offer(second!);
  expect(happened).toEqual(['known: first second', 'served: second', 'known: second']);
});

it('waits by a stopwatch, whatever the clock says', () => {
  const served = servedFrom();
  served.offer(second!);
  nowMs += 3_600_000;
  served.look();
  expect(served.current).toBe(first);
  nowMs -= 2 * 3_600_000;
  elapsedMs = announceMs;
  served.look();
  expect(served.current).toBe(second);
});
