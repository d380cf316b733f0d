/** Replacing a lost key, case by case: below, at and above each limit. Members m0 to m2, f = 0. */
import { describe, expect, it } from 'vitest';
import { foldLabel } from '../../src/fold/fold-label.ts';
import type { LeafRole } from '../../src/leaf.ts';
import {
  authority,
  chartersOf,
  commit,
  dayMs,
  hourMs,
  Logs,
  recoveryKey,
  register,
  release,
  request,
  rotate,
  update,
  veto,
} from './logs.ts';
import type { SignedEntry } from './logs.ts';

const [holder, claimant, thief] = [authority(1), authority(2), authority(3)];
const [printed, forged] = [recoveryKey(1), recoveryKey(2)];
const three = chartersOf(3, 0);
const hold = { recovery: hourMs, email: dayMs, possession: 3 * dayMs, locked: 7 * dayMs };
const email = new Uint8Array(32).fill(0xe);

type Terms = NonNullable<Parameters<typeof register>[1]>;

/** A binding of `holder`, registered at time 0. */
async function held(terms: Terms = {}): Promise<{ logs: Logs; opening: SignedEntry }> {
  const opening = await register(holder, terms);
  return { logs: log(new Logs(), opening, 0), opening };
}

/** Logs an entry at two members at one time: a quorum, challenged where its kind asks for it. */
function log(logs: Logs, signed: SignedEntry, atMs: number, roles?: [LeafRole, LeafRole]): Logs {
  const [first, second] = roles ?? defaultRoles(signed);
  return logs.log(signed, { m0: [first, atMs], m1: [second, atMs] });
}

function defaultRoles({ entry }: SignedEntry): [LeafRole, LeafRole] {
  if (entry.kind === 'request') return ['challenged', 'challenged'];
  return entry.kind === 'register' || entry.kind === 'commit'
    ? ['challenged', 'witnessed']
    : ['received', 'witnessed'];
}

/** Which epoch the logs fold to: 1 once the claimant has replaced the holder. */
function epochOf(logs: Logs): number | undefined {
  return foldLabel(logs.history(), three)?.epoch;
}

/** Requests at `atMs` and commits `afterMs` later; returns both. */
async function replace(
  logs: Logs,
  options: Parameters<typeof request>[1] & { atMs: number; afterMs: number },
): Promise<{ asked: SignedEntry; done: SignedEntry }> {
  const asked = await request(claimant, options);
  const done = await commit(asked, claimant);
  log(log(logs, asked, options.atMs), done, options.atMs + options.afterMs);
  return { asked, done };
}

const justShort = (ms: number): [string, number, number] => ['one millisecond short', ms - 1, 0];
const inTime = (ms: number): [string, number, number] => ['at its end', ms, 1];

describe('the hold of a request', () => {
  it.each([justShort(hold.possession), inTime(hold.possession)])(
    'of class possession is 72 hours: a commit %s',
    async (_, afterMs, epoch) => {
      const { logs } = await held();
      await replace(logs, { atMs: 1000, afterMs });
      expect(epochOf(logs)).toBe(epoch);
    },
  );

  it.each([justShort(hold.email), inTime(hold.email)])(
    'of class email is 24 hours: a commit %s',
    async (_, afterMs, epoch) => {
      const { logs } = await held({ email });
      await replace(logs, { as: 'email', atMs: 1000, afterMs });
      expect(epochOf(logs)).toBe(epoch);
    },
  );

  it.each([justShort(hold.recovery), inTime(hold.recovery)])(
    'of class recovery is one hour: a commit %s',
    async (_, afterMs, epoch) => {
      const { logs } = await held({ recovery: printed.hash });
      await replace(logs, { as: 'recovery', recovery: printed.signer, atMs: 1000, afterMs });
      expect(epochOf(logs)).toBe(epoch);
    },
  );

  it.each([justShort(hold.locked), inTime(hold.locked)])(
    'of a locked binding is 7 days whatever the class: a commit %s',
    async (_, afterMs, epoch) => {
      const { logs } = await held({ recovery: printed.hash, lock: true });
      await replace(logs, { as: 'recovery', recovery: printed.signer, atMs: 1000, afterMs });
      expect(epochOf(logs)).toBe(epoch);
    },
  );

  it.each([
    ['still locked one millisecond before the unlocking acts', -1, 0],
    ['unlocked when the unlocking acts', 0, 1],
  ])('after unlocking counts as %s', async (_, offsetMs, epoch) => {
    const { logs, opening } = await held({ lock: true });
    log(logs, await rotate(opening, holder, { to: holder, lock: false }), 1000);
    const atMs = 1000 + 7 * dayMs + offsetMs;
    await replace(logs, { atMs, afterMs: hold.possession });
    expect(epochOf(logs)).toBe(epoch);
  });

  it('skips a leaf of the commit that comes too early', async () => {
    const { logs } = await held();
    const asked = await request(claimant);
    const done = await commit(asked, claimant);
    log(logs, asked, 0);
    logs.log(done, { m0: ['challenged', hold.possession - 1], m1: ['witnessed', hold.possession] });
    expect(epochOf(logs)).toBe(0);
    logs.log(done, { m0: ['challenged', hold.possession] });
    expect(epochOf(logs)).toBe(1);
  });
});

