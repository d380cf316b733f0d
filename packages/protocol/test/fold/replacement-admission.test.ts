import { describe, expect, it } from 'vitest';
import { sodiumCryptography as crypto } from '../../src/crypto/sodium.ts';
import { admitEntry } from '../../src/fold/admission.ts';
import { entryProgress } from '../../src/fold/entry-progress.ts';
import { foldLabel } from '../../src/fold/fold-label.ts';
import { nextClaim } from '../../src/fold/next-claim.ts';
import { pendingRequests } from '../../src/fold/pending-requests.ts';
import { emailForRequests, openRequests } from '../../src/fold/replacement-admission.ts';
import type { LeafRole } from '../../src/leaf.ts';
import { pendingRequestsMax } from '../../src/limits.ts';
import {
  authority,
  chartersOf,
  commit,
  dayMs,
  hourMs,
  Logs,
  minuteMs,
  recoveryKey,
  register,
  release,
  request,
  rotate,
  veto,
} from './logs.ts';
import type { SignedEntry } from './logs.ts';

const [holder, claimant, other] = [authority(1), authority(2), authority(3)];
const charters = chartersOf(3, 0);
const [requestedMs, possessionMs] = [dayMs, 3 * dayMs];
const holdEndMs = requestedMs + possessionMs;

/** What member m1 answers: `append`, `already` or the code of its refusal. */
function answer(logs: Logs, signed: SignedEntry, nowMs: number, role: LeafRole): string {
  const verdict = admitEntry(
    { ...signed, role, receipted: [] },
    { history: logs.history(), charters, crypto, nowMs, ownOrigin: 'm1' },
  );
  return verdict.verdict === 'accept' ? verdict.value.action : verdict.code;
}

async function held(terms: Parameters<typeof register>[1] = {}): Promise<[Logs, SignedEntry]> {
  const r = await register(holder, terms);
  return [new Logs().log(r, { m0: ['challenged', 0], m1: ['witnessed', 0] }), r];
}

function requested(logs: Logs, signed: SignedEntry, atMs = requestedMs): Logs {
  return logs.log(signed, { m0: ['challenged', atMs], m1: ['challenged', atMs] });
}

describe('an honest member asked for a request', () => {
  it('logs it after its own challenge', async () => {
    const [logs] = await held();
    expect(answer(logs, await request(claimant), requestedMs, 'challenged')).toBe('append');
  });

  it('refuses one for a number that nobody holds', async () => {
    const asked = await request(claimant);
    expect(answer(new Logs(), asked, requestedMs, 'challenged')).toBe('ownership_unknown');
  });

  it('refuses one of another epoch', async () => {
    const [logs, r] = await held();
    const ahead = { ...r, entry: { ...r.entry, epoch: 1 } };
    const asked = await request(claimant, { of: ahead });
    expect(answer(logs, asked, requestedMs, 'challenged')).toBe('ownership_moved');
  });

  it('refuses a class that the binding does not allow', async () => {
    const [logs] = await held();
    const asked = await request(claimant, { as: 'email' });
    expect(answer(logs, asked, requestedMs, 'challenged')).toBe('request_not_allowed');
  });

  it('refuses the recovery class under another recovery key than the one in force', async () => {
    const [logs] = await held({ recovery: recoveryKey(1).hash });
    const right = await request(claimant, { as: 'recovery', recovery: recoveryKey(1).signer });
    const wrong = await request(claimant, { as: 'recovery', recovery: recoveryKey(2).signer });
    expect(answer(logs, right, requestedMs, 'challenged')).toBe('append');
    expect(answer(logs, wrong, requestedMs, 'challenged')).toBe('request_not_allowed');
  });

  it('witnesses it only beside two challenged leaves', async () => {
    const [logs] = await held();
    const asked = await request(claimant);
    logs.log(asked, { m0: ['challenged', requestedMs] });
    expect(answer(logs, asked, requestedMs, 'witnessed')).toBe('challenged_leaves_missing');
    logs.log(asked, { m2: ['challenged', requestedMs] });
    expect(answer(logs, asked, requestedMs, 'witnessed')).toBe('entry_complete');
  });

  it.each([
    [1, dayMs],
    [2, 7 * dayMs],
    [3, 30 * dayMs],
    [4, 30 * dayMs],
  ])('pauses after attempt %i of one claimant for %i ms', async (attempts, pauseMs) => {
    const [logs] = await held();
    for (let seq = 0; seq < attempts; seq++) requested(logs, await request(claimant, { seq }));
    const again = await request(claimant, { seq: attempts });
    const dueMs = requestedMs + pauseMs;
    expect(answer(logs, again, dueMs - 1, 'challenged')).toBe('request_paused');
    expect(answer(logs, again, dueMs, 'challenged')).toBe('append');
    expect(answer(logs, await request(other), dueMs - 1, 'challenged')).toBe('append');
  });
});

