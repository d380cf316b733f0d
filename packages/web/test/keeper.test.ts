/** What the browser keeps: sealed, read back after a reload, and whole when the disk is full. */
import { deriveKeys } from '@callbook/protocol';
import { describe, expect, it } from 'vitest';
import { webError } from '../src/errors.ts';
import { keeperOf } from '../src/holder/keeper.ts';
import { nextScreenOf, withOwnKeys, type Journey } from '../src/holder/journey.ts';
import { keepAuthority, keptSigner } from '../src/vault/browser-key.ts';
import { memoryStore, type KeptStore } from '../src/vault/kept-store.ts';
import { openVault } from '../src/vault/vault.ts';

const seed = new Uint8Array(32).fill(7);
const of = { identifier: 'tel:+34912345678', labelEpoch: 0 } as const;

const journey: Journey = {
  kind: 'claim',
  ...of,
  seed,
  authorityKey: deriveKeys(seed, of).authority.publicKey,
  derivedKeys: [{ use: 'identity', algorithm: 'ed25519', key: new Uint8Array(32).fill(1) }],
  backup: null,
  reach: null,
  requestClass: null,
  attempt: 0,
  replacement: null,
  pending: null,
};

describe('a keeper', () => {
  it('has a journey back after a reload, and nothing of it in plain', async () => {
    const store = memoryStore();
    await (await keeperOf(await openVault(store))).setJourney(journey);
    const again = await keeperOf(await openVault(store));
    expect(again.kept).toEqual({ numbers: [], journey });
    const kept = await store.read('journey');
    const { sealed } = kept as { readonly sealed: ArrayBuffer };
    expect(new TextDecoder().decode(sealed)).not.toContain('34912345678');
  });

  it('says storage_lost for what another browser sealed', async () => {
    const store = memoryStore();
    await (await keeperOf(await openVault(store))).setJourney(journey);
    await store.erase('wrap');
    await expect(keeperOf(await openVault(store))).rejects.toMatchObject({ code: 'storage_lost' });
  });

  it('says storage_full and changes nothing where the browser keeps no more', async () => {
    const store = memoryStore();
    let isFull = false;
    const filling: KeptStore = {
      ...store,
      write: async (name, value) => {
        if (isFull) throw webError('storage_full', 'of a test');
        await store.write(name, value);
      },
    };
    const keeper = await keeperOf(await openVault(filling));
    await keeper.setJourney(journey);
    isFull = true;
    const backedUp = { ...journey, seed: null, backup: 'words' } as const;
    await expect(keeper.setJourney(backedUp)).rejects.toMatchObject({ code: 'storage_full' });
    expect(keeper.kept.journey).toEqual(journey);
    expect((await keeperOf(await openVault(store))).kept.journey).toEqual(journey);
  });

  it('tells who listens', async () => {
    const keeper = await keeperOf(await openVault(memoryStore()));
    let count = 0;
    const stop = keeper.onChange(() => (count += 1));
    await keeper.setJourney(journey);
    stop();
    await keeper.setJourney(null);
    expect([count, keeper.kept.journey]).toEqual([1, null]);
  });
});

describe('the authority key', () => {
  it('signs from where no script can read it', async () => {
    const store = memoryStore();
    expect(await keepAuthority(store, seed, of)).toBe(true);
    const { publicKey } = deriveKeys(seed, of).authority;
    const signer = await keptSigner(store, publicKey);
    expect(signer?.publicKey).toEqual(publicKey);
    const message = new TextEncoder().encode('of a test');
    const signature = (await signer?.sign(message)) ?? new Uint8Array();
    const key = await crypto.subtle.importKey('raw', new Uint8Array(publicKey), 'Ed25519', false, [
      'verify',
    ]);
    const given = new Uint8Array(signature);
    expect(await crypto.subtle.verify('Ed25519', key, given, message)).toBe(true);
    const name = (await store.names()).find((one) => one.startsWith('authority'));
    const { privateKey } = (await store.read(name ?? '')) as CryptoKeyPair;
    await expect(crypto.subtle.exportKey('pkcs8', privateKey)).rejects.toThrow();
    expect(await keptSigner(store, new Uint8Array(32))).toBeUndefined();
  });
});

describe('a journey', () => {
  const reach = { routes: [], visibility: 'dns', ownKeys: [] } as const;
  it.each([
    ['backup', {}],
    ['reach', { backup: 'words' }],
    ['code', { backup: 'words', reach }],
  ] as const)('goes on at %s', (screen, done) => {
    expect(nextScreenOf({ ...journey, ...done })).toBe(screen);
  });

  it('publishes own keys in the place of those for the same use', () => {
    const own = [{ use: 'identity', algorithm: 'ed25519', key: new Uint8Array(32) }] as const;
    const box = { use: 'box', algorithm: 'x25519', key: new Uint8Array(32) } as const;
    expect(withOwnKeys([...journey.derivedKeys, box], own)).toEqual([box, ...own]);
  });
});
