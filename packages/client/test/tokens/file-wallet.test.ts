/** A wallet in a file that several programs have open: each token leaves it once, and none is lost. */
import { utimesSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tokenPeriodMs } from '@callbook/protocol';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FileWallet } from '../../src/node/index.ts';
import type { HeldToken } from '../../src/tokens/fetch-tokens.ts';

const clock = { nowMs: () => 3000 * tokenPeriodMs };
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-wallet-'));
  path = join(folder, 'tokens');
});
afterEach(async () => await rm(folder, { recursive: true, force: true }));

function held(filling: number): HeldToken {
  const bytes = (size: number): Uint8Array => new Uint8Array(size).fill(filling);
  const named = { nonce: bytes(32), challengeDigest: bytes(32), tokenKeyId: bytes(32) };
  return { token: { ...named, authenticator: bytes(256) }, lastPeriod: 3001 };
}

it('gives each token to one of those that take at once, and keeps what others add', async () => {
  const one = await FileWallet.open(path, clock);
  const other = await FileWallet.open(path, clock);
  await Promise.all([one.add([held(1), held(2)]), other.add([held(3), held(4)])]);
  const taken = await Promise.all([one.take(), other.take(), one.take(), other.take(), one.take()]);
  expect(taken.filter((token) => token === undefined)).toHaveLength(1);
  expect(new Set(taken).size).toBe(5);
  expect((await FileWallet.open(path, clock)).count).toBe(0);
  // No lock and no half-written file stays behind, and the file is its owner's alone.
  expect(await readdir(folder)).toEqual(['tokens']);
  expect((await stat(path)).mode & 0o077).toBe(0);
});

it('breaks a lock that a crashed program has left, and no other', async () => {
  const wallet = await FileWallet.open(path, clock);
  const lock = `${path}.lock`;
  await writeFile(lock, '');
  const longAgo = Date.now() / 1000 - 60;
  await utimes(lock, longAgo, longAgo);
  await wallet.add([held(1)]);
  expect(wallet.count).toBe(1);
  await writeFile(lock, '');
  // On a busy machine the tries go on for longer than it takes a lock to be left.
  const inUse = setInterval(() => utimesSync(lock, new Date(), new Date()), 5000);
  await expect(wallet.take()).rejects.toMatchObject({ code: 'wallet_unavailable' });
  clearInterval(inUse);
  await rm(lock);
  expect(await wallet.take()).toMatch(/^PrivateToken /);
}, 120_000);

it('says that it cannot be written, and gives no token then', async () => {
  const nowhere = await FileWallet.open(join(folder, 'missing', 'tokens'), clock);
  expect(nowhere.count).toBe(0);
  await expect(nowhere.add([held(1)])).rejects.toMatchObject({ code: 'wallet_unavailable' });
});