describe('an honest member asked for a veto', () => {
  it('logs that of the holder', async () => {
    const [logs] = await held();
    const asked = await request(claimant);
    const against = await veto(asked, holder);
    expect(answer(requested(logs, asked), against, requestedMs + 1, 'received')).toBe('append');
  });

  it('logs it before the request is complete', async () => {
    const [logs] = await held();
    const asked = await request(claimant);
    logs.log(asked, { m0: ['challenged', requestedMs] });
    expect(answer(logs, await veto(asked, holder), requestedMs, 'received')).toBe('append');
  });

  it('refuses that of somebody else, and of a replaced key', async () => {
    const [logs, r] = await held();
    const asked = await request(claimant);
    requested(logs, asked);
    const stranger = await veto(asked, other);
    expect(answer(logs, stranger, requestedMs + 1, 'received')).toBe('authority_mismatch');
    const rotated = await rotate(r, holder, { to: other });
    logs.log(rotated, { m0: ['received', requestedMs], m2: ['witnessed', requestedMs] });
    const former = await veto(asked, holder);
    expect(answer(logs, former, requestedMs + 1, 'received')).toBe('authority_mismatch');
    expect(answer(logs, stranger, requestedMs + 1, 'received')).toBe('append');
  });

  it('refuses one of a request that it has not seen', async () => {
    const [logs] = await held();
    const against = await veto(await request(claimant), holder);
    expect(answer(logs, against, requestedMs, 'received')).toBe('request_unknown');
  });

  it('never logs it beside its own leaf of the commit', async () => {
    const [logs] = await held();
    const asked = await request(claimant);
    requested(logs, asked).log(await commit(asked, claimant), { m1: ['challenged', holdEndMs] });
    const against = await veto(asked, holder);
    expect(answer(logs, against, holdEndMs + 1, 'received')).toBe('request_committed');
  });
});

