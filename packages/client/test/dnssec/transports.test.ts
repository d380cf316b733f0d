/** The transports against servers in this process: UDP with TCP behind it, and HTTPS by a fetch. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { dohTransport } from '@callbook/client';
import { socketTransport } from '@callbook/client/node';
import { recordTypes } from '@callbook/dns/wire';
import { afterEach, expect, it } from 'vitest';
import { freePort } from '../../../dns/test/peers/peer-tools.ts';
import { enumName } from '../../../dns/test/test-zones.ts';
import { TestChain } from './test-chain.ts';

const published = enumName('4915123456789');
const { NAPTR } = recordTypes;
const stack: AsyncDisposable[] = [];

afterEach(async () => {
  for (const server of stack.splice(0)) await server[Symbol.asyncDispose]();
});

interface ServerOptions {
  /** UDP answers have TC and nothing else. */
  readonly truncates?: boolean;
  /** Answers of others arrive first. */
  readonly isSpoofed?: boolean;
}

/** Serves a chain on loopback; returns the port and how many queries came by each way. */
async function serve(
  chain: TestChain,
  options: ServerOptions = {},
): Promise<{ port: number; counts: { udp: number; tcp: number }; ids: Set<number> }> {
  const counts = { udp: 0, tcp: 0 };
  const ids = new Set<number>();
  const udp = createSocket('udp4');
  udp.on('message', (query, peer) => {
    counts.udp += 1;
    ids.add(query.readUInt16BE(0));
    void chain.exchange(query).then((octets) => {
      const answer = Buffer.from(octets);
      const cut = Buffer.concat([answer.subarray(0, 12), Buffer.alloc(0)]);
      cut[2]! |= 0x02;
      cut.fill(0, 4, 12);
      if (options.isSpoofed === true) {
        const other = Buffer.from(answer);
        other.writeUInt16BE(answer.readUInt16BE(0) ^ 1, 0);
        udp.send(other, peer.port, peer.address);
        udp.send(Buffer.from('short'), peer.port, peer.address);
      }
      udp.send(options.truncates === true ? cut : answer, peer.port, peer.address);
    });
  });
  const port = await freePort();
  udp.bind(port, '127.0.0.1');
  await once(udp, 'listening');
  const tcp = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (data: Buffer) => {
      counts.tcp += 1;
      void chain.exchange(data.subarray(2)).then((octets) => {
        const size = Buffer.alloc(2);
        size.writeUInt16BE(octets.length);
        // In pieces, as a stream may come.
        socket.write(size.subarray(0, 1));
        socket.write(Buffer.concat([size.subarray(1), octets]));
      });
    });
  });
  tcp.listen(port, '127.0.0.1');
  await once(tcp, 'listening');
  stack.push({
    [Symbol.asyncDispose]: async () => {
      udp.close();
      tcp.close();
      await once(tcp, 'close');
    },
  });
  return { port, counts, ids };
}

it('validates over UDP, with another id for each query', async () => {
  const chain = new TestChain();
  const { port, counts, ids } = await serve(chain, { isSpoofed: true });
  const transport = socketTransport({ address: '127.0.0.1', port });
  const found = await chain.validator({ transport }).validate(published, NAPTR);
  expect(found).toMatchObject({ verdict: 'secure', state: 'records' });
  expect(counts.tcp).toBe(0);
  expect(ids.size).toBeGreaterThan(4);
});

it('comes back by TCP for what was cut off', async () => {
  const chain = new TestChain();
  const { port, counts } = await serve(chain, { truncates: true });
  const transport = socketTransport({ address: '127.0.0.1', port });
  const found = await chain.validator({ transport }).validate(published, NAPTR);
  expect(found).toMatchObject({ verdict: 'secure', state: 'records' });
  expect(counts.tcp).toBe(counts.udp);
});

it('is indeterminate where nobody listens', async () => {
  const chain = new TestChain();
  const { port } = await serve(chain);
  await stack.pop()![Symbol.asyncDispose]();
  const transport = socketTransport({ address: '127.0.0.1', port });
  const found = await chain.validator({ transport }).validate(published, NAPTR);
  expect(found).toMatchObject({ verdict: 'indeterminate', code: 'transport_failed' });
});

const url = 'https://dns.example/dns-query';
const dnsMessage = { headers: { 'content-type': 'application/dns-message' } };

it('validates over HTTPS, by POST and with id 0', async () => {
  const chain = new TestChain();
  const seen: RequestInit[] = [];
  const transport = dohTransport({
    url,
    fetch: async (_, init) => {
      seen.push(init);
      const octets = await chain.exchange(init.body as Uint8Array);
      return new Response(octets as Uint8Array<ArrayBuffer>, dnsMessage);
    },
  });
  const found = await chain.validator({ transport }).validate(published, NAPTR);
  expect(found).toMatchObject({ verdict: 'secure', state: 'records' });
  expect(seen.every(({ method, redirect }) => method === 'POST' && redirect === 'error')).toBe(
    true,
  );
  // RFC 8484 §4.1: "clients using media formats that include the ID field (…) SHOULD use a DNS ID of 0".
  expect(seen.every(({ body }) => (body as Uint8Array)[0] === 0)).toBe(true);
});

it.each([
  ['a page of HTML', () => new Response('<html>', { headers: { 'content-type': 'text/html' } })],
  ['an error', () => new Response(new Uint8Array(12), { ...dnsMessage, status: 502 })],
  ['more than a DNS message can be', () => new Response(new Uint8Array(70_000), dnsMessage)],
])('is indeterminate when HTTPS brings %s', async (_, respond) => {
  const transport = dohTransport({ url, fetch: () => Promise.resolve(respond()) });
  const found = await new TestChain().validator({ transport }).validate(published, NAPTR);
  expect(found).toMatchObject({ verdict: 'indeterminate', code: 'transport_failed' });
});
