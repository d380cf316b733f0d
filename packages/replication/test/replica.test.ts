import type { Receipt, Verdict } from '@callbook/protocol';
import { parseVerifierKey, verifyReceipt } from '@callbook/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Replica } from '../src/replica.ts';
import { crypto, foundFederation, openReplica, TestClock } from './support/federation.ts';
import type { TestFederation } from './support/federation.ts';
import { Holder, submissionOf } from './support/holder.ts';
import type { MadeEntry } from './support/holder.ts';

let federation: TestFederation;
let clock: TestClock;
let alpha: Replica;
let beta: Replica;
let gamma: Replica;

beforeEach(async () => {
  federation = await foundFederation({ releaseMs: 60_000 });
  clock = new TestClock();
  [alpha, beta, gamma] = (await Promise.all(
    federation.members.map(({ name }) => openReplica(federation, name, { clock })),
  )) as [Replica, Replica, Replica];
});
afterEach(async () => {
  await Promise.all([alpha, beta, gamma].map((replica) => replica[Symbol.asyncDispose]()));
});

async function pull(reader: Replica, source: Replica): Promise<void> {
  for (;;) {
    const page = await source.page(source.origin, reader.expectedSize(source.origin));
    if (page === undefined || page.leaves.length === 0) return;
    const verdict = await reader.ingest(page);
    if (verdict.verdict !== 'accept') throw new Error(verdict.code);
  }
}

async function pullAll(): Promise<void> {
  // Twice: what is pulled may be witnessed, a pause of the log later, and those leaves are pulled too.
  for (let round = 0; round < 2; round++) {
    for (const reader of [alpha, beta, gamma]) {
      for (const source of [alpha, beta, gamma]) if (reader !== source) await pull(reader, source);
    }
    await Promise.all([alpha, beta, gamma].map(({ ownLog }) => ownLog.settle()));
  }
}

function receiptIn(verdict: Verdict<Receipt>): Receipt {
  if (verdict.verdict !== 'accept') throw new Error(verdict.code);
  return verdict.value;
}

const log = async (replica: Replica, made: MadeEntry, role: 'challenged' | 'received') =>
  receiptIn(await replica.log(submissionOf(made, role)));

const tampered = (bytes: Uint8Array) => bytes.with(bytes.length - 1, bytes.at(-1)! ^ 1);

function logKeyOf(name: string) {
  const member = federation.charter.members.find((candidate) => candidate.name === name)!;
  const key = parseVerifierKey(member.logKey);
  if (key.verdict !== 'accept') throw new Error(key.code);
  return key.value;
}

