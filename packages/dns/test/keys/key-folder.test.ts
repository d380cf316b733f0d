/** The key store on disk: one writer wins, nothing is half there, leftovers do no harm. */
import { mkdtemp, readdir, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  changeKeyState,
  createFirstKeys,
  createZoneKeys,
  openKeyFolder,
  openKeyKeeper,
  requestRoll,
} from '@callbook/dns';
import type { KeyState } from '@callbook/dns';
import { TestClock } from '../test-zones.ts';
import { testTimings } from './roll-over-observer.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'callbook-key-folder-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const stateOf = (nextNumber: number): KeyState => ({ nextNumber, keys: [] });

describe('the key folder', () => {
  it('takes a new state from whoever knew the one before', async () => {
    const folder = openKeyFolder(join(directory, 'keys'));
    expect(await folder.readState()).toBeUndefined();
    expect(await folder.replaceState(stateOf(1), 0)).toBe(true);
    expect(await folder.replaceState(stateOf(9), 0)).toBe(false);
    expect(await folder.replaceState(stateOf(2), 1)).toBe(true);
    expect(await folder.readState()).toEqual({ sequence: 2, state: stateOf(2) });
  });

  it('lets one of many writers at once win', async () => {
    const folder = openKeyFolder(directory);
    const won = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => await folder.replaceState(stateOf(index), 0)),
    );
    const winner = won.indexOf(true);
    expect(won.filter(Boolean)).toHaveLength(1);
    expect((await folder.readState())?.state.nextNumber).toBe(winner);
  });

  it('loses no change of writers that try again', async () => {
    await createZoneKeys(directory, 15);
    const folder = openKeyFolder(directory);
    const add = async (): Promise<unknown> =>
      await changeKeyState(folder, 0, (state) => ({ ...state, nextNumber: state.nextNumber + 1 }));
    await Promise.all([add(), add(), add(), add()]);
    expect((await folder.readState())?.state.nextNumber).toBe(6);
  });

  it('keeps the newest state and the one before, and leaves no drafts', async () => {
    const folder = openKeyFolder(directory);
    for (let before = 0; before < 5; before += 1) await folder.replaceState(stateOf(1), before);
    expect(await readdir(directory)).toEqual(['keys-00000004.json', 'keys-00000005.json']);
    expect((await stat(join(directory, 'keys-00000005.json'))).mode & 0o777).toBe(0o600);
  });

  it('tells a writer who knew a state of long ago', async () => {
    const folder = openKeyFolder(directory);
    for (let before = 0; before < 5; before += 1) await folder.replaceState(stateOf(1), before);
    // Number 2 is free again, but not the newest.
    expect(await folder.replaceState(stateOf(7), 1)).toBe(false);
    expect((await folder.readState())?.sequence).toBe(5);
  });

  it('says what is wrong with a state, without repeating it', async () => {
    await writeFile(join(directory, 'keys-00000001.json'), 'secret');
    await expect(openKeyFolder(directory).readState()).rejects.toMatchObject({
      code: 'dns_key_state_malformed',
      message: 'the state of the zone keys: it is not JSON',
    });
  });

  it('says so when it cannot read or write', async () => {
    await writeFile(join(directory, 'file'), '');
    const folder = openKeyFolder(join(directory, 'file'));
    await expect(folder.readState()).rejects.toMatchObject({ code: 'dns_key_state_unreadable' });
    await expect(folder.replaceState(stateOf(1), 0)).rejects.toMatchObject({
      code: 'dns_key_unwritable',
    });
    const missing = openKeyFolder(directory).readPresigned('presigned-0000000000000000.json');
    await expect(missing).rejects.toMatchObject({ code: 'dns_key_state_unreadable' });
  });

  it('removes pre-signed keys once neither the newest state nor the one before names them', async () => {
    const folder = openKeyFolder(directory);
    const [first, second, unnamed] = [
      await folder.writePresigned('{"first":1}'),
      await folder.writePresigned('{"second":2}'),
      await folder.writePresigned('{"about to be named":3}'),
    ];
    const presignedFiles = async (): Promise<string[]> =>
      (await readdir(directory)).filter((name) => name.startsWith('presigned-'));
    const naming = (presignedFile: string): KeyState => ({ ...stateOf(1), presignedFile });
    await folder.replaceState(naming(first), 0);
    await folder.replaceState(naming(first), 1);
    await folder.replaceState(naming(second), 2);
    expect(await presignedFiles()).toEqual([first, second, unnamed].sort());
    await folder.replaceState(naming(second), 3);
    expect(await presignedFiles()).toEqual([second, unnamed].sort());
    expect(await folder.readPresigned(second)).toBe('{"second":2}');
  });

  it('destroys a key that may be gone already', async () => {
    const folder = openKeyFolder(directory);
    await createFirstKeys(folder, { roles: ['zsk'], algorithm: 13 }, 0);
    await folder.destroyKey('zsk');
    await folder.destroyKey('zsk');
    expect(() => folder.loadKey('zsk')).toThrow(
      expect.objectContaining({ code: 'dns_key_missing' }),
    );
  });

  it('that only had key files rolls over, with the new key in a file of its own', async () => {
    await createZoneKeys(directory, 13);
    const store = openKeyFolder(directory);
    const clock = new TestClock();
    const options = { apex: 'example', store, timings: testTimings, clock };
    const keeper = await openKeyKeeper(options);
    const before = keeper.current().zskSigner.publicKey;
    await changeKeyState(store, clock.now, (state) => requestRoll(state, 'zsk'));
    for (let count = 0; count < 6; count += 1) {
      await keeper.advance();
      clock.now += 70_000;
    }
    expect(keeper.current().zskSigner.publicKey).not.toEqual(before);
    expect(await readdir(directory)).toEqual(
      expect.arrayContaining(['ksk.pem', 'zsk-2.pem', expect.stringMatching(/^keys-\d{8}\.json$/)]),
    );
    expect(await readdir(directory)).not.toContain('zsk.pem');
    // What the first start made is not made again.
    await unlink(join(directory, 'ksk.pem'));
    await expect(openKeyKeeper(options)).rejects.toMatchObject({ code: 'dns_key_missing' });
  });
});
