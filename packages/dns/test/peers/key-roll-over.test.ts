/**
 * unbound asks without a pause, with TTLs of a second, while the ZSK of a zone rolls over by itself
 * and its KSK by CDS: the parent, which nobody told, takes its DS from the CDS that unbound validated.
 * Not one answer may fail, nor be taken for insecure. One unbound caches and does not validate, the
 * other validates what the first has in its cache and keeps nothing: so keys, signatures and DS of
 * different ages meet, as they do behind a forwarder.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSocket } from 'node:dgram';
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
import { encodeMessage, parseMessage, parseRdata, recordTypes } from '@callbook/dns/wire';
import type { Message } from '@callbook/dns/wire';
import { nameOf } from '../test-zones.ts';
import { freePort, startDaemon } from './peer-tools.ts';

const clock = { nowMs: (): number => Date.now() };
const loopback = '127.0.0.1';
const apex = 'e164.alpha.test.';
// Not the TTL of DNSKEY: caches that renew everything at once would hide what is out of step.
const ttls = { infrastructureSeconds: 2, denialSeconds: 1 };
const timings: KeyTimings = {
  dnskeyTtlMs: 1000,
  zoneTtlMsMax: 2000,
  parentDsTtlMs: 2000,
  // unbound counts TTLs in whole seconds, rounded up.
  propagationMs: 1000,
  zskLifetimeMs: 4000,
};

const parentDelayMs = 1500;

class Resolver {
  private readonly port: number;

  constructor(port: number) {
    this.port = port;
  }

  async ask(name: string, type: number): Promise<Message> {
    const socket = createSocket('udp4');
    const header = {
      isResponse: false,
      opcode: 0,
      authoritative: false,
      truncated: false,
      recursionDesired: true,
      recursionAvailable: false,
      authenticData: true,
      checkingDisabled: false,
      responseCode: 0,
    };
    const query = encodeMessage({
      ...header,
      id: Math.floor(Math.random() * 65_536),
      questions: [{ name: nameOf(name), type, class: 1 }],
      answers: [],
      authorities: [],
      additionals: [],
      edns: { udpPayloadBytes: 1232, version: 0, dnssecOk: true, compactOk: false, options: [] },
    });
    try {
      return await new Promise((resolve, reject) => {
        const patience = setTimeout(() => reject(new Error(`no answer for ${name}`)), 5000);
        socket.on('message', (datagram) => {
          clearTimeout(patience);
          const parsed = parseMessage(new Uint8Array(datagram));
          if (parsed.verdict === 'accept') resolve(parsed.value);
          else reject(new Error(parsed.message));
        });
        socket.send(query, this.port, loopback);
      });
    } finally {
      socket.close();
    }
  }
}

/** Serves through a responder that may be replaced. */
async function serve(stack: AsyncDisposableStack, respond: Responder) {
  const server = stack.use(
    await startDnsServer({ listen: [{ address: loopback, port: 0 }], respond }),
  );
  return server.addresses[0]!;
}

/** Starts unbound with settings of its server and clauses after them. */
async function startUnbound(
  stack: AsyncDisposableStack,
  server: readonly string[],
  clauses: string,
): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'callbook-unbound-'));
  stack.defer(async () => await rm(directory, { recursive: true }));
  const port = await freePort();
  const configuration = `server:
  interface: ${loopback}@${port}
  directory: "${directory}"
  chroot: ""
  username: ""
  pidfile: ""
  do-daemonize: no
  use-syslog: no
  num-threads: 1
  do-not-query-localhost: no
  local-zone: "test." nodefault
  ${server.join('\n  ')}
remote-control:
  control-enable: no
${clauses}`;
  await writeFile(join(directory, 'unbound.conf'), configuration);
  const args = ['-d', '-c', join(directory, 'unbound.conf')];
  stack.use(await startDaemon('unbound', args, { readyText: 'start of service' }));
  return port;
}