describe('an honest member asked for a commit', () => {
  it('logs it when the hold is over, and not 1 ms before', async () => {
    const [logs] = await held();
    const asked = await request(claimant);
    const taken = await commit(asked, claimant);
    requested(logs, asked);
    expect(answer(logs, taken, holdEndMs - 1, 'challenged')).toBe('hold_pending');
    expect(answer(logs, taken, holdEndMs, 'challenged')).toBe('append');
  });

  it('refuses that of another claimant', async () => {
    const [logs] = await held();
    const asked = await request(claimant);
    const taken = await commit(asked, other);
    const verdict = answer(requested(logs, asked), taken, holdEndMs, 'challenged');
    expect(verdict).toBe('authority_mismatch');
  });

  it('refuses it after a complete veto, and beside its own leaf of an incomplete one', async () => {
    const [logs] = await held();
    const asked = await request(claimant);
    const taken = await commit(asked, claimant);
    const against = await veto(asked, holder);
    requested(logs, asked).log(against, { m1: ['received', requestedMs + 1] });
    expect(answer(logs, taken, holdEndMs, 'challenged')).toBe('request_vetoed');
    const [more] = await held();
    const elsewhere = { m0: ['received', 2 * dayMs], m2: ['witnessed', 2 * dayMs] } as const;
    requested(more, asked).log(against, elsewhere as never);
    expect(answer(more, taken, holdEndMs, 'challenged')).toBe('request_vetoed');
  });

  it('witnesses it only beside a challenged leaf made after the hold', async () => {
    const [logs] = await held();
    const asked = await request(claimant);
    const taken = await commit(asked, claimant);
    requested(logs, asked).log(taken, { m0: ['challenged', holdEndMs - 1] });
    expect(answer(logs, taken, holdEndMs, 'witnessed')).toBe('challenged_leaves_missing');
    const [fresh] = await held();
    requested(fresh, asked).log(taken, { m0: ['challenged', holdEndMs] });
    expect(answer(fresh, taken, holdEndMs + 10 * minuteMs, 'witnessed')).toBe('append');
    expect(answer(fresh, taken, holdEndMs + 10 * minuteMs + 1, 'witnessed')).toBe('entry_too_old');
  });

  it('logs it beside a quorum of leaves of which one came before the end of the hold', async () => {
    const [logs] = await held();
    const asked = await request(claimant);
    const taken = await commit(asked, claimant);
    const early = { m0: ['challenged', holdEndMs - 1], m2: ['challenged', holdEndMs] } as const;
    requested(logs, asked).log(taken, early as never);
    const progress = () => entryProgress(logs.history(), taken.entryId, charters);
    expect(progress()).toMatchObject({ complete: false, timeMs: null });
    expect(answer(logs, taken, holdEndMs, 'witnessed')).toBe('append');
    logs.log(taken, { m1: ['witnessed', holdEndMs + 1] });
    expect(progress()).toMatchObject({ complete: true, timeMs: holdEndMs + 1 });
    expect(foldLabel(logs.history(), charters)).toMatchObject({ epoch: 1 });
  });

  it('logs what follows a release where such a commit stands in the slot', async () => {
    const [logs, r] = await held();
    const asked = await request(claimant);
    requested(logs, asked);
    const left = await release(r, holder);
    logs.log(left, { m0: ['received', 2 * dayMs], m2: ['witnessed', 2 * dayMs] });
    const early = { m0: ['challenged', holdEndMs - 1], m2: ['challenged', holdEndMs] } as const;
    const next = await register(other, { after: left });
    const nowMs = 30 * dayMs;
    expect(answer(logs, next, nowMs, 'challenged')).toBe('append');
    logs.log(await commit(asked, claimant), early as never);
    expect(answer(logs, next, nowMs, 'challenged')).toBe('append');
  });

  it('logs nothing beside a commit whose request it does not know', async () => {
    const [logs, r] = await held();
    const left = await release(r, holder);
    logs.log(left, { m0: ['received', 2 * dayMs], m2: ['witnessed', 2 * dayMs] });
    const made = { m0: ['challenged', holdEndMs], m2: ['challenged', holdEndMs] } as const;
    logs.log(await commit(await request(claimant), claimant), made as never);
    const next = await register(other, { after: left });
    expect(answer(logs, next, 30 * dayMs, 'challenged')).toBe('slot_taken');
  });

  it('refuses it when another has opened the epoch', async () => {
    const [logs] = await held();
    const [first, second] = [await request(claimant), await request(other)];
    requested(requested(logs, first), second);
    const taken = { m0: ['challenged', holdEndMs], m2: ['witnessed', holdEndMs] } as const;
    logs.log(await commit(first, claimant), taken as never);
    const late = await commit(second, other);
    expect(answer(logs, late, holdEndMs + 1, 'challenged')).toBe('ownership_moved');
  });
});

describe('open requests', () => {
  it('have the end of their hold and go with the veto', async () => {
    const [logs] = await held({ recovery: recoveryKey(1).hash });
    const asked = await request(claimant, { as: 'recovery', recovery: recoveryKey(1).signer });
    requested(logs, asked);
    const [open] = openRequests(logs.history(), charters);
    expect(open).toMatchObject({
      requestClass: 'recovery',
      timeMs: requestedMs,
      commitFromMs: requestedMs + hourMs,
      sturdy: false,
    });
    const against = await veto(asked, holder);
    logs.log(against, { m0: ['received', 2 * dayMs], m1: ['witnessed', 2 * dayMs] });
    expect(openRequests(logs.history(), charters)).toEqual([]);
  });
});

