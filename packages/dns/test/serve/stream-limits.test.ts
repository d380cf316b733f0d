/** What a connection may cost: its idle time, and the number of connections. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createResponder, startDnsServer } from '@callbook/dns';
import type { DnsServer } from '@callbook/dns';
import { recordTypes } from '@callbook/dns/wire';
import { streamConnectionsMax, streamIdleMsMax } from '../../src/serve/stream-limits.ts';
import { createTestZones, enumName, queryOf } from '../test-zones.ts';

const query = queryOf({ name: enumName('4915123456789'), type: recordTypes.NAPTR, edns: {} });
const framed = Uint8Array.of(query.length >> 8, query.length, ...query);
const respond = createResponder([createTestZones().directory]);
let server: DnsServer;
const sockets: Socket[] = [];

beforeEach(async () => {
  // Sockets have timers of their own, which go on.
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  server = await startDnsServer({ listen: [{ address: '127.0.0.1', port: 0 }], respond });
});
afterEach(async () => {
  vi.useRealTimers();
  for (const socket of sockets.splice(0)) socket.destroy();
  await server[Symbol.asyncDispose]();
});

/** Connects, and makes sure that the server has seen it. */
async function connected(): Promise<Socket> {
  const socket = connect(server.addresses[0]!.port, '127.0.0.1');
  sockets.push(socket);
  await once(socket, 'connect');
  await answered(socket);
  return socket;
}

async function answered(socket: Socket): Promise<void> {
  const answer = once(socket, 'data');
  socket.write(framed);
  await answer;
}

describe('a connection', () => {
  it('without a whole query for the idle time is closed', async () => {
    const socket = await connected();
    const closed = once(socket, 'close');
    await vi.advanceTimersByTimeAsync(streamIdleMsMax - 1);
    expect(socket.closed).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await closed;
  });

  it('that is used goes on', async () => {
    const socket = await connected();
    for (let round = 0; round < 5; round += 1) {
      await vi.advanceTimersByTimeAsync(streamIdleMsMax - 1);
      await answered(socket);
    }
    expect(socket.closed).toBe(false);
  });

  it('is not kept open by parts of a query', async () => {
    const socket = await connected();
    const closed = once(socket, 'close');
    for (const octet of framed.subarray(0, 10)) {
      socket.write(Uint8Array.of(octet));
      // The server has read it: closed over octets that it has not, a connection is reset.
      await nextTurn();
      await vi.advanceTimersByTimeAsync(streamIdleMsMax / 10);
    }
    await closed;
  });
});

describe('one connection more than there may be', () => {
  it('closes the one that has been idle longest', async () => {
    const first = await connected();
    const second = await connected();
    for (let index = 2; index < streamConnectionsMax; index += 1) await connected();
    await answered(first);
    const closed = once(second, 'close');
    await connected();
    await closed;
    await answered(first);
    expect(sockets.filter((socket) => socket.closed)).toEqual([second]);
  });
});
