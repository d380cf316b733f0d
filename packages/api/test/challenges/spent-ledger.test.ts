/** What a day has cost outlives the member: a guard opened anew goes on where the one before was killed. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeCryptography as crypto } from '@callbook/protocol/crypto/node';
import { expect, it, onTestFinished } from 'vitest';
import { SendGuard, SpentLedger } from '../../src/index.ts';
import type { SendGuardOptions } from '../../src/index.ts';

const random = { bytes: (size: number) => new Uint8Array(randomBytes(size)) };
const startMs = 1_800_000_000_000;
const hourMs = 3600_000;
const number = 'tel:+4915123456789';

async function newPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-ledger-'));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  return join(folder, 'spent');
}

async function started(path: string, options: SendGuardOptions) {
  const ledger = await SpentLedger.open(path);
  const limits = { resendPauseMs: 0, rangeSendsPerHourMax: 1000, ...options };
  return { ledger, guard: await SendGuard.open(limits, { crypto, random, ledger }) };
}

/** Sends until the guard says to wait. */
async function sendAll(guard: SendGuard, nowMs = startMs): Promise<number> {
  for (let sent = 0; ; sent++) {
    if (guard.waitMs(number, nowMs) > 0) return sent;
    guard.take(number, `send-${sent}`, nowMs);
    await guard.secure();
  }
}

it.each([
  ['codes', { sendsPerDayMax: 50 }],
  ['money', { moneyPerDayMax: 5000, priceElsewhere: 100 }],
])('a member that is killed spends no budget of %s again', async (_, options) => {
  const path = await newPath();
  const first = await started(path, options);
  expect(await sendAll(first.guard)).toBe(50);
  // Killed: nothing is disposed of.
  const second = await started(path, options);
  expect(await sendAll(second.guard)).toBe(0);
  expect(await sendAll(second.guard, startMs + 25 * hourMs)).toBe(50);
});

it('counts at most one step more than was spent, and after a stop in order none', async () => {
  const path = await newPath();
  const options = { sendsPerDayMax: 1000 };
  const { guard } = await started(path, options);
  guard.take(number, 'send-0', startMs);
  await guard.secure();
  // A hundredth of the day's is written ahead.
  const killed = await started(path, options);
  expect(await sendAll(killed.guard)).toBe(1000 - 1 - 10);
  await rm(path);
  const stopped = await started(path, options);
  stopped.guard.take(number, 'send-0', startMs);
  await stopped.guard.secure();
  await stopped.ledger[Symbol.asyncDispose]();
  expect(await sendAll((await started(path, options)).guard)).toBe(999);
});

it('writes once for many codes that go out together, and nothing of whom they were for', async () => {
  const path = await newPath();
  const { guard } = await started(path, { sendsPerDayMax: 1000 });
  const sums = new Set<string>();
  for (let sent = 0; sent < 11; sent++) {
    guard.take(number, `send-${sent}`, startMs);
    await guard.secure();
    sums.add(await readFile(path, 'utf8'));
  }
  expect(sums.size).toBe(1);
  expect(JSON.parse([...sums][0]!)).toEqual([{ hour: 500_000, codes: 11, thousandths: 10_100 }]);
});

it('begins anew where the file is none of ours', async () => {
  const path = await newPath();
  await writeFile(path, '[{"hour": -1}, null, 7]');
  expect((await SpentLedger.open(path)).hours).toEqual([]);
  await writeFile(path, 'not JSON');
  expect((await SpentLedger.open(path)).hours).toEqual([]);
});