describe('a member', () => {
  it('takes up the charter with the first leaf of its log', () => {
    expect(alpha.logSizes()).toContainEqual({ origin: alpha.origin, size: 1 });
  });

  it('answers with a receipt that verifies by its log key', async () => {
    const made = await new Holder('tel:+4915123456789').register();
    const receipt = await log(alpha, made, 'challenged');
    expect(verifyReceipt(receipt, logKeyOf('alpha'), crypto).verdict).toBe('accept');
    expect(receipt.index).toBe(1);
  });

  it('answers the same entry with the receipt of its first leaf', async () => {
    const made = await new Holder('tel:+4915123456789').register();
    const first = await log(alpha, made, 'challenged');
    clock.advance(5000);
    const [again, twice] = await Promise.all([
      log(alpha, made, 'challenged'),
      log(alpha, made, 'challenged'),
    ]);
    expect(again.index).toBe(first.index);
    expect(twice.leaf).toEqual(first.leaf);
  });

  it('logs an entry once when it is handed in twice at the same time', async () => {
    const made = await new Holder('tel:+4915123456789').register();
    const receipts = await Promise.all([
      log(alpha, made, 'challenged'),
      log(alpha, made, 'challenged'),
    ]);
    expect(receipts.map(({ index }) => index)).toEqual([1, 1]);
    expect(alpha.logSizes()).toContainEqual({ origin: alpha.origin, size: 2 });
  });

  it('shares one checkpoint among entries that arrive together', async () => {
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, i) => new Holder(`tel:+49151234567${10 + i}`).register()),
    );
    const receipts = await Promise.all(made.map((entry) => log(alpha, entry, 'challenged')));
    expect(new Set(receipts.map(({ checkpoint }) => checkpoint)).size).toBeLessThanOrEqual(2);
    for (const receipt of receipts) {
      expect(verifyReceipt(receipt, logKeyOf('alpha'), crypto).verdict).toBe('accept');
    }
  });

  it('never dates a leaf back when its clock is set back', async () => {
    const [first, second] = [new Holder('tel:+34912345678'), new Holder('tel:+15555550100')];
    await log(alpha, await first.register(), 'challenged');
    clock.advance(-60_000);
    const made = await second.register();
    await log(alpha, made, 'challenged');
    expect(alpha.entryState(made.entryId)!.leaves[0]!.at).toBe(clock.nowMs() + 60_000);
  });

  it('refuses an entry whose payload it does not have or that does not fit', async () => {
    const holder = new Holder('tel:+4915123456789');
    const made = await holder.register('sip:a@sip.test');
    const without = await alpha.log({ entry: made.entry, role: 'challenged' });
    expect(without).toMatchObject({ verdict: 'ignore', code: 'payload_missing' });
    const opened = holder.payload('sip:b@sip.test');
    const other = await alpha.log({ entry: made.entry, role: 'challenged', opened });
    expect(other).toMatchObject({ verdict: 'reject', code: 'commitment_mismatch' });
    const entry = tampered(made.entry);
    const forged = await alpha.log({ ...submissionOf(made, 'challenged'), entry });
    expect(forged).toMatchObject({ verdict: 'reject', code: 'entry_signature_invalid' });
  });

  it('refuses to start with keys that the charter does not name', async () => {
    const logSigner = crypto.ed25519Signer(new Uint8Array(32).fill(7));
    await expect(openReplica(federation, 'alpha', { logSigner })).rejects.toThrow(
      expect.objectContaining({ code: 'log_key_mismatch' }),
    );
    const vrfSecretKey = new Uint8Array(32).fill(7);
    await expect(openReplica(federation, 'alpha', { vrfSecretKey })).rejects.toThrow(
      expect.objectContaining({ code: 'vrf_key_mismatch' }),
    );
    await expect(openReplica(federation, 'alpha', { memberName: 'nobody' })).rejects.toThrow(
      expect.objectContaining({ code: 'member_unknown' }),
    );
    await expect(openReplica(federation, 'alpha', { charterNotes: ['no note'] })).rejects.toThrow(
      expect.objectContaining({ code: 'charter_refused' }),
    );
  });
});