describe('a request', () => {
  it('needs two challenged leaves even where none may be dishonest', async () => {
    const { logs } = await held();
    const asked = await request(claimant);
    log(logs, asked, 0, ['challenged', 'witnessed']);
    log(logs, await commit(asked, claimant), hold.possession);
    expect(epochOf(logs)).toBe(0);
  });

  it('of class recovery with another recovery key opens nothing', async () => {
    const { logs } = await held({ recovery: printed.hash });
    await replace(logs, {
      as: 'recovery',
      recovery: forged.signer,
      atMs: 1000,
      afterMs: 30 * dayMs,
    });
    expect(epochOf(logs)).toBe(0);
  });

  it('of class email for a binding without one opens nothing', async () => {
    const { logs } = await held();
    await replace(logs, { as: 'email', atMs: 1000, afterMs: 30 * dayMs });
    expect(epochOf(logs)).toBe(0);
  });

  it.each([
    ['one millisecond before the new e-mail counts', 3 * dayMs - 1, 0],
    ['when the new e-mail counts', 3 * dayMs, 1],
  ])('of class email after a change of it: %s', async (_, laterMs, epoch) => {
    const { logs, opening } = await held();
    log(logs, await rotate(opening, holder, { to: holder, email }), 1000);
    await replace(logs, { as: 'email', atMs: 1000 + laterMs, afterMs: hold.email });
    expect(epochOf(logs)).toBe(epoch);
  });

  it('of an epoch that has not begun opens nothing', async () => {
    const { logs, opening } = await held();
    const next = await register(claimant, { after: await release(opening, holder) });
    await replace(logs, { of: next, atMs: 0, afterMs: 30 * dayMs });
    expect(epochOf(logs)).toBe(0);
  });

  it('committed by another key changes nothing', async () => {
    const { logs } = await held();
    const asked = await request(claimant);
    log(log(logs, asked, 0), await commit(asked, thief), hold.possession);
    expect(epochOf(logs)).toBe(0);
  });
});

