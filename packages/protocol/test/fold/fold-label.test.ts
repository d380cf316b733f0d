import { describe, expect, it } from 'vitest';
import { foldLabel } from '../../src/fold/fold-label.ts';
import type { BindingState } from '../../src/fold/fold-label.ts';
import type { CharterSet } from '../../src/fold/charter-set.ts';
import {
  authority,
  chartersOf,
  dayMs,
  Logs,
  minuteMs,
  register,
  release,
  rotate,
  update,
} from './logs.ts';

const [k1, k2, k3] = [authority(1), authority(2), authority(3)];
const three = chartersOf(3, 0);
const five = chartersOf(5, 1);

function fold(logs: Logs, charters: CharterSet = three): BindingState | undefined {
  return foldLabel(logs.history(), charters);
}

describe('a register', () => {
  it('gives no holder while one leaf short of the quorum', async () => {
    const r = await register(k1);
    expect(fold(new Logs().log(r, { m0: ['challenged', 100] }))).toBeUndefined();
  });

  it('gives a holder with a quorum, at the time of the leaf that completes it', async () => {
    const r = await register(k1);
    const state = fold(new Logs().log(r, { m0: ['challenged', 100], m1: ['witnessed', 180] }));
    expect(state).toMatchObject({ status: 'held', epoch: 0, ownershipAtMs: 180, seq: 0 });
    expect(state?.authority).toEqual(k1.publicKey);
    expect(state?.entryId).toEqual(r.entryId);
  });

  it('needs f + 1 challenged leaves, however many witnesses there are', async () => {
    const r = await register(k1);
    const oneChallenged = new Logs().log(r, {
      m0: ['challenged', 1],
      m1: ['witnessed', 2],
      m2: ['witnessed', 3],
      m3: ['witnessed', 4],
      m4: ['witnessed', 5],
    });
    expect(fold(oneChallenged, five)).toBeUndefined();
    const twoChallenged = new Logs().log(r, {
      m0: ['challenged', 1],
      m1: ['challenged', 2],
      m2: ['witnessed', 3],
      m3: ['witnessed', 4],
    });
    expect(fold(twoChallenged, five)?.ownershipAtMs).toBe(4);
  });

  it.each([
    ['is complete when its leaves lie exactly 10 minutes apart', 10 * minuteMs, true],
    ['is incomplete when they lie one millisecond further apart', 10 * minuteMs + 1, false],
  ])('%s', async (_, apartMs, complete) => {
    const r = await register(k1);
    const logs = new Logs().log(r, { m0: ['challenged', 0], m1: ['witnessed', apartMs] });
    expect(fold(logs) !== undefined).toBe(complete);
  });

  it('takes the smallest time at which a window holds a quorum', async () => {
    const r = await register(k1);
    const logs = new Logs().log(r, {
      m0: ['challenged', 20 * minuteMs],
      m1: ['witnessed', 0],
      m2: ['witnessed', 25 * minuteMs],
    });
    expect(fold(logs)?.ownershipAtMs).toBe(25 * minuteMs);
  });

  it('counts each member once, by its first leaf', async () => {
    const r = await register(k1);
    const logs = new Logs()
      .log(r, { m0: ['challenged', 0] })
      .log(r, { m0: ['challenged', 1] })
      .log(r, { m0: ['witnessed', 2] });
    expect(fold(logs)).toBeUndefined();
  });

  it.each(['readonly', 'expelled'] as const)('counts no leaf of a member that is %s', async (s) => {
    const r = await register(k1);
    const logs = new Logs().log(r, { m0: ['challenged', 0], m1: ['witnessed', 1] });
    expect(fold(logs, chartersOf(3, 0, { m1: s }))).toBeUndefined();
  });

  it('counts no leaf of a log outside the charter', async () => {
    const r = await register(k1);
    expect(
      fold(new Logs().log(r, { m0: ['challenged', 0], m9: ['witnessed', 1] })),
    ).toBeUndefined();
  });

  it('counts no leaf that names an unknown charter', async () => {
    const r = await register(k1);
    const logs = new Logs().log(r, { m0: ['challenged', 0], m1: ['witnessed', 1] });
    const leaves = logs.leaves.map((leaf) => ({ ...leaf, charter: new Uint8Array(32) }));
    expect(foldLabel(logs.history(leaves), three)).toBeUndefined();
  });

  it('counts no leaf in a role that does not fit', async () => {
    const r = await register(k1);
    expect(fold(new Logs().log(r, { m0: ['challenged', 0], m1: ['received', 1] }))).toBeUndefined();
  });

  it('loses its slot to one that completes later', async () => {
    const [r1, r2] = [await register(k1), await register(k2)];
    const logs = new Logs()
      .log(r1, { m0: ['challenged', 0], m1: ['witnessed', 1] })
      .log(r2, { m1: ['challenged', 0], m2: ['witnessed', 2] });
    expect(fold(logs)?.authority).toEqual(k2.publicKey);
  });

  it('wins its slot by the smaller id when both complete at once', async () => {
    const [r1, r2] = [await register(k1), await register(k2)];
    const logs = new Logs()
      .log(r1, { m0: ['challenged', 0], m1: ['witnessed', 1] })
      .log(r2, { m1: ['challenged', 0], m2: ['witnessed', 1] });
    const smaller = r1.entryId.toHex() < r2.entryId.toHex() ? r1 : r2;
    expect(fold(logs)?.ownershipId).toEqual(smaller.entryId);
  });
});