describe('a binding', () => {
  const holder = () => new Holder('tel:+4915123456789');

  it('is published everywhere once a quorum has logged it, and not before', async () => {
    const made = await holder().register();
    await log(alpha, made, 'challenged');
    expect(alpha.bindings.byDigits('4915123456789')).toBeUndefined();
    expect(alpha.entryState(made.entryId)).toMatchObject({ state: 'incomplete', inForce: false });
    await pullAll();
    for (const replica of [alpha, beta, gamma]) {
      expect(replica.bindings.byDigits('4915123456789')?.routes).toEqual([
        { service: 'sip', uri: 'sip:first@sip.test', preference: 10 },
      ]);
      expect(replica.entryState(made.entryId)).toMatchObject({ state: 'complete', inForce: true });
    }
  });

  it('is found by the hash that DNS names it by', async () => {
    const made = await new Holder('sip:alice@sip.example').register();
    await log(alpha, made, 'challenged');
    await pullAll();
    const hash = crypto.sha256(new TextEncoder().encode('alice=sip.example')).toHex().slice(0, 56);
    expect(beta.bindings.byOwnerHash(hash)?.identifier).toBe('sip:alice@sip.example');
    expect(beta.bindings.byOwnerHash(hash.replace(/^../, '00'))).toBeUndefined();
    expect(beta.bindings.byOwnerHash('x')).toBeUndefined();
  });

  it('follows its updates, whatever order they arrive in', async () => {
    const person = holder();
    await log(alpha, await person.register(), 'challenged');
    await pullAll();
    const first = await person.update('sip:one@sip.test');
    const second = await person.update('sip:two@sip.test');
    await log(alpha, first, 'received');
    await log(beta, second, 'received');
    await pull(gamma, beta);
    await pull(gamma, alpha);
    await pull(alpha, beta);
    await pull(beta, alpha);
    for (const replica of [alpha, beta, gamma]) {
      const binding = replica.bindings.byDigits('4915123456789');
      expect(binding).toMatchObject({ seq: 2, origin: beta.origin });
      expect(binding?.routes[0]?.uri).toBe('sip:two@sip.test');
    }
    expect(alpha.entryState(first.entryId)).toMatchObject({ state: 'complete', inForce: false });
  });

  it('keeps its previous payload while that of the newest update is missing', async () => {
    const person = holder();
    await log(alpha, await person.register(), 'challenged');
    await pullAll();
    await log(alpha, await person.update('sip:one@sip.test'), 'received');
    await pullAll();
    const made = await person.update('sip:two@sip.test');
    await log(alpha, made, 'received');
    const page = (await alpha.page(alpha.origin, gamma.expectedSize(alpha.origin)))!;
    await gamma.ingest({ ...page, payloads: page.payloads.map(() => null) });
    expect(gamma.bindings.byDigits('4915123456789')).toMatchObject({ seq: 1 });
    expect(gamma.bindings.byDigits('4915123456789')?.routes[0]?.uri).toBe('sip:one@sip.test');
    expect(gamma.entryState(made.entryId)).toMatchObject({ inForce: true });
  });

  it('treats a payload that does not open the commitment as missing', async () => {
    const person = holder();
    await log(alpha, await person.register(), 'challenged');
    await pullAll();
    await log(alpha, await person.update('sip:one@sip.test'), 'received');
    const page = (await alpha.page(alpha.origin, gamma.expectedSize(alpha.origin)))!;
    const opened = person.payload('sip:evil@sip.test');
    const verdict = await gamma.ingest({ ...page, payloads: page.payloads.map(() => opened) });
    expect(verdict.verdict).toBe('accept');
    expect(gamma.bindings.byDigits('4915123456789')?.routes[0]?.uri).toBe('sip:first@sip.test');
  });

  it('changes its key by a rotate that a quorum has logged', async () => {
    const person = holder();
    await log(alpha, await person.register(), 'challenged');
    await pullAll();
    await log(beta, await person.rotate('second'), 'received');
    await pullAll();
    for (const replica of [alpha, beta, gamma]) {
      expect(replica.bindings.byDigits('4915123456789')?.routes[0]?.uri).toBe(
        'sip:rotated@sip.test',
      );
    }
    await log(gamma, await person.update('sip:new@sip.test'), 'received');
    await pullAll();
    expect(alpha.bindings.byDigits('4915123456789')?.routes[0]?.uri).toBe('sip:new@sip.test');
  });

  it('is erased after a release and its pause, and can then be registered anew', async () => {
    const person = holder();
    await log(alpha, await person.register(), 'challenged');
    await pullAll();
    const release = await person.release();
    await log(alpha, release, 'received');
    await pullAll();
    expect(gamma.bindings.byDigits('4915123456789')).toBeDefined();
    expect(gamma.nextClaim(gamma.label('tel:+4915123456789').label)).toMatchObject({
      kind: 'request',
      epoch: 0,
    });
    clock.advance(61_000);
    for (const replica of [alpha, beta, gamma]) {
      await expect.poll(() => replica.bindings.byDigits('4915123456789')).toBeUndefined();
      expect(replica.nextClaim(replica.label('tel:+4915123456789').label)).toMatchObject({
        kind: 'register',
        epoch: 1,
      });
      const pages = await replica.page(alpha.origin, 0);
      expect(pages!.payloads.every((opened) => opened === null)).toBe(true);
    }
    await log(beta, await person.register('sip:again@sip.test', release), 'challenged');
    await pullAll();
    expect(alpha.bindings.byDigits('4915123456789')).toMatchObject({ epoch: 1 });
  });

  it('tells listeners which identifiers have changed', async () => {
    const changed: string[] = [];
    gamma.onChange(({ identifiers }) => changed.push(...identifiers));
    await log(alpha, await holder().register(), 'challenged');
    await pullAll();
    expect(new Set(changed)).toEqual(new Set(['tel:+4915123456789']));
  });
});

describe('what may be claimed next', () => {
  it('is a register while nobody holds the identifier, then a request', async () => {
    const person = new Holder('tel:+447700900001');
    expect(alpha.nextClaim(alpha.label(person.identifier).label)).toEqual({
      kind: 'register',
      epoch: 0,
      prev: null,
    });
    await log(alpha, await person.register(), 'challenged');
    await pullAll();
    expect(beta.nextClaim(beta.label(person.identifier).label)).toEqual({
      kind: 'request',
      epoch: 0,
      prev: null,
    });
  });

  it('comes with a label whose proof the client can check', () => {
    const { label, vrfProof } = alpha.label('tel:+447700900001');
    expect(label).toEqual(new Holder('tel:+447700900001').label);
    expect(vrfProof).toHaveLength(80);
  });
});