describe('a commit', () => {
  it('needs a fresh challenged leaf', async () => {
    const { logs } = await held();
    const asked = await request(claimant);
    log(log(logs, asked, 0), await commit(asked, claimant), hold.possession, [
      'witnessed',
      'witnessed',
    ]);
    expect(epochOf(logs)).toBe(0);
  });

  it('puts the claimant in force; old keys rewrite nothing', async () => {
    const { logs, opening } = await held();
    const { done } = await replace(logs, { atMs: 0, afterMs: hold.possession });
    log(logs, await rotate(opening, holder, { to: thief }), 5 * dayMs);
    logs.log(await update(opening, holder, { seq: 99 }), { m2: ['received', 5 * dayMs] });
    const state = foldLabel(logs.history(), three);
    expect(state).toMatchObject({ epoch: 1, status: 'held', seq: 0 });
    expect(state?.authority).toEqual(claimant.publicKey);
    expect(state?.entryId).toEqual(done.entryId);
  });

  it('is followed by the new holder’s own entries', async () => {
    const { logs } = await held();
    const { done } = await replace(logs, { atMs: 0, afterMs: hold.possession });
    logs.log(await update(done, claimant, { seq: 1 }), { m2: ['received', 4 * dayMs] });
    expect(foldLabel(logs.history(), three)).toMatchObject({ epoch: 1, seq: 1 });
  });

  it('is not stopped by a flood of updates', async () => {
    const { logs, opening } = await held();
    for (let seq = 1; seq <= 20; seq++) {
      logs.log(await update(opening, holder, { seq }), { m2: ['received', seq * hourMs] });
    }
    await replace(logs, { atMs: 0, afterMs: hold.possession });
    expect(epochOf(logs)).toBe(1);
  });

  it('is not stopped by a rotate of the holder', async () => {
    const { logs, opening } = await held();
    const asked = await request(claimant);
    log(logs, asked, 0);
    log(logs, await rotate(opening, holder, { to: thief }), hourMs);
    log(logs, await commit(asked, claimant), hold.possession);
    expect(epochOf(logs)).toBe(1);
  });

  it('is valid when the holder releases meanwhile', async () => {
    const { logs, opening } = await held();
    const asked = await request(claimant);
    log(logs, asked, 0);
    log(logs, await release(opening, holder), hourMs);
    log(logs, await commit(asked, claimant), hold.possession);
    expect(epochOf(logs)).toBe(1);
  });
});

describe('a veto', () => {
  it.each([
    ['one millisecond before the commit defeats it', -1, 0],
    ['at the time of the commit is too late', 0, 1],
  ])('%s', async (_, offsetMs, epoch) => {
    const { logs } = await held();
    const { asked } = await replace(logs, { atMs: 0, afterMs: hold.possession });
    log(logs, await veto(asked, holder), hold.possession + offsetMs);
    expect(epochOf(logs)).toBe(epoch);
  });

  it('one leaf short of the quorum defeats nothing', async () => {
    const { logs } = await held();
    const { asked } = await replace(logs, { atMs: 0, afterMs: hold.possession });
    logs.log(await veto(asked, holder), { m2: ['received', hourMs] });
    expect(epochOf(logs)).toBe(1);
  });

  it('by a stranger defeats nothing', async () => {
    const { logs } = await held();
    const { asked } = await replace(logs, { atMs: 0, afterMs: hold.possession });
    log(logs, await veto(asked, thief), hourMs);
    expect(epochOf(logs)).toBe(1);
  });

  it('by a key that was replaced before defeats nothing', async () => {
    const { logs, opening } = await held();
    log(logs, await rotate(opening, holder, { to: thief }), hourMs);
    const { asked } = await replace(logs, { atMs: 2 * hourMs, afterMs: hold.possession });
    log(logs, await veto(asked, holder), 3 * hourMs);
    expect(epochOf(logs)).toBe(1);
  });

  it('defeats one request and leaves the next one alone', async () => {
    const { logs } = await held();
    const { asked } = await replace(logs, { atMs: 0, afterMs: hold.possession });
    log(logs, await veto(asked, holder), hourMs);
    expect(epochOf(logs)).toBe(0);
    await replace(logs, { seq: 1, atMs: 10 * dayMs, afterMs: hold.possession });
    expect(epochOf(logs)).toBe(1);
  });
});

