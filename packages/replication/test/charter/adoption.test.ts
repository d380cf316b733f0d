import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { foundFederation } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { Holder } from '../support/holder.ts';
import { HandWrittenLog } from '../support/liar.ts';
import { logStates, nextCharter } from '../support/next-charter.ts';
import { Ring } from '../support/ring.ts';

let three: TestFederation;
let four: TestFederation;
let ring: Ring;

const hourMs = 3_600_000;
const number = '4915123456789';
const originOf = (name: string): string => `api.${name}.test/log`;
const holderOf = (): Holder => new Holder(`tel:+${number}`);
const uriAt = (name: string): string | undefined =>
  ring.get(name).bindings.byDigits(number)?.routes[0]?.uri;
const versionAt = (name: string): number =>
  ring.get(name).membership.charters.current.charter.version;

beforeEach(async () => {
  three = await foundFederation();
  four = await foundFederation({ count: 4 });
  ring = new Ring();
});
afterEach(async () => {
  await ring.closeAll();
});

async function openAll(names: readonly string[], ...pinned: TestFederation[]): Promise<void> {
  for (const name of names) await ring.open(name, ...pinned);
}

describe('a running member', () => {
  it('takes up a charter with two more members when its time has come', async () => {
    const old = ['alpha', 'beta', 'gamma'];
    await openAll(old, three);
    const holder = holderOf();
    await ring.register(holder, ['alpha', 'beta']);
    const next = await nextCharter(three, {
      effectiveAtMs: ring.clock.nowMs() + hourMs,
      joining: ['delta', 'epsilon'],
      faults: 1,
      logs: logStates(ring.get('alpha')),
    });
    expect(await ring.adopt(old, next)).toEqual(['accept', 'accept', 'accept']);
    expect(old.map(versionAt)).toEqual([1, 1, 1]);
    expect(ring.get('alpha').knownCharters).toHaveLength(2);
    ring.clock.advance(hourMs);
    expect(await ring.adopt(old, next)).toEqual(['accept', 'accept', 'accept']);
    expect(old.map(versionAt)).toEqual([2, 2, 2]);
    await openAll(['delta', 'epsilon'], three, next);
    await ring.exchange();
    expect(await ring.log('delta', await holder.update('sip:second@sip.test'), 'received')).toBe(
      'accept',
    );
    await ring.exchange();
    const all = [...old, 'delta', 'epsilon'];
    expect((await ring.roots(all)).size).toBe(1);
    expect(all.map(uriAt)).toEqual(all.map(() => 'sip:second@sip.test'));
  });

  it('takes it up by itself when its clock gets there', async () => {
    await ring.open('alpha', three);
    const next = await nextCharter(three, { effectiveAtMs: ring.clock.nowMs() + hourMs });
    await ring.adopt(['alpha'], next);
    const told = new Promise<number>((resolve) => {
      ring.get('alpha').onCharter(({ charters }) => resolve(charters.current.charter.version));
    });
    ring.clock.advance(hourMs);
    expect(await told).toBe(2);
  });

  it('knows a charter that waits, and the one in force, when it is started again', async () => {
    await ring.open('alpha', three);
    const next = await nextCharter(three, { effectiveAtMs: ring.clock.nowMs() + hourMs });
    await ring.adopt(['alpha'], next);
    await ring.close('alpha');
    await ring.open('alpha', three);
    expect(versionAt('alpha')).toBe(1);
    await ring.close('alpha');
    ring.clock.advance(hourMs);
    await ring.open('alpha', three);
    expect(versionAt('alpha')).toBe(2);
    await ring.close('alpha');
    // A clock that goes back does not undo what has come into force.
    ring.clock.advance(-2 * hourMs);
    await ring.open('alpha', three);
    expect(versionAt('alpha')).toBe(2);
  });

  it('starts with no other charter than the pinned one of its version', async () => {
    await ring.open('alpha', three);
    await ring.adopt(['alpha'], await nextCharter(three, { effectiveAtMs: ring.clock.nowMs() }));
    await ring.close('alpha');
    const other = await nextCharter(three, { effectiveAtMs: ring.clock.nowMs() - 1 });
    await expect(ring.open('alpha', three, other)).rejects.toThrow(
      expect.objectContaining({ code: 'charter_contradicted' }),
    );
  });

  it('refuses a charter that is not the next of its own', async () => {
    await ring.open('alpha', three);
    const second = await nextCharter(three, { effectiveAtMs: ring.clock.nowMs() });
    const third = await nextCharter(second, { effectiveAtMs: ring.clock.nowMs() + 1 });
    const stranger = await nextCharter(four, { effectiveAtMs: ring.clock.nowMs() });
    expect(await ring.adopt(['alpha'], third)).toEqual(['charter_version_not_next']);
    expect(await ring.adopt(['alpha'], stranger)).toEqual(['charter_previous_mismatch']);
    expect(await ring.adopt(['alpha'], second)).toEqual(['accept']);
    expect(await ring.adopt(['alpha'], second)).toEqual(['accept']);
    expect(await ring.adopt(['alpha'], third)).toEqual(['accept']);
  });

  it('takes in no leaf under a charter that it does not have, and then all of them', async () => {
    const old = ['alpha', 'beta', 'gamma'];
    await openAll(old, three);
    const holder = holderOf();
    await ring.register(holder, ['alpha', 'beta']);
    const next = await nextCharter(three, { effectiveAtMs: ring.clock.nowMs() });
    await ring.adopt(['alpha', 'beta'], next);
    await ring.log('alpha', await holder.update('sip:new@sip.test'), 'received');
    await ring.exchange();
    expect(old.map(uriAt)).toEqual(['sip:new@sip.test', 'sip:new@sip.test', 'sip:first@sip.test']);
    const held = ring.get('gamma');
    // Nothing that could be fetched now: nobody is asked again and again.
    expect(held.signedSize(originOf('alpha'))).toBe(held.expectedSize(originOf('alpha')));
    await ring.adopt(['gamma'], next);
    expect(uriAt('gamma')).toBe('sip:new@sip.test');
    expect((await ring.roots(old)).size).toBe(1);
  });

  it('logs nothing more when it is read-only, and is started again as such', async () => {
    const names = ['alpha', 'beta', 'gamma', 'delta'];
    await openAll(names, four);
    const holder = holderOf();
    await ring.register(holder, ['alpha', 'beta', 'gamma']);
    const next = await nextCharter(four, {
      effectiveAtMs: ring.clock.nowMs(),
      readonlyMembers: ['delta'],
    });
    await ring.adopt(names, next);
    const update = await holder.update('sip:new@sip.test');
    expect(await ring.log('delta', update, 'received')).toBe('member_not_active');
    await ring.close('delta');
    await ring.open('delta', four, next);
    expect(await ring.log('delta', update, 'received')).toBe('member_not_active');
    expect(await ring.log('alpha', update, 'received')).toBe('accept');
    await ring.exchange();
    expect(uriAt('delta')).toBe('sip:new@sip.test');
    expect((await ring.roots(names)).size).toBe(1);
  });

  it('keeps what holders have signed above a cut-off, and nothing else of it', async () => {
    await openAll(['alpha', 'beta', 'gamma', 'delta'], four);
    const [kept, lost] = [holderOf(), new Holder('tel:+34912345678')];
    await ring.register(kept, ['alpha', 'beta', 'gamma']);
    const cut = logStates(ring.get('delta')).find(({ origin }) => origin === originOf('delta'))!;
    const update = await kept.update('sip:only-there@sip.test');
    expect(await ring.log('delta', update, 'received')).toBe('accept');
    await ring.register(lost, ['delta', 'alpha', 'beta']);
    expect(ring.get('gamma').bindings.byDigits('34912345678')).toBeDefined();
    const next = await nextCharter(four, {
      effectiveAtMs: ring.clock.nowMs(),
      expelled: { delta: cut },
      joining: ['epsilon'],
      logs: logStates(ring.get('alpha')),
    });
    const left = ['alpha', 'beta', 'gamma'];
    expect(await ring.adopt(left, next)).toEqual(['accept', 'accept', 'accept']);
    expect((await ring.roots(left)).size).toBe(1);
    expect(left.map(uriAt)).toEqual(left.map(() => 'sip:only-there@sip.test'));
    for (const name of left) {
      // The challenged leaf was in the log of delta: the two that are left need one.
      expect(ring.get(name).bindings.byDigits('34912345678')).toBeUndefined();
      expect(ring.get(name).membership.byName('delta')).toBeUndefined();
    }
    const { leaves } = ring.get('alpha').entryState(update.entryId)!;
    const relogged = leaves.filter(({ origin }) => origin !== originOf('delta'));
    expect(relogged).toHaveLength(1);
    // Who comes later has little more than lies below the cut-off, and folds the same.
    await ring.close('delta');
    await ring.open('epsilon', four, next);
    await ring.exchange();
    expect((await ring.roots([...left, 'epsilon'])).size).toBe(1);
    expect(uriAt('epsilon')).toBe('sip:only-there@sip.test');
  });

  it('brings back the update that a cut-off one has beaten', async () => {
    await openAll(['alpha', 'beta', 'gamma', 'delta'], four);
    const holder = holderOf();
    await ring.register(holder, ['alpha', 'beta', 'gamma']);
    const earlier = await holder.update('sip:earlier@sip.test');
    await ring.log('alpha', earlier, 'received');
    await ring.exchange();
    const cut = logStates(ring.get('delta')).find(({ origin }) => origin === originOf('delta'))!;
    await ring.log('delta', await holder.update('sip:later@sip.test'), 'received');
    await ring.exchange();
    const next = await nextCharter(four, {
      effectiveAtMs: ring.clock.nowMs(),
      expelled: { delta: cut },
      logs: logStates(ring.get('alpha')),
    });
    // Only the expelled member takes it up: it may log nothing, so nothing is logged again.
    await ring.get('delta').adopt(next.note);
    const state = ring.get('delta').entryState(earlier.entryId);
    expect(state).toMatchObject({ state: 'complete', inForce: true });
    expect(await ring.log('delta', earlier, 'received')).toBe('member_not_active');
  });

  it('takes another branch of a log back, and fetches the one that the charter names', async () => {
    const names = ['alpha', 'beta', 'gamma'];
    await openAll(names, four);
    const holder = holderOf();
    const made = await ring.register(holder, names);
    await ring.exchange();
    // Delta shows gamma another log than the two others.
    const [one, other] = [new HandWrittenLog(four, 'delta'), new HandWrittenLog(four, 'delta')];
    const [shown, hidden] = [
      await holder.update('sip:one@sip.test'),
      await holder.update('sip:b@sip.test'),
    ];
    for (const [log, leaf] of [
      [one, shown],
      [other, hidden],
    ] as const) {
      const at = ring.clock.nowMs();
      log.add({ at, role: 'witnessed', ...made }).add({ at: at + 1, role: 'received', ...leaf });
    }
    for (const name of ['alpha', 'beta']) await ring.get(name).ingest(one.batch());
    await ring.get('gamma').ingest(other.batch());
    expect(names.map(uriAt)).toEqual(['sip:one@sip.test', 'sip:one@sip.test', 'sip:b@sip.test']);
    const cut = logStates(ring.get('alpha')).find(({ origin }) => origin === originOf('delta'))!;
    const next = await nextCharter(four, {
      effectiveAtMs: ring.clock.nowMs() + 2,
      expelled: { delta: cut },
      logs: logStates(ring.get('alpha')),
    });
    ring.clock.advance(2);
    await ring.adopt(names, next);
    expect((await ring.roots(names)).size).toBe(1);
    // The update of the other branch is the holder's own word, so it stays: it was logged again.
    expect(names.map(uriAt)).toEqual(names.map(() => 'sip:b@sip.test'));
  });
});