/** A validator without a cache before a cache without a validator. */
async function startResolver(
  stack: AsyncDisposableStack,
  setting: { readonly anchor: string; readonly stubs: Readonly<Record<string, number>> },
): Promise<Resolver> {
  const stubs = Object.entries(setting.stubs).map(
    ([name, at]) => `stub-zone:\n  name: "${name}"\n  stub-addr: ${loopback}@${at}\n`,
  );
  const cache = ['module-config: "iterator"', 'qname-minimisation: yes', 'use-caps-for-id: yes'];
  const cachePort = await startUnbound(stack, cache, stubs.join(''));
  const validator = [
    'module-config: "validator iterator"',
    `trust-anchor: "test. IN DS ${setting.anchor}"`,
    'cache-max-ttl: 0',
    'cache-max-negative-ttl: 0',
    // Asking everything again when something is bogus would hide what this is about.
    'val-max-restart: 0',
    'val-bogus-ttl: 0',
  ];
  const forward = `forward-zone:\n  name: "."\n  forward-addr: ${loopback}@${cachePort}\n`;
  return new Resolver(await startUnbound(stack, validator, forward));
}

/** Asks one question after the other until it is aborted; returns the failures. */
async function askContinuously(resolver: Resolver, signal: AbortSignal) {
  const failures: string[] = [];
  let count = 0;
  const questions: (() => [string, number, number])[] = [
    () => [`www.${apex}`, recordTypes.A, 1],
    () => [`deep.www.${apex}`, recordTypes.TXT, 1],
    () => [`unseen-${count}.${apex}`, recordTypes.A, 0],
    () => [apex, recordTypes.SOA, 1],
    () => [apex, recordTypes.DNSKEY, 2],
    () => [apex, recordTypes.DS, 1],
  ];
  while (!signal.aborted) {
    const [name, type, answersMin] = questions[count % questions.length]!();
    const { responseCode, authenticData, answers } = await resolver.ask(name, type);
    if (responseCode !== 0 || !authenticData || answers.length < answersMin)
      failures.push(`question ${count}, type ${type}: ${responseCode}, AD ${authenticData}`);
    count += 1;
    await sleep(2);
  }
  return { count, failures };
}

describe.each([13, 15] as const)('unbound, while keys of algorithm %i roll over', (algorithm) => {
  it('never fails an answer', async () => {
    await using stack = new AsyncDisposableStack();
    const directory = await mkdtemp(join(tmpdir(), 'callbook-roll-over-'));
    stack.defer(async () => await rm(directory, { recursive: true }));
    const scene = await startZones(stack, directory, algorithm);
    const stopAsking = new AbortController();
    const asking = [0, 1].map(async () => await askContinuously(scene.resolver, stopAsking.signal));

    await sleep(300);
    await changeKeyState(scene.store, Date.now(), (state) => requestRoll(state, 'ksk'));
    const deadlineMs = Date.now() + 20_000;
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
    expect(scene.dsTags.size).toBe(2);
    expect(Math.min(...asked.map(({ count }) => count))).toBeGreaterThan(200);
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
  const dsTags = new Set<number>();
  const delegateTo = (ds: readonly string[]): void => {
    for (const text of ds) dsTags.add(Number(text.split(' ')[0]));
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
    const { answers, authenticData } = await resolver.ask(apex, recordTypes.CDS);
    const cds = answers.flatMap(({ type, rdata }) => {
      const parsed = parseRdata(type, rdata);
      return parsed.verdict === 'accept' && parsed.value.type === 'CDS' ? [parsed.value] : [];
    });
    if (!authenticData || cds.length === 0) return;
    const ds = cds.map(formatDs);
    if (ds.join() !== wished) wishedSinceMs = Date.now();
    wished = ds.join();
    if (Date.now() - wishedSinceMs > parentDelayMs) delegateTo(ds);
  };
  return { store, resolver, moves, stalls, dsTags, followCds };
}
