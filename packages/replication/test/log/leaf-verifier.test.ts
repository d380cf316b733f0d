/** Threads that share a stretch of leaves: each leaf is one thread's, and both ends meet. */
import { beforeAll, describe, expect, it } from 'vitest';

import { LeafVerdicts, leafVerifies, meetVerifier } from '../../src/log/leaf-verifier.ts';
import { systemScheduler as scheduler } from '../../src/scheduler.ts';
import { crypto, foundFederation, TestClock } from '../support/federation.ts';
import { Holder } from '../support/holder.ts';
import { HandWrittenLog } from '../support/liar.ts';

const leafCount = 20;
const badPlace = 15;
let leaves: readonly Uint8Array[];
beforeAll(async () => {
  const log = new HandWrittenLog(await foundFederation(), 'alpha');
  const at = new TestClock().nowMs();
  const holder = new Holder('tel:+4915123456789');
  const { entry } = await holder.register();
  log.add({ at, role: 'challenged', entry });
  while (log.leaves.length < leafCount) {
    const { entry: update } = await holder.update(`sip:u${log.leaves.length}@sip.test`);
    const bytes = update.slice();
    if (log.leaves.length === badPlace) bytes[bytes.length - 70]! ^= 1;
    log.add({ at, role: 'received', entry: bytes });
  }
  leaves = log.leaves;
});

const verifies = (leafBytes: Uint8Array): boolean => leafVerifies(leafBytes, crypto);
const found = (verdicts: LeafVerdicts): number[] =>
  leaves.flatMap((_, place) => (verdicts.isGood(place) ? [place] : []));
const places = (first: number, end: number): number[] =>
  Array.from({ length: end - first }, (_, n) => first + n).filter((place) => place !== badPlace);

describe('leaf verdicts', () => {
  it('give each leaf to the first who asks, in whatever thread', () => {
    const verdicts = new LeafVerdicts(2);
    const elsewhere = new LeafVerdicts(verdicts.shared);
    expect([verdicts.take(0), elsewhere.take(0)]).toEqual([true, false]);
    expect([elsewhere.take(1), verdicts.take(1)]).toEqual([true, false]);
    expect(verdicts.isGood(1)).toBe(false);
    elsewhere.sayGood(1);
    expect([verdicts.isGood(0), verdicts.isGood(1)]).toEqual([false, true]);
  });
});

describe('the thread that would wait', () => {
  it.each([0, 1, 7, leafCount])(
    'verifies what is left when others have %s leaves',
    async (taken) => {
      const verdicts = new LeafVerdicts(leafCount);
      for (let place = 0; place < taken; place += 1) verdicts.take(place);
      const ended = Promise.resolve();
      await meetVerifier({ verdicts, ended }, leaves, { verifies, scheduler });
      expect(found(verdicts)).toEqual(places(taken, leafCount));
      expect(leaves.some((_, place) => verdicts.take(place))).toBe(false);
    },
  );

  it('waits for nobody who has not begun', async () => {
    const verdicts = new LeafVerdicts(leafCount);
    const ended = new Promise<void>(() => undefined);
    await meetVerifier({ verdicts, ended }, leaves, { verifies, scheduler });
    expect(found(verdicts)).toEqual(places(0, leafCount));
  });

  it('lets others go on meanwhile, and waits for what they have begun', async () => {
    const verdicts = new LeafVerdicts(leafCount);
    let hasEnded = false;
    const ended = (async () => {
      let place = 0;
      for (; verdicts.take(place); place += 1) {
        await scheduler.yield();
        verdicts.sayGood(place);
      }
      await scheduler.delay(20);
      hasEnded = true;
    })();
    await meetVerifier({ verdicts, ended }, leaves, { verifies, scheduler });
    expect(hasEnded).toBe(true);
    expect(found(verdicts)).toEqual(places(0, leafCount));
  });
});
