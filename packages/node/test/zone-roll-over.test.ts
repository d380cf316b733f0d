/**
 * A member's zone as it is served, by worker threads with their shared table of answers, while its KSK
 * rolls over by CDS and the parent follows: unbound, asking without a pause, never fails an answer. The
 * daemon's own waits are hours (TTL of DNSKEY, propagation); here they are seconds, and nothing else is
 * other than in the daemon.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  askParentDs,
  changeKeyState,
  createFirstKeys,
  createResponder,
  createStaticZone,
  dsOf,
  formatDs,
  generateZoneKeys,
  openKeyFolder,
  openKeyKeeper,
  requestRoll,
  startDnsServer,
  zoneDs,
} from '@callbook/dns';
import type { KeyEvent, Responder } from '@callbook/dns';
import { recordTypes } from '@callbook/dns/wire';
import { openLevelStore } from '@callbook/replication';
import type { Replica } from '@callbook/replication';
import { expect, it } from 'vitest';
import {
  askContinuously,
  startResolver,
  validatedCds,
} from '../../dns/test/peers/roll-over-resolver.ts';
import type { RollOverQuestion } from '../../dns/test/peers/roll-over-resolver.ts';
import { nameOfZone } from '../src/member-keys.ts';
import { systemClock } from '../src/system-ports.ts';
import { startZoneServer } from '../src/zone-server.ts';

const apex = 'e164.alpha.test.';
const loopback = '127.0.0.1';
const timings = {
  dnskeyTtlMs: 1000,
  zoneTtlMsMax: 3_600_000,
  parentDsTtlMs: 2000,
  // unbound counts TTLs in whole seconds, rounded up.
  propagationMs: 1000,
  zskLifetimeMs: 90 * 86_400_000,
};
const parentDelayMs = 1500;
const deadlineMs = 90_000;

/** Nothing is registered: numbers are denied, by workers, each answer signed when it is asked for. */
const emptyReplica = {
  bindings: { byDigits: () => undefined, byOwnerHash: () => undefined },
  membership: { charters: { current: { hash: new Uint8Array(32) } } },
  onChange: () => () => undefined,
  onCharter: () => () => undefined,
} as unknown as Pick<Replica, 'bindings' | 'membership' | 'onChange' | 'onCharter'>;

const unseenNumber = (count: number): string =>
  `${Array.from(String(4_915_100_000_000 + count))
    .reverse()
    .join('.')}.${apex}`;
const questions: readonly ((count: number) => RollOverQuestion)[] = [
  () => [apex, recordTypes.TXT, 1],
  (count) => [unseenNumber(count), recordTypes.NAPTR, 0],
  (count) => [`unseen-${count}.${apex}`, recordTypes.A, 0],
  () => [apex, recordTypes.SOA, 1],
  () => [apex, recordTypes.DNSKEY, 2],
  () => [apex, recordTypes.DS, 1],
];

it('a KSK rolls over in a zone that is being asked, and no answer fails', async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'callbook-zone-roll-over-'));
  stack.defer(async () => await rm(folder, { recursive: true }));
  const zoneKeysFolder = join(folder, 'zone-keys');
  const keyStore = openKeyFolder(zoneKeysFolder);
  await createFirstKeys(keyStore, { roles: ['ksk', 'zsk'], algorithm: 13 }, Date.now());

  const parentKeys = generateZoneKeys(13);
  let parent: Responder = () => undefined;
  const respond: Responder = (...query) => parent(...query);
  const listen = [{ address: loopback, port: 0 }];
  const parentServer = stack.use(await startDnsServer({ listen, respond }));
  const [parentAt] = parentServer.addresses;
  const events: KeyEvent[] = [];
  const keys = stack.use(
    await openKeyKeeper({
      apex,
      store: keyStore,
      timings,
      clock: systemClock,
      parentDs: async () => await askParentDs(apex, [parentAt!]),
      onEvent: (event) => void events.push(event),
    }),
  );
  const dsSeen = new Set<string>();
  const delegateTo = (ds: readonly string[]): void => {
    for (const text of ds) dsSeen.add(text);
    const zone = createStaticZone({
      apex: 'test.',
      nameservers: [{ name: 'ns.test.', addresses: [loopback] }],
      delegations: [
        { name: apex, nameservers: [{ name: `ns.${apex}`, addresses: [loopback] }], ds },
      ],
      keys: parentKeys,
      clock: systemClock,
      ttls: { infrastructureSeconds: 2, denialSeconds: 1 },
    });
    parent = createResponder([zone]);
  };
  delegateTo(keys.current().delegated.map((key) => formatDs(dsOf(nameOfZone(apex), key))));
  keys.start(50);

  const storeFolder = join(folder, 'store');
  const store = await openLevelStore(storeFolder, { cacheBytes: 1 << 20, sharedByThreads: true });
  stack.defer(async () => await store.close());
  const server = stack.use(
    await startZoneServer({
      listen,
      workers: 2,
      answerTableMebibytes: 1,
      replica: emptyReplica,
      storeFolder,
      zoneKeysFolder,
      keys,
      zone: {
        apex,
        nameservers: [{ name: `ns.${apex}`, addresses: [loopback] }],
        contact: 'hostmaster@alpha.test',
      },
    }),
  );
  const resolver = await startResolver(stack, {
    anchor: zoneDs('test.', parentKeys),
    stubs: { 'test.': parentAt!.port, [apex]: server.addresses[0]!.port },
  });

  const stopAsking = new AbortController();
  const askedCounts = [0, 0];
  const asking = askedCounts.map(async (_, asker) => {
    const counted = questions.map((question) => (count: number) => {
      askedCounts[asker] = count;
      return question(count);
    });
    return await askContinuously(resolver, counted, stopAsking.signal);
  });
  await sleep(300);
  await changeKeyState(keyStore, Date.now(), (state) => requestRoll(state, 'ksk'));
  const isDone = (): boolean =>
    events.some(
      (event) => event.kind === 'moved' && `${event.id} ${event.phase}` === 'ksk removed',
    );
  const startedAtMs = Date.now();
  let wished = '';
  let wishedSinceMs = 0;
  while (!isDone() && Date.now() - startedAtMs < deadlineMs) {
    await sleep(100);
    // RFC 7344 §6.1: the parent polls CDS, validates it, and replaces its DS when it gets round to it.
    const ds = await validatedCds(resolver, apex);
    if (ds.length === 0) continue;
    if (ds.join() !== wished) wishedSinceMs = Date.now();
    wished = ds.join();
    if (Date.now() - wishedSinceMs > parentDelayMs) delegateTo(ds);
  }
  // What is in caches now must still be good when it is asked for again.
  await sleep(2000);
  // However slow the machine is.
  await expect.poll(() => Math.min(...askedCounts), { timeout: 60_000 }).toBeGreaterThan(200);
  stopAsking.abort();
  const asked = await Promise.all(asking);

  expect(asked.flatMap(({ failures }) => failures)).toEqual([]);
  expect(isDone()).toBe(true);
  expect(dsSeen.size).toBe(2);
  expect(Math.min(...asked.map(({ count }) => count))).toBeGreaterThan(200);
  expect(events.filter(({ kind }) => kind === 'stalled' || kind === 'parent_unknown')).toEqual([]);
}, 180_000);
