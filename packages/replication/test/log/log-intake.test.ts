/** What another member's log may contain, and what may be sent in its name. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import type { Replica } from '../../src/replica.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import { tileKey } from '../../src/store/row-keys.ts';
import { foundFederation, openReplica, TestClock } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { Holder } from '../support/holder.ts';
import { HandWrittenLog } from '../support/liar.ts';

let federation: TestFederation;
let clock: TestClock;
let gamma: Replica;
let alpha: HandWrittenLog;
let beta: HandWrittenLog;

const number = 'tel:+4915123456789';
const digits = '4915123456789';

beforeEach(async () => {
  federation = await foundFederation();
  clock = new TestClock();
  gamma = await openReplica(federation, 'gamma', { clock });
  alpha = new HandWrittenLog(federation, 'alpha');
  beta = new HandWrittenLog(federation, 'beta');
});
afterEach(() => gamma[Symbol.asyncDispose]());

const code = async (batch: Parameters<Replica['ingest']>[0]) => {
  const verdict = await gamma.ingest(batch);
  return verdict.verdict === 'accept' ? 'accept' : `${verdict.verdict} ${verdict.code}`;
};

const sizeOf = (name: string) =>
  gamma.logSizes().find(({ origin }) => origin === `api.${name}.test/log`)!.size;

async function registered(at = clock.nowMs()) {
  const holder = new Holder(number);
  const { entry, opened } = await holder.register();
  alpha.add({ at, role: 'challenged', entry, opened: opened! });
  beta.add({ at, role: 'witnessed', entry, opened: opened! });
  return holder;
}

describe('a stretch of a log', () => {
  it('is taken in when it leads to the root that the log has signed', async () => {
    await registered();
    expect(await code(alpha.batch())).toBe('accept');
    expect(await code(beta.batch())).toBe('accept');
    expect(gamma.bindings.byDigits(digits)).toBeDefined();
  });

  it('may end before its checkpoint, with a proof that the checkpoint grew from it', async () => {
    const holder = await registered();
    for (let seq = 1; seq <= 5; seq++) {
      const { entry, opened } = await holder.update(`sip:u${seq}@sip.test`);
      alpha.add({ at: clock.nowMs(), role: 'received', entry, opened: opened! });
    }
    expect(await code(alpha.batch(0, 3))).toBe('accept');
    expect(await code({ ...alpha.batch(3, 5), proof: [] })).toBe('reject batch_root_mismatch');
    expect(await code(alpha.batch(3, 5))).toBe('accept');
    expect(await code(alpha.batch(5))).toBe('accept');
    expect(sizeOf('alpha')).toBe(6);
  });

  it('is ignored when it is known, and waits when leaves before it are missing', async () => {
    await registered();
    await registered();
    expect(await code(alpha.batch(1))).toBe('ignore batch_gap');
    expect(await code(alpha.batch())).toBe('accept');
    expect(await code(alpha.batch())).toBe('ignore batch_known');
  });

  it('is taken in from where the log ends here when it overlaps', async () => {
    await registered();
    expect(await code(alpha.batch())).toBe('accept');
    await registered();
    expect(await code(alpha.batch())).toBe('accept');
    expect(sizeOf('alpha')).toBe(2);
  });

  it('is rejected when a leaf is not the one that was signed', async () => {
    await registered();
    const batch = alpha.batch();
    const leaves = batch.leaves.map((leaf) => leaf.with(9, leaf[9]! ^ 1));
    expect(await code({ ...batch, leaves })).toBe('reject batch_root_mismatch');
    expect(await code({ ...batch, leaves: [], payloads: [] })).toBe('ignore batch_known');
    expect(sizeOf('alpha')).toBe(0);
    expect(await code(batch)).toBe('accept');
  });

  it('is rejected when another has signed its checkpoint', async () => {
    await registered();
    const { checkpoint } = beta.batch();
    expect(await code({ ...alpha.batch(), checkpoint })).toBe('reject note_signature_missing');
    const foreign = { ...alpha.batch(), origin: 'api.nobody.test/log' };
    expect(await code(foreign)).toBe('ignore log_unknown');
    const own = { ...alpha.batch(), origin: gamma.origin };
    expect(await code(own)).toBe('ignore log_own');
  });

  it('is rejected when the log has signed another root for the same size', async () => {
    await registered();
    expect(await code(alpha.batch())).toBe('accept');
    const other = new HandWrittenLog(federation, 'alpha');
    const { entry } = await new Holder('tel:+34912345678').register();
    other.add({ at: clock.nowMs(), role: 'challenged', entry });
    expect(await code(other.batch())).toBe('reject log_forked');
    other.add({ at: clock.nowMs(), role: 'challenged', entry });
    expect(await code(other.batch())).toBe('ignore log_frozen');
    expect(sizeOf('alpha')).toBe(1);
  });

  it('is rejected when its leaves lead from another branch to a larger size', async () => {
    await registered();
    expect(await code(alpha.batch())).toBe('accept');
    const other = new HandWrittenLog(federation, 'alpha');
    const { entry } = await new Holder('tel:+34912345678').register();
    other.add({ at: clock.nowMs(), role: 'challenged', entry });
    other.add({ at: clock.nowMs(), role: 'challenged', entry });
    expect(await code(other.batch())).toBe('reject batch_root_mismatch');
    expect(sizeOf('alpha')).toBe(1);
  });

  it('is rejected when its checkpoint is of another branch, however short', async () => {
    await registered();
    alpha.addBytes(new Uint8Array([1]));
    expect(await code(alpha.batch())).toBe('accept');
    const other = new HandWrittenLog(federation, 'alpha');
    const { entry } = await new Holder('tel:+34912345678').register();
    other.add({ at: clock.nowMs(), role: 'challenged', entry });
    expect(await code(other.batch())).toBe('reject log_forked');
  });
});

it('a checkpoint is learned, or not, where a tile of the log is missing: nothing is thrown', async () => {
  const store = memoryStore();
  await using delta = await openReplica(federation, 'gamma', { clock, store });
  for (let n = 0; n < 5; n++) await registered();
  expect((await delta.ingest(alpha.batch())).verdict).toBe('accept');
  const { origin, checkpoint } = alpha.batch(0, 3, 3);
  await store.batch([{ rowKey: tileKey(origin, 0, 0), erase: true }], { durable: true });
  expect(delta.learn(origin, checkpoint).verdict).toBe('accept');
});

describe('a leaf that is signed but void', () => {
  it('counts for nothing when its bytes are no leaf', async () => {
    alpha.addBytes(new Uint8Array([1, 2, 3])).addBytes(new Uint8Array(0));
    await registered();
    expect(await code(alpha.batch())).toBe('accept');
    expect(await code(beta.batch())).toBe('accept');
    expect(sizeOf('alpha')).toBe(3);
    expect(gamma.bindings.byDigits(digits)).toBeDefined();
  });

  it('counts for nothing when its entry is badly signed', async () => {
    const { entry, opened } = await new Holder(number).register();
    const forged = entry.with(entry.length - 1, entry.at(-1)! ^ 1);
    alpha.add({ at: clock.nowMs(), role: 'challenged', entry: forged, opened: opened! });
    beta.add({ at: clock.nowMs(), role: 'witnessed', entry: forged, opened: opened! });
    expect(await code(alpha.batch())).toBe('accept');
    expect(await code(beta.batch())).toBe('accept');
    expect(gamma.bindings.byDigits(digits)).toBeUndefined();
  });

  it('counts for nothing when its time goes back, and freezes the log after its stretch', async () => {
    const other = await new Holder('tel:+34912345678').register();
    alpha.add({ at: clock.nowMs(), role: 'challenged', entry: other.entry });
    const { entry, opened, entryId } = await new Holder(number).register();
    alpha.add({ at: clock.nowMs() - 1, role: 'challenged', entry, opened: opened! });
    beta.add({ at: clock.nowMs(), role: 'witnessed', entry, opened: opened! });
    expect(await code(alpha.batch(0, 2, 2))).toBe('accept');
    expect(await code(beta.batch())).toBe('accept');
    expect(gamma.entryState(entryId)?.leaves.map(({ origin }) => origin)).toEqual([
      'api.beta.test/log',
    ]);
    alpha.add({ at: clock.nowMs(), role: 'challenged', entry, opened: opened! });
    expect(await code(alpha.batch(2))).toBe('ignore log_frozen');
    expect(gamma.evidence.all()).toMatchObject([
      { kind: 'time_back', origins: ['api.alpha.test/log'] },
    ]);
  });

  it('counts for nothing when its role does not fit, or its charter is unknown', async () => {
    const { entry, opened, entryId } = await new Holder(number).register();
    alpha.add({ at: clock.nowMs(), role: 'received', entry, opened: opened! });
    beta.add({ at: clock.nowMs(), role: 'witnessed', entry, opened: opened! });
    expect(await code(alpha.batch())).toBe('accept');
    expect(await code(beta.batch())).toBe('accept');
    expect(gamma.entryState(entryId)?.state).toBe('incomplete');
  });
});

describe('a payload', () => {
  it('whose label is not that of its identifier is treated as missing', async () => {
    const victim = new Holder(number);
    // The commitment is in the entry, so a liar signs an entry of its own for the victim's label.
    const liar = new Holder('tel:+34912345678');
    Object.defineProperty(liar, 'label', { value: victim.label });
    const forged = await liar.register();
    alpha.add({
      at: clock.nowMs(),
      role: 'challenged',
      entry: forged.entry,
      opened: forged.opened!,
    });
    beta.add({ at: clock.nowMs(), role: 'witnessed', entry: forged.entry, opened: forged.opened! });
    expect(await code(alpha.batch())).toBe('accept');
    expect(await code(beta.batch())).toBe('accept');
    expect(gamma.bindings.byDigits('34912345678')).toBeUndefined();
    expect(gamma.bindings.byDigits(digits)).toBeUndefined();
  });

  it('may be supplied by another log that carries the same entry', async () => {
    const { entry, opened } = await new Holder(number).register();
    alpha.add({ at: clock.nowMs(), role: 'challenged', entry });
    beta.add({ at: clock.nowMs(), role: 'witnessed', entry, opened: opened! });
    await gamma.ingest(alpha.batch());
    await gamma.ingest(beta.batch());
    expect(gamma.bindings.byDigits(digits)).toBeDefined();
  });
});
