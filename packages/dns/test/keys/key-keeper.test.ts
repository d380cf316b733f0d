/**
 * The keeper through whole roll-overs: stopped and started again at every step, with each of its
 * writes failing in either way, alone and together with a crash. A resolver's view must never break.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeKeyState, openKeyKeeper } from '@callbook/dns';
import type { KeyEvent, KeyKeeper } from '@callbook/dns';
import { dsOf } from '../../src/sign/delegation-signer.ts';
import { requestRoll } from '../../src/keys/key-changes.ts';
import { compareOctets } from '../../src/wire/octets.ts';
import type { DsRdata } from '../../src/wire/rdata.ts';
import { nameOf, TestClock } from '../test-zones.ts';
import { MemoryKeyStore } from './memory-key-store.ts';
import type { Fault } from './memory-key-store.ts';
import { RollOverObserver, testTimings } from './roll-over-observer.ts';

const apex = 'example.';
const faults: readonly Fault[] = ['failed, not persisted', 'failed, but persisted'];

/** A member, its parent which follows CDS after a while, and a resolver that watches. */
class Scene {
  readonly store = new MemoryKeyStore();
  readonly clock = new TestClock();
  readonly observer = new RollOverObserver();
  readonly events: KeyEvent[] = [];
  keeper!: KeyKeeper;
  private ds: DsRdata[] = [];
  private wishedSinceMs = 0;

  static async open(): Promise<Scene> {
    const scene = new Scene();
    for (const role of ['ksk', 'zsk']) await scene.store.createKey(role, 15);
    await scene.restart();
    scene.ds = scene.cds();
    scene.look();
    return scene;
  }

  /** As after a crash: nothing is left but the store. */
  async restart(): Promise<void> {
    this.keeper = await openKeyKeeper({
      apex,
      store: this.store,
      timings: testTimings,
      clock: this.clock,
      parentDs: async () => await Promise.resolve(this.ds),
      onEvent: (event) => this.events.push(event),
    });
  }

  async pass(ms: number): Promise<void> {
    this.look();
    this.clock.now += ms;
    this.look();
    await this.keeper.advance();
    this.look();
    const wished = this.cds();
    if (isSameDs(wished[0]!, this.ds[0]!)) this.wishedSinceMs = this.clock.now;
    else if (this.clock.now - this.wishedSinceMs > 30_000) this.ds = wished;
  }

  async roll(role: 'ksk' | 'zsk'): Promise<void> {
    await changeKeyState(this.store, this.clock.now, (state) => requestRoll(state, role));
  }

  look(): void {
    const keySet = this.keeper.current();
    const named = keySet.dnskeys.find((dnskey) =>
      isSameDs(dsOf(nameOf(apex), dnskey), this.ds[0]!),
    );
    this.observer.look(keySet, named!.publicKey.toHex(), this.clock.now);
  }

  moves(): readonly string[] {
    return this.events.flatMap((event) =>
      event.kind === 'moved' ? [`${event.id} ${event.phase}`] : [],
    );
  }

  private cds(): DsRdata[] {
    return this.keeper.current().delegated.map((dnskey) => dsOf(nameOf(apex), dnskey));
  }
}

/** By the digest: one pair of keys in 65 536 has the same tag. */
function isSameDs(one: DsRdata, other: DsRdata): boolean {
  return compareOctets(one.digest, other.digest) === 0;
}

const wholeRollOver = [
  'ksk-3 published',
  'zsk-2 published',
  'ksk-3 ready',
  'zsk-2 ready',
  'zsk-2 active',
  'zsk retired',
  'ksk-3 active',
  'ksk retired',
  'zsk removed',
  'ksk removed',
];

async function rollBoth(scene: Scene, passes = 70): Promise<void> {
  await scene.roll('ksk');
  await scene.roll('zsk');
  for (let count = 0; count < passes; count += 1) await scene.pass(10_000);
}