describe('what look-ups tell of requests', () => {
  it('is nothing while there are none', async () => {
    const [logs] = await held();
    expect(pendingRequests(logs.history(), charters)).toEqual([]);
  });

  it('is what may be committed first, first, and never more than the limit', async () => {
    const { signer, hash: recovery } = recoveryKey(9);
    const [logs] = await held({ recovery });
    for (let n = 0; n < pendingRequestsMax + 2; n++) {
      requested(logs, await request(authority(20 + n)), requestedMs + n);
    }
    const urgent = await request(claimant, { as: 'recovery', recovery: signer });
    requested(logs, urgent, requestedMs + minuteMs);
    const pending = pendingRequests(logs.history(), charters);
    expect(pending).toHaveLength(pendingRequestsMax);
    expect(pending[0]).toEqual({
      requestId: urgent.entryId,
      requestClass: 'recovery',
      timeMs: requestedMs + minuteMs,
      commitFromMs: requestedMs + minuteMs + hourMs,
    });
    expect(pending[1]).toMatchObject({ timeMs: requestedMs, commitFromMs: holdEndMs });
  });

  it('ends with the veto and with the commit', async () => {
    const [logs] = await held();
    const [first, second] = [await request(claimant), await request(other)];
    requested(requested(logs, first), second, requestedMs + 1);
    const against = await veto(first, holder);
    logs.log(against, { m0: ['received', 2 * dayMs], m1: ['witnessed', 2 * dayMs] });
    expect(pendingRequests(logs.history(), charters)).toMatchObject([
      { requestId: second.entryId },
    ]);
    const made = await commit(second, other);
    logs.log(made, { m0: ['challenged', 5 * dayMs], m1: ['witnessed', 5 * dayMs] });
    expect(pendingRequests(logs.history(), charters)).toEqual([]);
  });

  it('is a commit for the claimant with that key alone, over or not', async () => {
    const [logs] = await held();
    const asked = await request(claimant);
    requested(logs, asked);
    const next = (key: typeof claimant, nowMs: number) =>
      nextClaim(logs.history(), { charters, nowMs, authority: key.publicKey });
    for (const nowMs of [requestedMs, holdEndMs + dayMs]) {
      expect(next(claimant, nowMs)).toEqual({
        kind: 'commit',
        epoch: 1,
        prev: null,
        request: asked.entryId,
        fromMs: holdEndMs,
      });
      expect(next(other, nowMs)).toEqual({ kind: 'request', epoch: 0, prev: null });
    }
    const against = await veto(asked, holder);
    logs.log(against, { m0: ['received', 2 * dayMs], m1: ['witnessed', 2 * dayMs] });
    expect(next(claimant, holdEndMs)).toEqual({ kind: 'request', epoch: 0, prev: null });
  });
});

describe('the e-mail commitment that a request stands on', () => {
  const at = (logs: Logs, nowMs: number) =>
    emailForRequests(logs.history(), { charters, nowMs })?.[0] ?? null;

  it('is that of the register, and a changed one from the end of its hold on', async () => {
    const [logs, r] = await held({ email: new Uint8Array(32).fill(1) });
    const changed = await rotate(r, holder, { to: other, email: new Uint8Array(32).fill(2) });
    logs.log(changed, { m0: ['received', dayMs], m1: ['witnessed', dayMs] });
    const { emailChangeMs } = charters.current.charter.holds;
    expect(at(logs, dayMs)).toBe(1);
    expect(at(logs, dayMs + emailChangeMs - 1)).toBe(1);
    expect(at(logs, dayMs + emailChangeMs)).toBe(2);
  });

  it('is none where none was given, or nobody holds the number', async () => {
    const [logs] = await held();
    expect(at(logs, dayMs)).toBe(null);
    expect(at(new Logs(), dayMs)).toBe(null);
  });
});
