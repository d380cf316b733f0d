import { tokenPeriodAt, tokenPeriodMs } from '@callbook/protocol';
import { expect, it } from 'vitest';
import { TokenWallet } from '../../src/tokens/token-wallet.ts';
import type { HeldToken } from '../../src/tokens/fetch-tokens.ts';

const startMs = 3000 * tokenPeriodMs;

class MemoryStore {
  octets: Uint8Array | undefined;
  isFull = false;

  async read(): Promise<Uint8Array | undefined> {
    return this.octets?.slice();
  }

  async write(octets: Uint8Array): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    if (this.isFull) throw new Error('the disk is full');
    this.octets = octets;
  }
}

function held(filling: number, lastPeriod: number): HeldToken {
  const bytes = (size: number): Uint8Array => new Uint8Array(size).fill(filling);
  const named = { nonce: bytes(32), challengeDigest: bytes(32), tokenKeyId: bytes(32) };
  return { token: { ...named, authenticator: bytes(256) }, lastPeriod };
}

/** The filling of the token in a header. */
function fillingOf(authorization: string | undefined): number | undefined {
  const text = /^PrivateToken token="(.+)"$/.exec(authorization ?? '')?.[1];
  return text === undefined ? undefined : Buffer.from(text, 'base64url')[10];
}

async function openWallet() {
  const store = new MemoryStore();
  const time = { ms: startMs };
  const clock = { nowMs: () => time.ms };
  const open = async () => await TokenWallet.open(store, clock);
  return { store, time, open, wallet: await open() };
}

it('hands out each token once, those first that end first, also over a restart', async () => {
  const { open, wallet } = await openWallet();
  const period = tokenPeriodAt(startMs);
  await wallet.add([held(1, period + 1), held(2, period), held(3, period + 1)]);
  expect(fillingOf(await wallet.take())).toBe(2);
  const again = await open();
  expect(again.count).toBe(2);
  const both = await Promise.all([again.take(), again.take(), again.take()]);
  expect(both.map(fillingOf)).toEqual([1, 3, undefined]);
  expect(await (await open()).take()).toBeUndefined();
});

it('hands out none that is not out of the store', async () => {
  const { store, wallet, open } = await openWallet();
  await wallet.add([held(1, tokenPeriodAt(startMs))]);
  store.isFull = true;
  await expect(wallet.take()).rejects.toThrow('full');
  store.isFull = false;
  expect(fillingOf(await wallet.take())).toBe(1);
  expect((await open()).count).toBe(0);
});

it('drops those whose time is over, and what is none', async () => {
  const { store, time, wallet, open } = await openWallet();
  const period = tokenPeriodAt(startMs);
  await wallet.add([held(1, period), held(2, period + 1)]);
  time.ms += tokenPeriodMs;
  expect(wallet.count).toBe(1);
  expect(fillingOf(await wallet.take())).toBe(2);
  store.octets = new Uint8Array(1000).fill(9);
  expect((await open()).count).toBe(0);
});
