import { describe, expect, it } from 'vitest';
import { sodiumCryptography as crypto } from '../../src/crypto/sodium.ts';
import { admitEntry } from '../../src/fold/admission.ts';
import type { Submission } from '../../src/fold/admission.ts';
import { emptyHistory } from '../../src/fold/history.ts';
import { nextClaim } from '../../src/fold/next-claim.ts';
import type { LeafRole } from '../../src/leaf.ts';
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
import type { SignedEntry } from './logs.ts';

const [k1, k2] = [authority(1), authority(2)];
const charters = chartersOf(3, 0);

/** What member m1 answers: `append`, `already` or the code of its refusal. */
function answer(
  logs: Logs,
  signed: SignedEntry,
  options: Partial<Pick<Submission, 'role' | 'receipted'>> & { nowMs?: number } = {},
): string {
  const { role = 'challenged', receipted = [], nowMs = 1000 } = options;
  const verdict = admitEntry(
    { ...signed, role, receipted },
    { history: logs.history(), charters, crypto, nowMs, ownOrigin: 'm1' },
  );
  return verdict.verdict === 'accept' ? verdict.value.action : verdict.code;
}

function challengedAt(at: number): Submission['receipted'] {
  const charter = new Uint8Array(32).fill(0xc1);
  return [{ origin: 'm0', index: 0, at, charter, role: 'challenged' }];
}

function held(r: SignedEntry): Logs {
  return new Logs().log(r, { m0: ['challenged', 0], m1: ['witnessed', 1] });
}

describe('an honest member asked for a register', () => {
  it('logs it after its own challenge', async () => {
    expect(answer(new Logs(), await register(k1))).toBe('append');
  });

  it('returns its first leaf when asked again', async () => {
    const r = await register(k1);
    expect(answer(held(r), r)).toBe('already');
  });

  it('does not log it for a number that has a holder', async () => {
    expect(answer(held(await register(k1)), await register(k2))).toBe('ownership_held');
  });

  it('does not witness it before the challenged leaves', async () => {
    expect(answer(new Logs(), await register(k1), { role: 'witnessed' })).toBe(
      'challenged_leaves_missing',
    );
  });

  it.each([
    ['witnesses it on a receipt 10 minutes old', 10 * minuteMs, 'append'],
    ['refuses one a millisecond older', 10 * minuteMs + 1, 'entry_too_old'],
  ])('%s', async (_, nowMs, expected) => {
    const r = await register(k1);
    const options = { role: 'witnessed' as LeafRole, receipted: challengedAt(0), nowMs };
    expect(answer(new Logs(), r, options)).toBe(expected);
  });

  it('does not witness it again once it is complete without this member', async () => {
    const r = await register(k1);
    const logs = new Logs().log(r, { m0: ['challenged', 0], m2: ['witnessed', 1] });
    expect(answer(logs, r, { role: 'witnessed' })).toBe('entry_complete');
  });

  it.each([
    ['refuses a competitor under 30 minutes after its own leaf', 30 * minuteMs - 1, 'slot_taken'],
    ['logs a competitor 30 minutes after its own leaf', 30 * minuteMs, 'append'],
  ])('%s', async (_, nowMs, expected) => {
    const [r1, r2] = [await register(k1), await register(k2)];
    const logs = new Logs().log(r1, { m1: ['challenged', 0] });
    expect(answer(logs, r2, { nowMs })).toBe(expected);
  });

  it('refuses it in a role that does not fit', async () => {
    expect(answer(new Logs(), await register(k1), { role: 'received' })).toBe('role_unfit');
  });

  it('refuses one that opens a later epoch of nothing', async () => {
    const r = await register(k1);
    const orphan = await register(k2, { after: await release(r, k1) });
    expect(answer(new Logs(), orphan)).toBe('ownership_unknown');
  });

  it.each([
    ['refuses the next holder one millisecond before the release ends', -1, 'release_pending'],
    ['logs the next holder when the release ends', 0, 'append'],
  ])('%s', async (_, offsetMs, expected) => {
    const r = await register(k1);
    const x = await release(r, k1);
    const logs = held(r).log(x, { m0: ['received', 10], m2: ['witnessed', 11] });
    const next = await register(k2, { after: x });
    expect(answer(logs, next, { nowMs: 11 + 3 * dayMs + offsetMs })).toBe(expected);
  });

  it('logs nothing but updates under an expired charter', async () => {
    const nowMs = charters.current.charter.expiresAtMs;
    const r = await register(k1);
    expect(answer(new Logs(), r, { nowMs })).toBe('charter_expired');
    const u = await update(r, k1, { seq: 1 });
    expect(answer(held(r), u, { role: 'received', nowMs })).toBe('append');
  });

  it('refuses an entry of another label epoch', async () => {
    const r = await register(k1);
    const foreign = { ...r, entry: { ...r.entry, labelEpoch: 2 } };
    expect(answer(new Logs(), foreign)).toBe('label_epoch_mismatch');
  });
});

