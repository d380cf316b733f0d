/**
 * A zone on its sockets, with the worker threads and the guard that the daemon has: what threads must
 * agree on, they agree on.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createZoneKeys } from '@callbook/dns';
import {
  ednsOptionCodes,
  encodeMessage,
  queryMessage,
  parseMessage,
  parseName,
  recordTypes,
} from '@callbook/dns/wire';
import type { EdnsOption, Message } from '@callbook/dns/wire';
import { openLevelStore } from '@callbook/replication';
import type { Replica } from '@callbook/replication';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readDnsGuard } from '../src/dns-guard.ts';
import { startZoneServer } from '../src/zone-server.ts';
import type { ZoneServer, ZoneServerOptions } from '../src/zone-server.ts';

const apex = 'e164.alpha.test';
const responsesPerSecond = 200;
const stack = new AsyncDisposableStack();
let server: ZoneServer;
let port = 0;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-zone-'));
  stack.defer(async () => await rm(folder, { recursive: true }));
  const [storeFolder, zoneKeysFolder] = [join(folder, 'store'), join(folder, 'zone-keys')];
  const store = await openLevelStore(storeFolder, { cacheBytes: 1 << 20, sharedByThreads: true });
  stack.defer(async () => await store.close());
  await createZoneKeys(zoneKeysFolder, 13);
  const dns = { listen: [], nameservers: [], contact: 'hostmaster@alpha.test' };
  const guard = await readDnsGuard({ ...dns, nsid: 'alpha-1', rateLimit: { responsesPerSecond } });
  const options: ZoneServerOptions = {
    listen: [{ address: '127.0.0.1', port: 0 }],
    workers: 2,
    answerTableMebibytes: 1,
    replica: emptyReplica,
    storeFolder,
    zoneKeysFolder,
    zone: {
      apex,
      nameservers: [{ name: `ns.${apex}`, addresses: ['127.0.0.1'] }],
      contact: 'hostmaster@alpha.test',
    },
    ...guard,
  };
  server = stack.use(await startZoneServer(options));
  port = server.addresses[0]!.port;
});
afterAll(async () => await stack.disposeAsync());

/** Nothing is registered; the zone's own records are enough here. */
const emptyReplica = {
  bindings: { byDigits: () => undefined, byOwnerHash: () => undefined },
  membership: { charters: { current: { hash: new Uint8Array(32) } } },
  onChange: () => () => undefined,
  onCharter: () => () => undefined,
} as unknown as Pick<Replica, 'bindings' | 'membership' | 'onChange' | 'onCharter'>;

function soaQuery(options: readonly EdnsOption[]): Uint8Array {
  const name = parseName(apex);
  if (name.verdict !== 'accept') throw new Error(name.message);
  return encodeMessage(
    queryMessage(
      { name: name.value, type: recordTypes.SOA },
      {
        id: 0x1234,
        edns: { udpPayloadBytes: 1232, version: 0, dnssecOk: false, compactOk: false, options },
      },
    ),
  );
}

function parsed(octets: Uint8Array): Message {
  const message = parseMessage(octets);
  if (message.verdict !== 'accept') throw new Error(message.message);
  return message.value;
}

/** Asks from a port of its own, so that any worker may have to answer. */
async function askUdp(query: Uint8Array, from = '127.0.0.1'): Promise<Message> {
  const socket = createSocket('udp4');
  socket.bind({ address: from });
  await once(socket, 'listening');
  socket.send(query, port, '127.0.0.1');
  const [answer] = (await once(socket, 'message')) as [Buffer];
  socket.close();
  return parsed(answer);
}

async function askTcp(query: Uint8Array): Promise<Message> {
  const socket = connect(port, '127.0.0.1');
  socket.write(Uint8Array.of(query.length >> 8, query.length, ...query));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return parsed(answer.subarray(2));
}

const { cookie, nsid } = ednsOptionCodes;

function cookieIn(message: Message): Uint8Array {
  return message.edns!.options.find(({ code }) => code === cookie)!.octets;
}

async function freshCookie(): Promise<Uint8Array> {
  return cookieIn(await askTcp(soaQuery([{ code: cookie, octets: new Uint8Array(8) }])));
}

/** Asks for a cookie alone, of several threads: BADCOOKIE if the one at hand is not valid. */
async function isTaken(octets: Uint8Array): Promise<boolean> {
  const noQuestion = encodeMessage({
    ...parsed(soaQuery([{ code: cookie, octets }])),
    questions: [],
  });
  const answers = await Promise.all(
    Array.from({ length: 8 }, async () => await askUdp(noQuestion)),
  );
  const codes = new Set(answers.map(({ responseCode }) => responseCode));
  if (codes.size > 1) throw new Error('threads disagree');
  return codes.has(0);
}

describe('every thread', () => {
  it('takes the cookies of all others, and those of the secret before', async () => {
    const made = await freshCookie();
    expect(await isTaken(made)).toBe(true);
    const old = new Uint8Array(16).fill(1);
    server.rollCookies({ current: old });
    await vi.waitFor(async () => expect(await isTaken(made)).toBe(false), 20_000);
    const next = await freshCookie();
    server.rollCookies({ current: new Uint8Array(16).fill(2), previous: old });
    // Eight queries may all have come to one thread: the other may not even know the first secret.
    await expect.poll(async () => await isTaken(next)).toBe(true);
  });

  it('says which server it is', async () => {
    const octets = await freshCookie();
    const message = await askUdp(
      soaQuery([
        { code: cookie, octets },
        { code: nsid, octets: new Uint8Array(0) },
      ]),
    );
    const found = message.edns!.options.find(({ code }) => code === nsid);
    expect(new TextDecoder().decode(found!.octets)).toBe('alpha-1');
  });

  it('holds a network to one limit with all others', async () => {
    const counts = { full: 0, short: 0 };
    const sockets = Array.from({ length: 16 }, () => createSocket('udp4'));
    for (const [index, socket] of sockets.entries()) {
      socket.bind({ address: `127.0.1.${index + 1}` });
      await once(socket, 'listening');
      socket.on('message', (answer) => {
        if (parsed(answer).answers.length > 0) counts.full += 1;
        else counts.short += 1;
      });
    }
    const startedMs = Date.now();
    const query = soaQuery([]);
    for (let index = 0; index < 1000; index += 1)
      sockets[index % sockets.length]!.send(query, port, '127.0.0.1');
    await vi.waitFor(() => expect(counts.full + counts.short).toBeGreaterThan(400), 20_000);
    const seconds = (Date.now() - startedMs) / 1000;
    for (const socket of sockets) socket.close();
    // Two threads may both lose a charge now and then; each by itself would have doubled it.
    expect(counts.full).toBeLessThan(responsesPerSecond * (1.5 + seconds));
    expect(counts.full).toBeGreaterThanOrEqual(responsesPerSecond * 0.9);
  });
});