describe('a rotate', () => {
  it('puts the new authority in force and serves its own payload', async () => {
    const r = await register(k1);
    const t = await rotate(r, k1, { to: k2, commitment: new Uint8Array(32).fill(9) });
    const state = fold(held(r).log(t, { m1: ['received', 10], m2: ['witnessed', 11] }));
    expect(state).toMatchObject({ status: 'held', ownershipAtMs: 11 });
    expect(state?.authority).toEqual(k2.publicKey);
    expect(state?.commitment).toEqual(new Uint8Array(32).fill(9));
  });

  it('contributes nothing when a stranger signed it', async () => {
    const r = await register(k1);
    const t = await rotate(r, k3, { to: k2 });
    const state = fold(held(r).log(t, { m1: ['received', 10], m2: ['witnessed', 11] }));
    expect(state?.authority).toEqual(k1.publicKey);
  });

  it('contributes nothing when the stranger is judged before the entry it names is known', async () => {
    const r = await register(k1);
    const t = await rotate(r, k3, { to: k2 });
    const logs = held(r).log(t, { m1: ['received', 10], m2: ['witnessed', 11] });
    expect(foldLabel(logs.history([...logs.leaves].reverse()), three)?.authority).toEqual(
      k1.publicKey,
    );
  });

  it('may be followed by another, signed by the newer key', async () => {
    const r = await register(k1);
    const t = await rotate(r, k1, { to: k2 });
    const u = await rotate(t, k2, { to: k3 });
    const logs = held(r)
      .log(t, { m1: ['received', 10], m2: ['witnessed', 11] })
      .log(u, { m0: ['received', 12], m2: ['witnessed', 13] });
    expect(fold(logs)?.authority).toEqual(k3.publicKey);
  });
});

describe('an update', () => {
  it('is in force with one leaf', async () => {
    const r = await register(k1);
    const u = await update(r, k1, { seq: 1, commitment: new Uint8Array(32).fill(3) });
    const state = fold(held(r).log(u, { m2: ['received', 50] }));
    expect(state).toMatchObject({ seq: 1, origin: 'm2', changedAtMs: 50 });
    expect(state?.ownershipId).toEqual(r.entryId);
    expect(state?.commitment).toEqual(new Uint8Array(32).fill(3));
  });

  it('wins by the higher seq, whichever came first', async () => {
    const r = await register(k1);
    const [u1, u2] = [await update(r, k1, { seq: 1 }), await update(r, k1, { seq: 2 })];
    expect(
      fold(
        held(r)
          .log(u2, { m2: ['received', 5] })
          .log(u1, { m1: ['received', 9] }),
      )?.seq,
    ).toBe(2);
  });

  it('wins by the smaller id at equal seq', async () => {
    const r = await register(k1);
    const a = await update(r, k1, { seq: 1, commitment: new Uint8Array(32).fill(3) });
    const b = await update(r, k1, { seq: 1, commitment: new Uint8Array(32).fill(4) });
    const smaller = a.entryId.toHex() < b.entryId.toHex() ? a : b;
    const state = fold(
      held(r)
        .log(a, { m2: ['received', 5] })
        .log(b, { m1: ['received', 9] }),
    );
    expect(state?.entryId).toEqual(smaller.entryId);
  });

  it('counts for nothing once the key that signed it is replaced', async () => {
    const r = await register(k1);
    const t = await rotate(r, k1, { to: k2 });
    const u = await update(r, k1, { seq: 9 });
    const logs = held(r)
      .log(t, { m1: ['received', 10], m2: ['witnessed', 11] })
      .log(u, { m0: ['received', 12] });
    expect(fold(logs)).toMatchObject({ seq: 0 });
  });

  it.each([
    ['another authority', { signer: k2, changes: {} }],
    ['another lock', { signer: k1, changes: { lock: true } }],
    ['another recovery key', { signer: k1, changes: { recovery: new Uint8Array(32).fill(5) } }],
    ['another e-mail', { signer: k1, changes: { email: new Uint8Array(32).fill(5) } }],
  ])('with %s displaces nothing, however high its seq', async (_, { signer, changes }) => {
    const r = await register(k1);
    const [good, bad] = [
      await update(r, k1, { seq: 1 }),
      await update(r, signer, { seq: 99, ...changes }),
    ];
    for (const order of [
      [good, bad],
      [bad, good],
    ]) {
      const logs = new Logs();
      for (const u of order) logs.log(u, { m2: ['received', 5] });
      logs.log(r, { m0: ['challenged', 0], m1: ['witnessed', 1] });
      expect(fold(logs)?.entryId).toEqual(good.entryId);
    }
  });
});

