/** A member far behind has leaves verified elsewhere, and comes to the same state whatever that brings. */
import { beforeAll, describe, expect, it, vi } from 'vitest';

import { farBehindLeavesMin } from '../../src/limits.ts';
import { leafVerifies } from '../../src/log/leaf-verifier.ts';
import type { LeafVerdicts, LeafVerifier } from '../../src/log/leaf-verifier.ts';
import type { Replica } from '../../src/replica.ts';
import { crypto, foundFederation, openReplica, TestClock } from '../support/federation.ts';
import type { TestFederation } from '../support/federation.ts';
import { Holder } from '../support/holder.ts';
import { HandWrittenLog } from '../support/liar.ts';

vi.setConfig({ testTimeout: 90_000 });

const pageLeaves = 300;
const leafCount = farBehindLeavesMin + 2 * pageLeaves;
const digits = '4915123456789';

let federation: TestFederation;
let clock: TestClock;
let alpha: HandWrittenLog;
let beta: HandWrittenLog;

beforeAll(async () => {
  federation = await foundFederation();
  clock = new TestClock();
  alpha = new HandWrittenLog(federation, 'alpha');
  beta = new HandWrittenLog(federation, 'beta');
  const holder = new Holder(`tel:+${digits}`);
  const { entry, opened } = await holder.register();
  alpha.add({ at: clock.nowMs(), role: 'challenged', entry, opened: opened! });
  beta.add({ at: clock.nowMs(), role: 'witnessed', entry, opened: opened! });
  for (let seq = 1; alpha.leaves.length < leafCount; seq++) {
    const made = await holder.update(`sip:u${seq}@sip.test`);
    const bytes = made.entry.slice();
    // Of each ten one is badly signed, one dated back, one followed by a leaf that is none.
    if (seq % 10 === 3) bytes[bytes.length - 70]! ^= 1;
    const at = seq % 10 === 5 ? clock.nowMs() - 1000 : clock.nowMs() + seq;
    alpha.add({ at, role: 'received', entry: bytes, opened: made.opened! });
    if (seq % 10 === 7) alpha.addBytes(new Uint8Array(40).fill(seq % 256));
  }
});

/** All pages are offered at once, as a reader does that is faster than the fold. */
async function takeInAll(gamma: Replica): Promise<void> {
  expect((await gamma.ingest(beta.batch())).verdict).toBe('accept');
  const integrated: Promise<void>[] = [];
  for (let first = 0; first < leafCount; first += pageLeaves) {
    const end = Math.min(first + pageLeaves, leafCount);
    const offered = gamma.offer(alpha.batch(first, end, leafCount));
    if (offered.verdict !== 'accept') throw new Error(offered.code);
    integrated.push(offered.value.integrated);
  }
  await Promise.all(integrated);
}

async function catchUp(verifier?: LeafVerifier): Promise<{ root: string; uri: string }> {
  await using gamma = await openReplica(federation, 'gamma', { clock, verifier, indexed: true });
  await takeInAll(gamma);
  await gamma.settleIndex();
  const { root } = gamma.indexPosition!;
  return { root: root.toHex(), uri: gamma.bindings.byDigits(digits)!.routes[0]!.uri };
}

/** Takes a leaf, if it is still there, and tells the truth of it, or nothing. */
type Look = (place: number, tells?: boolean) => boolean;
/** What a verifier does with a stretch of so many leaves. */
type Behaviour = (count: number, look: Look) => void | Promise<void>;

/** Counts what it was asked. */
class ScriptedVerifier implements LeafVerifier {
  asked = 0;
  readonly #behaviour: Behaviour;

  constructor(behaviour: Behaviour) {
    this.#behaviour = behaviour;
  }

  async verify(leaves: readonly Uint8Array[], verdicts: LeafVerdicts): Promise<void> {
    this.asked += leaves.length;
    await this.#behaviour(leaves.length, (place, tells = true) => {
      if (!verdicts.take(place)) return false;
      if (tells && leafVerifies(leaves[place]!, crypto)) verdicts.sayGood(place);
      return true;
    });
  }
}

const verifyAll: Behaviour = (count, look) => {
  for (let place = 0; place < count && look(place);) place += 1;
};
const turn = async (): Promise<void> => await new Promise((done) => setImmediate(done));

describe('a member far behind', () => {
  it.each<[string, Behaviour]>([
    ['verifies', verifyAll],
    [
      'verifies late',
      async (count, look) => {
        await new Promise((done) => setTimeout(done, 5));
        await verifyAll(count, look);
      },
    ],
    [
      'meets it halfway',
      async (count, look) => {
        for (let place = 0; place < count && look(place); place += 1) await turn();
      },
    ],
    ['breaks down', () => Promise.reject(new Error('the thread has ended'))],
    [
      'breaks off',
      async (count, look) => {
        await verifyAll(Math.floor(count / 3), look);
        throw new Error('the thread has ended');
      },
    ],
    [
      'says nothing of what it takes',
      (count, look) => {
        for (let place = 0; place < count; place += 1) look(place, false);
      },
    ],
  ])('comes to the same state when its verifier %s', async (_, behaviour) => {
    const verifier = new ScriptedVerifier(behaviour);
    const alone = await catchUp();
    expect(await catchUp(verifier)).toEqual(alone);
    // The pages near the head are left to the own thread.
    expect(verifier.asked).toBe(2 * pageLeaves);
  });
});

it('is served pages that end where entry bundles end, until the last', async () => {
  await using gamma = await openReplica(federation, 'gamma', { clock });
  await takeInAll(gamma);
  const { origin } = alpha.batch(0, 1);
  const ends: number[] = [];
  for (let first = 10; first < leafCount; first = ends.at(-1)!) {
    const page = (await gamma.page(origin, first))!;
    expect(page.leaves).toEqual(alpha.leaves.slice(first, first + page.leaves.length));
    expect(page.payloads).toHaveLength(page.leaves.length);
    ends.push(first + page.leaves.length);
  }
  expect(ends).toEqual([512, 1024, 1536, leafCount]);
  // One that is asked for up to a place ends there.
  expect((await gamma.page(origin, 10, 300))!.leaves).toHaveLength(290);
});