describe('an honest member asked for a rotate or a release', () => {
  it('logs what follows the ownership entry in force', async () => {
    const r = await register(k1);
    expect(answer(held(r), await rotate(r, k1, { to: k2 }), { role: 'received' })).toBe('append');
    expect(answer(held(r), await release(r, k1), { role: 'witnessed' })).toBe('append');
  });

  it('refuses a stranger', async () => {
    const r = await register(k1);
    expect(answer(held(r), await rotate(r, k2, { to: k2 }), { role: 'received' })).toBe(
      'authority_mismatch',
    );
    expect(answer(held(r), await release(r, k2), { role: 'received' })).toBe('authority_mismatch');
  });

  it('refuses the old key after a rotate', async () => {
    const r = await register(k1);
    const t = await rotate(r, k1, { to: k2 });
    const logs = held(r).log(t, { m0: ['received', 10], m2: ['witnessed', 11] });
    expect(answer(logs, await release(r, k1), { role: 'received' })).toBe('ownership_moved');
  });

  it('refuses a second entry for the slot under 30 minutes after its own leaf', async () => {
    const r = await register(k1);
    const t = await rotate(r, k1, { to: k2 });
    const logs = held(r).log(t, { m1: ['received', 10] });
    expect(answer(logs, await release(r, k1), { role: 'received' })).toBe('slot_taken');
  });

  it('refuses it where no holder is known', async () => {
    const r = await register(k1);
    expect(answer(new Logs(), await release(r, k1), { role: 'received' })).toBe(
      'ownership_unknown',
    );
  });
});

describe('an honest member asked for an update', () => {
  it('logs one that wins', async () => {
    const r = await register(k1);
    expect(answer(held(r), await update(r, k1, { seq: 1 }), { role: 'received' })).toBe('append');
  });

  it('refuses one that loses', async () => {
    const r = await register(k1);
    const logs = held(r).log(await update(r, k1, { seq: 2 }), { m0: ['received', 5] });
    expect(answer(logs, await update(r, k1, { seq: 1 }), { role: 'received' })).toBe(
      'update_superseded',
    );
  });

  it('refuses one of a stranger', async () => {
    const r = await register(k1);
    expect(answer(held(r), await update(r, k2, { seq: 1 }), { role: 'received' })).toBe(
      'update_terms_mismatch',
    );
  });

  it('refuses one after the release', async () => {
    const r = await register(k1);
    const logs = held(r).log(await release(r, k1), { m0: ['received', 10], m2: ['witnessed', 11] });
    expect(answer(logs, await update(r, k1, { seq: 1 }), { role: 'received' })).toBe(
      'ownership_moved',
    );
  });
});

describe('what may be claimed next', () => {
  it('is the first epoch of a number that nobody has', () => {
    const next = nextClaim(emptyHistory, { charters, nowMs: 0 });
    expect(next).toEqual({ kind: 'register', epoch: 0, prev: null });
  });

  it('is a request while there is a holder', async () => {
    const history = held(await register(k1)).history();
    const next = nextClaim(history, { charters, nowMs: 0 });
    expect(next).toEqual({ kind: 'request', epoch: 0, prev: null });
  });

  it('is the next epoch once a release has ended', async () => {
    const r = await register(k1);
    const x = await release(r, k1);
    const logs = held(r).log(x, { m0: ['received', 10], m2: ['witnessed', 11] });
    const next = (nowMs: number) => nextClaim(logs.history(), { charters, nowMs });
    expect(next(11 + 3 * dayMs - 1).kind).toBe('request');
    expect(next(11 + 3 * dayMs)).toEqual({
      kind: 'register',
      epoch: 1,
      prev: x.entryId,
    });
  });
});