describe('the keeper', () => {
  it('rolls both keys over, and destroys what is replaced', async () => {
    const scene = await Scene.open();
    await rollBoth(scene);
    expect([...scene.moves()].sort()).toEqual([...wholeRollOver].sort());
    expect([...scene.store.keys.keys()].sort()).toEqual(['ksk-3', 'zsk-2']);
  });

  it('started again before every step takes each step once', async () => {
    const scene = await Scene.open();
    await scene.roll('ksk');
    await scene.roll('zsk');
    for (let count = 0; count < 70; count += 1) {
      await scene.restart();
      await scene.pass(10_000);
    }
    expect([...scene.moves()].sort()).toEqual([...wholeRollOver].sort());
  });

  /** Every write of a whole roll-over in turn. */
  const writeCount = 13;
  const cases = Array.from({ length: writeCount }, (_, write) =>
    faults.flatMap((fault) =>
      [1, 60].flatMap((passes) => [false, true].map((crash) => ({ write, fault, passes, crash }))),
    ),
  ).flat();

  it.each(cases)(
    'survives write $write that $fault for $passes rounds, crash: $crash',
    async (at) => {
      const scene = await Scene.open();
      let writes = 0;
      let failures = 0;
      scene.store.faultOf = () => {
        writes += 1;
        if (writes <= at.write || failures >= at.passes) return undefined;
        failures += 1;
        return at.fault;
      };
      await scene.roll('ksk').catch(() => undefined);
      await scene.roll('zsk').catch(() => undefined);
      let crashed = false;
      for (let count = 0; count < 130; count += 1) {
        await scene.pass(10_000);
        // Late enough for a whole roll-over to have happened in memory, were that allowed.
        if (at.crash && !crashed && failures >= Math.min(at.passes, 45)) {
          await scene.restart();
          crashed = true;
        }
      }
      expect(failures).toBeGreaterThan(0);
      scene.store.faultOf = () => undefined;
      await rollBoth(scene);
      const zsks = [...scene.store.keys.keys()].filter((id) => id.startsWith('zsk'));
      expect(zsks).toHaveLength(1);
    },
  );

  it('never breaks what resolvers have, whatever fails and whenever it crashes', async () => {
    const moment = fc.record({
      waitMs: fc.integer({ min: 1, max: 120_000 }),
      fault: fc.constantFrom(undefined, undefined, ...faults),
      event: fc.constantFrom('crash', 'roll ksk', 'roll zsk', 'nothing', 'nothing'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(moment, { maxLength: 60 }), async (moments) => {
        const scene = await Scene.open();
        for (const { waitMs, fault, event } of moments) {
          scene.store.faultOf = () => fault;
          if (event === 'crash') await scene.restart();
          if (event === 'roll ksk') await scene.roll('ksk').catch(() => undefined);
          if (event === 'roll zsk') await scene.roll('zsk').catch(() => undefined);
          await scene.pass(waitMs);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('tells what stalls it, and takes no second step before the first is durable', async () => {
    const scene = await Scene.open();
    await scene.roll('zsk');
    scene.store.faultOf = (write) =>
      write === 'replaceState' ? 'failed, not persisted' : undefined;
    for (let count = 0; count < 40; count += 1) await scene.pass(10_000);
    expect(scene.moves()).toEqual([]);
    expect(scene.events.at(-1)).toMatchObject({
      kind: 'stalled',
      error: { code: 'dns_key_unwritable' },
    });
    scene.store.faultOf = () => undefined;
    await scene.pass(1);
    expect(scene.moves()).toEqual(['zsk-2 published']);
  });

  it('hands each change to those who answer elsewhere', async () => {
    const scene = await Scene.open();
    const sets: number[] = [];
    const stop = scene.keeper.onChange((snapshot) => {
      sets.push(structuredClone(snapshot).state.keys.length);
    });
    await scene.roll('zsk');
    await scene.pass(1);
    expect(sets).toEqual([2, 3]);
    stop();
    await scene.pass(200_000);
    expect(sets).toHaveLength(2);
  });

  it('advances by itself until it is disposed of', async () => {
    const scene = await Scene.open();
    await scene.roll('zsk');
    scene.keeper.start(1);
    await expect.poll(() => scene.moves()).toEqual(['zsk-2 published']);
    await scene.keeper[Symbol.asyncDispose]();
    scene.clock.now += 1_000_000;
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(scene.moves()).toEqual(['zsk-2 published']);
  });

  it.each([
    [
      'a key file that is lost',
      'dns_key_missing',
      (store: MemoryKeyStore) => store.keys.delete('zsk'),
    ],
    [
      'the key file of another',
      'dns_key_mismatch',
      (store: MemoryKeyStore) => store.keys.set('zsk', store.keys.get('ksk')!),
    ],
  ])('does not start with %s', async (_what, code, damage) => {
    const scene = await Scene.open();
    damage(scene.store);
    await expect(scene.restart()).rejects.toMatchObject({ code });
  });

  it('does not start with an empty folder, or without a KSK and pre-signed keys', async () => {
    const scene = await Scene.open();
    scene.store.stored = undefined;
    scene.store.keys.delete('ksk');
    await expect(scene.restart()).rejects.toMatchObject({ code: 'dns_presigned_missing' });
    scene.store.stored = undefined;
    scene.store.keys.clear();
    await expect(scene.restart()).rejects.toMatchObject({ code: 'dns_key_missing' });
  });
});
