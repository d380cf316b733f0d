/**
 * A binding whose payload has not come yet, under an ownership entry that has none before: what was published
 * is not true any more, and "nobody" would not be either.
 */
import type { Identifier } from '@callbook/protocol';
import { beforeEach, expect, it } from 'vitest';

import type { Bindings } from '../../src/view/bindings.ts';
import type { Replica } from '../../src/replica.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import type { Store } from '../../src/store/store.ts';
import { crypto, foundFederation, openReplica, TestClock } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { Holder } from '../support/holder.ts';
import type { MadeEntry } from '../support/holder.ts';
import { HandWrittenLog } from '../support/liar.ts';

const number: Identifier = 'tel:+4915123456789';
const digits = '4915123456789';
const ownerHash = crypto
  .sha256(Buffer.from(`+${digits}`))
  .toHex()
  .slice(0, 56);
const releaseMs = 60_000;

let federation: TestFederation;
let holder: Holder;
let clock: TestClock;
let store: Store;
let logs: readonly HandWrittenLog[];

beforeEach(async () => {
  federation = await foundFederation({ releaseMs });
  holder = new Holder(number);
  clock = new TestClock();
  store = memoryStore();
  logs = ['alpha', 'beta'].map((name) => new HandWrittenLog(federation, name));
});

const openGamma = (): Promise<Replica> => openReplica(federation, 'gamma', { store, clock });

/** Gamma takes in an entry from both other logs, a quorum, with its payload or without. */
async function take(gamma: Replica, made: MadeEntry, { hasPayload }: { hasPayload: boolean }) {
  for (const [place, log] of logs.entries()) {
    const isRegister = log.leaves.length === 0;
    const role = isRegister ? (place === 0 ? 'challenged' : 'witnessed') : 'received';
    const { entry, opened } = made;
    log.add({ at: clock.nowMs(), role, entry, ...(hasPayload && opened && { opened }) });
    expect(await gamma.ingest(log.batch(log.leaves.length - 1))).toMatchObject({
      verdict: 'accept',
    });
  }
}

const awaited = expect.objectContaining({ code: 'binding_awaited' });

/** What everybody is told, by each way of asking. */
function expectAwaited(bindings: Bindings, entryId: Uint8Array): void {
  expect(() => bindings.byDigits(digits)).toThrow(awaited);
  expect(() => bindings.byOwnerHash(ownerHash)).toThrow(awaited);
  expect(() => bindings.byIdentifier(number)).toThrow(awaited);
  expect(() => bindings.byIdentifier(number, 'public')).toThrow(awaited);
  expect(bindings.entryOfNumber(Buffer.from(digits))).toEqual(entryId);
}

it('is an error to whoever looks it up, over a restart too, until the payload comes', async () => {
  const gamma = await openGamma();
  await take(gamma, await holder.register(), { hasPayload: true });
  expect(gamma.bindings.byDigits(digits)?.routes[0]?.uri).toBe('sip:first@sip.test');
  const changed: Identifier[] = [];
  gamma.onChange(({ identifiers }) => changed.push(...identifiers));
  const rotate = await holder.rotate('second');
  await take(gamma, rotate, { hasPayload: false });
  // Whoever keeps answers has heard that the old ones are over.
  expect(changed).toContain(number);
  expectAwaited(gamma.bindings, rotate.entryId);
  await gamma[Symbol.asyncDispose]();

  await using again = await openGamma();
  expectAwaited(again.bindings, rotate.entryId);
  await take(again, await holder.update('sip:second@sip.test'), { hasPayload: true });
  for (const binding of [again.bindings.byDigits(digits), again.bindings.byOwnerHash(ownerHash)])
    expect(binding).toMatchObject({ identifier: number, seq: 1 });
});

it('is served when another member supplies the payload', async () => {
  await using gamma = await openGamma();
  await take(gamma, await holder.register(), { hasPayload: true });
  const rotate = await holder.rotate('second');
  await take(gamma, rotate, { hasPayload: false });
  const [wanted] = await gamma.payloads.missing(undefined, 1);
  await gamma.payloads.supply(wanted!, rotate.opened!);
  expect(gamma.bindings.byDigits(digits)?.routes[0]?.uri).toBe('sip:rotated@sip.test');
});

it('tells those of it who were told of it before, and nobody else', async () => {
  await using gamma = await openGamma();
  holder.visibility = 'api';
  await take(gamma, await holder.register(), { hasPayload: true });
  const rotate = await holder.rotate('second');
  await take(gamma, rotate, { hasPayload: false });
  const { bindings } = gamma;
  expect(bindings.byDigits(digits)).toBeUndefined();
  expect(bindings.byOwnerHash(ownerHash)).toBeUndefined();
  expect(bindings.byIdentifier(number, 'public')).toBeUndefined();
  expect(() => bindings.byIdentifier(number)).toThrow(awaited);
});

it('is nobody to a member that has never had a payload of it', async () => {
  await using gamma = await openGamma();
  await take(gamma, await holder.register(), { hasPayload: false });
  await take(gamma, await holder.rotate('second'), { hasPayload: false });
  expect(gamma.bindings.byDigits(digits)).toBeUndefined();
  expect(gamma.bindings.byIdentifier(number)).toBeUndefined();
});

it('leaves nothing that names the number when it is released', async () => {
  await using gamma = await openGamma();
  await take(gamma, await holder.register(), { hasPayload: true });
  await take(gamma, await holder.rotate('second'), { hasPayload: false });
  const release = await holder.release();
  await take(gamma, release, { hasPayload: false });
  expect(gamma.entryState(release.entryId)).toMatchObject({ inForce: true });
  clock.advance(releaseMs + 1);
  await expect.poll(() => gamma.entryState(release.entryId)!.erasedAtMs).not.toBeNull();
  expect(gamma.bindings.byIdentifier(number)).toBeUndefined();
  const rows = await store.range({
    gte: Buffer.of(0),
    lt: Buffer.alloc(64, 0xff),
    countMax: 10_000,
  });
  expect(rows.length).toBeGreaterThan(5);
  for (const row of rows) expect(Buffer.concat(row).includes(digits)).toBe(false);
});
