/**
 * unbound asks without a pause, with TTLs of a second, while the ZSK of a zone rolls over by itself
 * and its KSK by CDS: the parent, which nobody told, takes its DS from the CDS that unbound validated.
 * Not one answer may fail, nor be taken for insecure.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
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
import type { KeyEvent, KeyTimings, Responder, ZoneAlgorithm } from '@callbook/dns';
import { recordTypes } from '@callbook/dns/wire';
import { nameOf } from '../test-zones.ts';
import { askContinuously, startResolver, validatedCds } from './roll-over-resolver.ts';
import type { RollOverQuestion } from './roll-over-resolver.ts';

const clock = { nowMs: (): number => Date.now() };
const loopback = '127.0.0.1';
const apex = 'e164.alpha.test.';
// Not the TTL of DNSKEY: caches that renew everything at once would hide what is out of step.
const ttls = { infrastructureSeconds: 2, denialSeconds: 1 };
const timings: KeyTimings = {
  dnskeyTtlMs: 1000,
  zoneTtlMsMax: 2000,
  parentDsTtlMs: 2000,
  // unbound counts TTLs in whole seconds, rounded up; half a second is for a machine with other load.
  propagationMs: 1500,
  zskLifetimeMs: 4000,
};

const parentDelayMs = 1500;

/** Serves through a responder that may be replaced. */
async function serve(stack: AsyncDisposableStack, respond: Responder) {
  const server = stack.use(
    await startDnsServer({ listen: [{ address: loopback, port: 0 }], respond }),
  );
  return server.addresses[0]!;
}

const questions: readonly ((count: number) => RollOverQuestion)[] = [
  () => [`www.${apex}`, recordTypes.A, 1],
  () => [`deep.www.${apex}`, recordTypes.TXT, 1],
  (count) => [`unseen-${count}.${apex}`, recordTypes.A, 0],
  () => [apex, recordTypes.SOA, 1],
  () => [apex, recordTypes.DNSKEY, 2],
  () => [apex, recordTypes.DS, 1],
];

describe.each([13, 15] as const)('unbound, while keys of algorithm %i roll over', (algorithm) => {
  it('never fails an answer', { timeout: 90_000 }, async () => {
    await using stack = new AsyncDisposableStack();
    const directory = await mkdtemp(join(tmpdir(), 'callbook-roll-over-'));
    stack.defer(async () => await rm(directory, { recursive: true }));
    const scene = await startZones(stack, directory, algorithm);
    const stopAsking = new AbortController();
    const asking = [0, 1].map(
      async () => await askContinuously(scene.resolver, questions, stopAsking.signal),
    );

    await sleep(300);
    await changeKeyState(scene.store, Date.now(), (state) => requestRoll(state, 'ksk'));
    const deadlineMs = Date.now() + 45_000;
    const isDone = (): boolean =>
      ['ksk removed', 'zsk removed', 'zsk-3 active'].every((move) => scene.moves.includes(move)) ||
      ['ksk removed', 'zsk removed', 'zsk-4 active'].every((move) => scene.moves.includes(move));
    while (!isDone() && Date.now() < deadlineMs) {
      await sleep(100);
      await scene.followCds();
    }
    // What is in caches now must still be good when it is asked for again.
    await sleep(2000);
    stopAsking.abort();
    const asked = await Promise.all(asking);

    expect(asked.flatMap(({ failures }) => failures)).toEqual([]);
    expect(isDone(), scene.moves.join()).toBe(true);
    expect(scene.dsSeen.size).toBe(2);
    // Each question many times over; how often is up to the machine.
    expect(Math.min(...asked.map(({ count }) => count))).toBeGreaterThan(60);
    expect(scene.stalls).toEqual([]);
  });
});

/** The parent with fixed keys, the child with keys that roll, and a resolver before both. */
async function startZones(
  stack: AsyncDisposableStack,
  directory: string,
  algorithm: ZoneAlgorithm,
) {
  const store = openKeyFolder(directory);
  await createFirstKeys(store, { roles: ['ksk', 'zsk'], algorithm }, Date.now());
  const moves: string[] = [];
  const stalls: KeyEvent[] = [];
  const parentKeys = generateZoneKeys(algorithm);
  let parent: Responder = () => undefined;
  const parentAt = await serve(stack, (query, transport) => parent(query, transport));
  const keeper = stack.use(
    await openKeyKeeper({
      apex,
      store,
      timings,
      clock,
      parentDs: async () => await askParentDs(apex, [parentAt]),
      onEvent: (event) => {
        if (event.kind === 'moved') moves.push(`${event.id} ${event.phase}`);
        else if (event.kind === 'stalled' || event.kind === 'parent_unknown') stalls.push(event);
      },
    }),
  );
  keeper.start(50);
  const nameservers = [{ name: `ns.${apex}`, addresses: [loopback] }];
  const child = createStaticZone({
    apex,
    nameservers,
    delegations: [],
    records: [
      { name: `www.${apex}`, rdatas: [{ type: 'A', address: '192.0.2.80' }] },
      {
        name: `deep.www.${apex}`,
        rdatas: [{ type: 'TXT', strings: [new TextEncoder().encode('v=callbook1')] }],
      },
    ],
    keys: keeper,
    clock,
    ttls,
  });
  const childAt = await serve(stack, createResponder([child]));
  const dsSeen = new Set<string>();
  const delegateTo = (ds: readonly string[]): void => {
    for (const text of ds) dsSeen.add(text);
    const zone = createStaticZone({
      apex: 'test.',
      nameservers: [{ name: 'ns.test.', addresses: [loopback] }],
      delegations: [{ name: apex, nameservers, ds }],
      keys: parentKeys,
      clock,
      ttls,
    });
    parent = createResponder([zone]);
  };
  delegateTo(keeper.current().delegated.map((key) => formatDs(dsOf(nameOf(apex), key))));
  const resolver = await startResolver(stack, {
    anchor: zoneDs('test.', parentKeys),
    stubs: { 'test.': parentAt.port, [apex]: childAt.port },
  });
  let wished: string | undefined;
  let wishedSinceMs = 0;
  /** RFC 7344 §6.1: the parent polls CDS, validates it, and replaces its DS, when it gets round to it. */
  const followCds = async (): Promise<void> => {
    const ds = await validatedCds(resolver, apex);
    if (ds.length === 0) return;
    if (ds.join() !== wished) wishedSinceMs = Date.now();
    wished = ds.join();
    if (Date.now() - wishedSinceMs > parentDelayMs) delegateTo(ds);
  };
  return { store, resolver, moves, stalls, dsSeen, followCds };
}
