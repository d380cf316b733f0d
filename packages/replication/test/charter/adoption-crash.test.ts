/**
 * A store that fails at each durable step of an adoption, in both ways a disk can. The member stops,
 * is started again on what is stored, and must end where the others are.
 */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { faultyStore } from '../support/faulty-store.ts';
import type { Fault, FaultyStore } from '../support/faulty-store.ts';
import { foundFederation } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { Holder } from '../support/holder.ts';
import type { MadeEntry } from '../support/holder.ts';
import { logStates, nextCharter } from '../support/next-charter.ts';
import { Ring } from '../support/ring.ts';

const names = ['alpha', 'beta', 'gamma', 'delta'];
const left = names.slice(0, 3);

let federation: TestFederation;
let next: TestFederation;
let ring: Ring;
let store: FaultyStore;
let update: MadeEntry;

/** Delta is about to be expelled, with an update that only its log has above the cut-off. */
beforeEach(async () => {
  federation = await foundFederation({ count: 4 });
  ring = new Ring();
  store = faultyStore();
  ring.useStore('alpha', store);
  for (const name of names) await ring.open(name, federation);
  const holder = new Holder('tel:+4915123456789');
  await ring.register(holder, left);
  const cut = logStates(ring.get('delta')).find(({ origin }) => origin === 'api.delta.test/log')!;
  update = await holder.update('sip:only-there@sip.test');
  await ring.log('delta', update, 'received');
  await ring.exchange();
  const other = new Holder('tel:+34912345678');
  next = await nextCharter(federation, {
    effectiveAtMs: ring.clock.nowMs(),
    expelled: { delta: cut },
    logs: logStates(ring.get('alpha')),
  });
  // Its challenged leaf is cut off, so by the next charter nobody holds that number.
  await ring.register(other, ['delta', 'alpha', 'beta']);
});
afterEach(async () => {
  await ring.closeAll();
});

const faults: readonly Fault[] = ['failed, not persisted', 'failed, but persisted'];
/** The families of rows that an adoption writes, in their order; see `row-keys.ts`. */
const steps = [
  ['the note', 'k', 0],
  ['the version in force', 'd', 0],
  ['labels folded again', 'h', 0],
  ['the version folded', 'd', 1],
  ['the leaf of the own log', 's', 0],
] as const;

describe.each(faults)('when the batch %s', (fault) => {
  it.each(steps)('with %s, the next start completes the adoption', async (_, family, skip) => {
    // Beta and gamma log again what stands above the cut-off, so that alpha only has to fold.
    await ring.adopt(['beta', 'gamma'], next);
    store.failNextOf(fault, family, skip);
    const code = await ring
      .get('alpha')
      .adopt(next.note)
      .then(
        () => 'adopted',
        (error: { code: string }) => error.code,
      );
    expect(code).toBe('replica_stopped');
    await ring.close('alpha');
    const alpha = await ring.open('alpha', federation);
    // Where the note itself was lost, whoever distributes it brings it again.
    expect(await ring.adopt(['alpha'], next)).toEqual(['accept']);
    expect(alpha.membership.charters.current.charter.version).toBe(2);
    await ring.exchange();
    expect((await ring.roots(left)).size).toBe(1);
    expect(alpha.entryState(update.entryId)).toMatchObject({ inForce: true });
    expect(alpha.bindings.byDigits('34912345678')).toBeUndefined();
    const leaves = (await alpha.page(alpha.origin, 0))!.leaves.length;
    await ring.close('alpha');
    const again = await ring.open('alpha', federation);
    // The charter is taken up once.
    expect((await again.page(again.origin, 0))!.leaves).toHaveLength(leaves);
  });
});