describe('a stolen authority key', () => {
  /** The thief rotates to a key, recovery code and lock of his own, twice, a day apart. */
  async function stolen(gapMs = dayMs): Promise<Logs> {
    const { logs, opening } = await held({ recovery: printed.hash });
    const terms = { recovery: forged.hash, lock: true };
    const first = await rotate(opening, holder, { to: thief, ...terms });
    log(logs, first, dayMs);
    log(logs, await rotate(first, thief, { to: authority(4), ...terms }), dayMs + gapMs);
    return logs;
  }

  const own = { as: 'recovery', recovery: printed.signer } as const;

  it.each([justShort(hold.recovery), inTime(hold.recovery)])(
    'is taken back with the recovery key from before, after one hour: a commit %s',
    async (_, afterMs, epoch) => {
      const logs = await stolen();
      await replace(logs, { ...own, atMs: 2 * dayMs + hourMs, afterMs });
      expect(epochOf(logs)).toBe(epoch);
    },
  );

  it.each([
    ['one millisecond before 72 hours after the last rotate', 3 * dayMs - 1, 1],
    ['72 hours after the last rotate', 3 * dayMs, 0],
  ])('can be taken back until %s', async (_, laterMs, epoch) => {
    const logs = await stolen();
    await replace(logs, { ...own, atMs: 2 * dayMs + laterMs, afterMs: 30 * dayMs });
    expect(epochOf(logs)).toBe(epoch);
  });

  it.each([
    ['less than 72 hours apart count as one', 3 * dayMs - 1, 1],
    ['72 hours apart do not', 3 * dayMs, 0],
  ])('rotates %s', async (_, gapMs, epoch) => {
    const logs = await stolen(gapMs);
    await replace(logs, { ...own, atMs: dayMs + gapMs + hourMs, afterMs: 30 * dayMs });
    expect(epochOf(logs)).toBe(epoch);
  });

  it('is not defended by the thief’s veto, unless he passes the challenges', async () => {
    const logs = await stolen();
    const atMs = 2 * dayMs + hourMs;
    const { asked } = await replace(logs, { ...own, atMs, afterMs: hold.recovery });
    log(logs, await veto(asked, authority(4)), atMs + 1);
    expect(epochOf(logs)).toBe(1);
    log(logs, await veto(asked, authority(4), 1), atMs + 2, ['challenged', 'witnessed']);
    expect(epochOf(logs)).toBe(0);
  });

  it('does not help the thief with the recovery key that he set himself', async () => {
    const logs = await stolen();
    const atMs = 2 * dayMs + hourMs;
    await replace(logs, { as: 'recovery', recovery: forged.signer, atMs, afterMs: 2 * hourMs });
    expect(epochOf(logs)).toBe(0);
  });

  it('is taken back after the thief’s release as after a rotate', async () => {
    const { logs, opening } = await held({ recovery: printed.hash });
    log(logs, await release(opening, holder), dayMs);
    await replace(logs, { ...own, atMs: 2 * dayMs, afterMs: hold.recovery });
    expect(epochOf(logs)).toBe(1);
  });

  it('does not make recovery keys cross an epoch', async () => {
    const { logs } = await held({ recovery: printed.hash });
    const { done } = await replace(logs, { atMs: 0, afterMs: hold.possession });
    const asked = await request(holder, { ...own, of: done });
    log(log(logs, asked, 4 * dayMs), await commit(asked, holder), 30 * dayMs);
    expect(epochOf(logs)).toBe(1);
  });
});

describe('a recycled number', () => {
  /** Three requests, each vetoed by key alone; the fourth is vetoed the same way. */
  async function fourth(spanMs: number, challengedVeto = false): Promise<Logs> {
    const { logs } = await held();
    for (const [seq, atMs] of [0, spanMs / 2, spanMs].entries()) {
      const asked = await request(claimant, { seq });
      log(logs, asked, atMs);
      const roles: [LeafRole, LeafRole] | undefined =
        challengedVeto && seq === 1 ? ['challenged', 'witnessed'] : undefined;
      log(logs, await veto(asked, holder), atMs + hourMs, roles);
    }
    const last = await request(claimant, { seq: 3 });
    const atMs = spanMs + 30 * dayMs;
    log(logs, last, atMs);
    log(logs, await veto(last, holder), atMs + hourMs);
    return log(logs, await commit(last, claimant), atMs + hold.possession);
  }

  it.each([
    ['one millisecond under 21 days: the veto holds', 21 * dayMs - 1, 0],
    ['21 days: a veto by key alone holds no longer', 21 * dayMs, 1],
  ])('first and third request apart by %s', async (_, spanMs, epoch) => {
    expect(epochOf(await fourth(spanMs))).toBe(epoch);
  });

  it('is not recycled when one of the vetoes came from somebody who passed the challenges', async () => {
    expect(epochOf(await fourth(21 * dayMs, true))).toBe(0);
  });

  it('goes to the claimant only if the holder does not answer: a challenged veto defeats it', async () => {
    const logs = await fourth(21 * dayMs);
    const last = await request(claimant, { seq: 3 });
    const answered = await veto(last, holder, 1);
    log(logs, answered, 51 * dayMs + 2 * hourMs, ['challenged', 'witnessed']);
    expect(epochOf(logs)).toBe(0);
  });
});
