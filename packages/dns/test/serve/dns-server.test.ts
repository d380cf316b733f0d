/** Sockets: one port for UDP and TCP, pipelining, partial queries, slow readers, disposal. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createResponder, startDnsServer } from '@callbook/dns';
import type { DnsServer } from '@callbook/dns';
import { parseMessage, recordTypes } from '@callbook/dns/wire';
import { createTestZones, enumName, queryOf } from '../test-zones.ts';

const query = queryOf({ name: enumName('4915123456789'), type: recordTypes.NAPTR, edns: {} });
const respond = createResponder([createTestZones().directory]);
let server: DnsServer;
let port = 0;

beforeAll(async () => {
  server = await startDnsServer({ listen: [{ address: '127.0.0.1', port: 0 }], respond });
  port = server.addresses[0]!.port;
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

function framed(message: Uint8Array): Uint8Array {
  return Uint8Array.of(message.length >> 8, message.length, ...message);
}

/** Reads framed messages until there are `count`. */
async function readMessages(socket: Socket, count: number): Promise<Uint8Array[]> {
  const messages: Uint8Array[] = [];
  let pending = Buffer.alloc(0);
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    pending = Buffer.concat([pending, chunk as Buffer]);
    while (pending.length >= 2 && pending.length >= 2 + pending.readUInt16BE()) {
      messages.push(pending.subarray(2, 2 + pending.readUInt16BE()));
      pending = pending.subarray(2 + pending.readUInt16BE());
    }
    if (messages.length >= count) break;
  }
  return messages;
}

async function connected(): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

describe('UDP', () => {
  it('answers from the port that was found', async () => {
    const socket = createSocket('udp4');
    socket.send(query, port, '127.0.0.1');
    const [response] = (await once(socket, 'message')) as [Buffer];
    socket.close();
    expect(parseMessage(response)).toMatchObject({ value: { id: 0x1234, responseCode: 0 } });
  });

  it('says nothing to responses and goes on', async () => {
    const socket = createSocket('udp4');
    const response = Uint8Array.from(query);
    response[2] = 0x80;
    socket.send(response, port, '127.0.0.1');
    socket.send(new Uint8Array(0), port, '127.0.0.1');
    socket.send(query, port, '127.0.0.1');
    const [first] = (await once(socket, 'message')) as [Buffer];
    socket.close();
    expect(parseMessage(first)).toMatchObject({ value: { answers: [{ type: 35 }] } });
  });
});

describe('TCP', () => {
  it('answers queries sent together, in order', async () => {
    const socket = await connected();
    const queries = Array.from({ length: 50 }, (_, index) => {
      const one = Uint8Array.from(query);
      one[1] = index;
      return framed(one);
    });
    socket.write(Buffer.concat(queries));
    const responses = await readMessages(socket, 50);
    socket.destroy();
    expect(responses.map((response) => response[1])).toEqual(queries.map((_, index) => index));
  });

  it('answers a query that comes octet by octet, and one behind it', async () => {
    const socket = await connected();
    socket.setNoDelay(true);
    for (const octet of framed(query)) {
      socket.write(Uint8Array.of(octet));
      await sleep(1);
    }
    socket.write(framed(query));
    expect(await readMessages(socket, 2)).toHaveLength(2);
    socket.destroy();
  });

  it('answers what came before the client closed its side', async () => {
    const socket = await connected();
    socket.end(framed(query));
    expect(await readMessages(socket, 1)).toHaveLength(1);
  });

  it('stops reading from a client that takes no answers, and serves it when it does', async () => {
    const count = 40_000;
    const socket = await connected();
    socket.pause();
    socket.write(Buffer.concat(Array.from({ length: count }, () => framed(query))));
    await sleep(100);
    expect(await readMessages(socket, count)).toHaveLength(count);
    socket.destroy();
  });

  it('drops a connection that is reset, and goes on', async () => {
    const socket = await connected();
    socket.write(framed(query));
    socket.resetAndDestroy();
    const next = await connected();
    next.write(framed(query));
    expect(await readMessages(next, 1)).toHaveLength(1);
    next.destroy();
  });
});

describe('startDnsServer', () => {
  it('says which port cannot be bound, and leaves nothing bound', async () => {
    const listen = [
      { address: '127.0.0.1', port: 0 },
      { address: '127.0.0.1', port },
    ];
    await expect(startDnsServer({ listen, respond })).rejects.toMatchObject({
      code: 'dns_listen_failed',
      details: { port, errno: 'EADDRINUSE' },
    });
  });

  it('ends open connections when disposed, and frees the port', async () => {
    const listen = [{ address: '127.0.0.1', port: 0 }];
    const first = await startDnsServer({ listen, respond });
    const socket = connect(first.addresses[0]!.port, '127.0.0.1');
    await once(socket, 'connect');
    await sleep(10);
    const closed = once(socket, 'close');
    await first[Symbol.asyncDispose]();
    await closed;
    const again = await startDnsServer({ listen: first.addresses, respond });
    expect(again.addresses).toEqual(first.addresses);
    await again[Symbol.asyncDispose]();
  });

  it('listens on IPv6', async () => {
    await using six = await startDnsServer({ listen: [{ address: '::1', port: 0 }], respond });
    const socket = createSocket('udp6');
    socket.send(query, six.addresses[0]!.port, '::1');
    const [response] = (await once(socket, 'message')) as [Buffer];
    socket.close();
    expect(parseMessage(response)).toMatchObject({ value: { responseCode: 0 } });
  });
});