describe('a release', () => {
  it('ends the binding after the pause, and is served until then', async () => {
    const r = await register(k1);
    const u = await update(r, k1, { seq: 1 });
    const x = await release(r, k1);
    const logs = held(r)
      .log(u, { m0: ['received', 5] })
      .log(x, { m1: ['received', 10], m2: ['witnessed', 11] });
    const state = fold(logs);
    expect(state).toMatchObject({ status: 'released', seq: 1, endsAtMs: 11 + 3 * dayMs });
    expect(state?.ownershipId).toEqual(x.entryId);
    expect(state?.entryId).toEqual(u.entryId);
  });

  it('of a locked binding ends it after 7 days', async () => {
    const r = await register(k1, { lock: true });
    const x = await release(r, k1);
    const state = fold(held(r).log(x, { m1: ['received', 10], m2: ['witnessed', 11] }));
    expect(state?.endsAtMs).toBe(11 + 7 * dayMs);
  });

  it.each([
    ['still as locked one millisecond before the unlocking acts', 7 * dayMs - 1, 7 * dayMs],
    ['as unlocked when the unlocking acts', 7 * dayMs, 3 * dayMs],
  ])('after unlocking counts %s', async (_, laterMs, pauseMs) => {
    const r = await register(k1, { lock: true });
    const t = await rotate(r, k1, { to: k1, lock: false });
    const x = await release(t, k1);
    const atMs = 11 + laterMs;
    const logs = held(r)
      .log(t, { m1: ['received', 10], m2: ['witnessed', 11] })
      .log(x, { m1: ['received', atMs], m2: ['witnessed', atMs] });
    expect(fold(logs)?.endsAtMs).toBe(atMs + pauseMs);
  });

  it.each([
    ['too early by one millisecond', 3 * dayMs - 1, 0],
    ['when the pause is over', 3 * dayMs, 1],
  ])('lets the next holder register: %s', async (_, laterMs, epoch) => {
    const r = await register(k1);
    const x = await release(r, k1);
    const next = await register(k2, { after: x });
    const atMs = 11 + laterMs;
    const logs = held(r)
      .log(x, { m1: ['received', 10], m2: ['witnessed', 11] })
      .log(next, { m0: ['challenged', atMs], m1: ['witnessed', atMs] });
    expect(fold(logs)?.epoch).toBe(epoch);
  });

  it('shares its slot with a rotate: the later one wins', async () => {
    const r = await register(k1);
    const [x, t] = [await release(r, k1), await rotate(r, k1, { to: k2 })];
    const logs = held(r)
      .log(x, { m1: ['received', 10], m2: ['witnessed', 11] })
      .log(t, { m0: ['received', 10], m2: ['witnessed', 12] });
    expect(fold(logs)).toMatchObject({ status: 'held' });
  });

  it('by a key that is not in force contributes nothing', async () => {
    const r = await register(k1);
    const x = await release(r, k2);
    expect(fold(held(r).log(x, { m1: ['received', 10], m2: ['witnessed', 11] }))?.status).toBe(
      'held',
    );
  });
});

function held(r: Awaited<ReturnType<typeof register>>): Logs {
  return new Logs().log(r, { m0: ['challenged', 0], m1: ['witnessed', 1] });
}
