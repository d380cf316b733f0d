/** The responder over its rate limit: what is cut short, what is exempt, and what a flood costs us. */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  createCookieSecrets,
  createRateLimitMemory,
  createResponder,
  RateLimiter,
  startDnsServer,
} from '@callbook/dns';
import type { Responder } from '@callbook/dns';
import { ednsOptionCodes, encodeMessage, parseMessage, recordTypes } from '@callbook/dns/wire';
import type { Message } from '@callbook/dns/wire';
import { createTestZones, directoryApex, enumName, queryOf, TestClock } from '../test-zones.ts';

const random = {
  bytes: (size: number): Uint8Array => crypto.getRandomValues(new Uint8Array(size)),
};
const zones = createTestZones(15);
const client = { octets: Uint8Array.of(192, 0, 2, 1), port: 5353 };
const clientCookie = {
  code: ednsOptionCodes.cookie,
  octets: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8),
};
const draft = { name: enumName('4915123456789'), type: recordTypes.NAPTR };
const query = queryOf({ ...draft, edns: { dnssecOk: true } });

/** A responder of which 10 full answers a second may be had, and every second short one. */
function limited(clock = new TestClock()): { respond: Responder; clock: TestClock } {
  const secrets = createCookieSecrets(random);
  const memory = createRateLimitMemory({ responsesPerSecond: 10, slip: 2 }, random);
  const respond = createResponder([zones.directory], {
    cookies: { secrets: () => secrets, clock },
    rateLimiter: new RateLimiter(memory, clock),
  });
  return { respond, clock };
}

function exhausted(): Responder {
  const { respond } = limited();
  for (let time = 0; time < 10; time += 1)
    expect(respond(query, 'udp', client)!.length).toBeGreaterThan(query.length);
  return respond;
}

function parsed(response: Uint8Array | undefined): Message {
  const message = parseMessage(response!);
  if (message.verdict !== 'accept') throw new Error(message.message);
  return message.value;
}

describe('over the limit', () => {
  it('every second query has no answer, and the other one with TC and no longer than itself', () => {
    const respond = exhausted();
    for (let round = 0; round < 5; round += 1) {
      expect(respond(query, 'udp', client)).toBeUndefined();
      const short = respond(query, 'udp', client)!;
      expect(short.length).toBe(query.length);
      expect(parsed(short)).toMatchObject({
        id: 0x1234,
        responseCode: 0,
        truncated: true,
        authoritative: false,
        questions: [{ type: recordTypes.NAPTR }],
        answers: [],
        edns: { dnssecOk: true, options: [] },
      });
    }
  });

  it('a client cookie is answered with BADCOOKIE, and the cookie in it with everything', () => {
    const respond = exhausted();
    const offering = queryOf({ ...draft, edns: { options: [clientCookie] } });
    expect(respond(offering, 'udp', client)).toBeUndefined();
    const refused = parsed(respond(offering, 'udp', client));
    expect(refused).toMatchObject({ responseCode: 23, truncated: false, answers: [] });
    const { options } = refused.edns!;
    const proving = queryOf({ ...draft, edns: { options } });
    for (let time = 0; time < 50; time += 1)
      expect(parsed(respond(proving, 'udp', client)).answers).toHaveLength(1);
  });

  it('a cookie that is malformed, or somebody else has, exempts nobody', () => {
    const respond = exhausted();
    const malformed = [{ ...clientCookie, octets: new Uint8Array(9) }];
    const others = [{ ...clientCookie, octets: new Uint8Array(24).fill(1) }];
    for (const options of [malformed, others]) {
      const wrong = queryOf({ ...draft, edns: { options } });
      const answers = Array.from({ length: 20 }, () => respond(wrong, 'udp', client));
      expect(answers.filter((answer) => answer !== undefined)).toHaveLength(10);
      for (const answer of answers)
        if (answer !== undefined) expect(parsed(answer).answers).toEqual([]);
    }
  });

  it.each(['tcp', 'tls'] as const)('%s is answered in full', (transport) => {
    const respond = exhausted();
    for (let time = 0; time < 50; time += 1)
      expect(parsed(respond(query, transport, client)).answers).toHaveLength(2);
  });

  it('other networks are answered in full', () => {
    const respond = exhausted();
    const other = { octets: Uint8Array.of(192, 0, 3, 1), port: 5353 };
    expect(parsed(respond(query, 'udp', other)).answers).toHaveLength(2);
  });

  it('what would be a header alone is not answered', () => {
    const respond = exhausted();
    const notify = Uint8Array.from(query);
    notify[2] = 4 << 3;
    const cut = query.slice(0, -1);
    for (let time = 0; time < 4; time += 1) {
      expect(respond(notify, 'udp', client)).toBeUndefined();
      expect(respond(cut, 'udp', client)).toBeUndefined();
    }
  });

  it('a query for a cookie alone is answered every second time', () => {
    const respond = exhausted();
    const asking = encodeMessage({
      ...parsed(queryOf({ ...draft, edns: { options: [clientCookie] } })),
      questions: [],
    });
    const answers = Array.from({ length: 10 }, () => respond(asking, 'udp', client));
    expect(answers.filter((answer) => answer !== undefined)).toHaveLength(5);
  });

  it('queries without a client share one account', () => {
    const { respond } = limited();
    const answers = Array.from({ length: 30 }, () => respond(query, 'udp'));
    expect(answers.filter((answer) => answer !== undefined).length).toBe(20);
  });

  it('a zone is not asked for anything', () => {
    const counted = createTestZones(15);
    const memory = createRateLimitMemory({ responsesPerSecond: 1, slip: 1 }, random);
    const rateLimiter = new RateLimiter(memory, new TestClock());
    const respond = createResponder([counted.directory], { rateLimiter });
    respond(query, 'udp', client);
    const reads = counted.source.reads;
    for (let time = 0; time < 100; time += 1) respond(query, 'udp', client);
    expect(counted.source.reads).toBe(reads);
  });
});

describe('a flood from one /24 without cookies', () => {
  const seconds = process.env['CALLBOOK_FULL'] === '1' ? 10 : 2;
  const kinds = {
    'unregistered numbers': (index: number): Uint8Array =>
      queryOf({ name: enumName(`49151${10_000_000 + index}`), type: 35, edns: { dnssecOk: true } }),
    'the largest answer': (): Uint8Array =>
      queryOf({ name: directoryApex, type: recordTypes.DNSKEY, edns: { dnssecOk: true } }),
    'no EDNS': (): Uint8Array => queryOf({ name: directoryApex, type: recordTypes.NS }),
    'client cookies': (): Uint8Array =>
      queryOf({ name: directoryApex, type: recordTypes.DNSKEY, edns: { options: [clientCookie] } }),
    'client cookies and all that makes an answer longer': (): Uint8Array =>
      queryOf({
        name: directoryApex,
        type: recordTypes.AXFR,
        edns: {
          options: [clientCookie, { code: ednsOptionCodes.nsid, octets: new Uint8Array(0) }],
        },
      }),
    'queries for a cookie': (): Uint8Array =>
      encodeMessage({
        ...parsed(queryOf({ ...draft, edns: { options: [clientCookie] } })),
        questions: [],
      }),
    NSID: (): Uint8Array =>
      queryOf({
        name: '.',
        type: recordTypes.NS,
        edns: { options: [{ code: ednsOptionCodes.nsid, octets: new Uint8Array(0) }] },
      }),
    'malformed messages': (): Uint8Array => query.slice(0, -1),
    'headers of other opcodes': (): Uint8Array =>
      Uint8Array.of(0, 1, 0x20, 0, 0, 0, 0, 0, 0, 0, 0, 0),
  };

  it.each(Object.entries(kinds))(
    'of %s is answered with fewer octets than it has',
    (_kind, make) => {
      const clock = new TestClock();
      const secrets = createCookieSecrets(random);
      // As the daemon has it by default.
      const memory = createRateLimitMemory({ responsesPerSecond: 200 }, random);
      const respond = createResponder([zones.directory], {
        cookies: { secrets: () => secrets, clock },
        rateLimiter: new RateLimiter(memory, clock),
      });
      let received = 0;
      let sent = 0;
      // 4000 queries a second, from all over the network.
      for (let index = 0; index < seconds * 4000; index += 1) {
        if (index % 4 === 0) clock.now += 1;
        const one = make(index);
        const octets = Uint8Array.of(198, 51, 100, index);
        received += one.length;
        sent += respond(one, 'udp', { octets, port: 1024 + (index % 60_000) })?.length ?? 0;
      }
      expect(sent).toBeLessThan(received);
    },
  );

  it('is so over the sockets of a server, and somebody with a cookie is served meanwhile', async () => {
    // Time goes with the queries: how many of them a busy machine sends in a second is not its limit.
    const clock = new TestClock();
    const secrets = createCookieSecrets(random);
    const memory = createRateLimitMemory({ responsesPerSecond: 200 }, random);
    const respond = createResponder([zones.directory], {
      cookies: { secrets: () => secrets, clock },
      rateLimiter: new RateLimiter(memory, clock),
    });
    let received = 0;
    let sent = 0;
    await using server = await startDnsServer({
      listen: [{ address: '127.0.0.1', port: 0 }],
      respond: (asked, transport, from) => {
        const response = respond(asked, transport, from);
        received += asked.length;
        sent += response?.length ?? 0;
        return response;
      },
    });
    const { port } = server.addresses[0]!;
    await using sockets = new AsyncDisposableStack();
    const flooders = await Promise.all(
      Array.from({ length: 16 }, async (_, index) => await boundSocket(`127.0.0.${index + 2}`)),
    );
    for (const socket of flooders) sockets.defer(() => void socket.close());
    const honest = await boundSocket('127.0.0.99');
    sockets.defer(() => void honest.close());
    honest.send(queryOf({ ...draft, edns: { options: [clientCookie] } }), port, '127.0.0.1');
    const [first] = (await once(honest, 'message')) as [Buffer];
    const proving = queryOf({ ...draft, edns: { options: parsed(first).edns!.options } });
    for (let index = 0; index < seconds * 250; index += 1) {
      // 16 queries, of 4000 a second.
      clock.now += 4;
      const one = kinds['unregistered numbers'](index);
      for (const socket of flooders) socket.send(one, port, '127.0.0.1');
      if (index % 10 === 0) {
        const answered = once(honest, 'message');
        honest.send(proving, port, '127.0.0.1');
        expect(parsed((await answered)[0] as Buffer).answers).toHaveLength(1);
      }
      await sleep(1);
    }
    expect(received).toBeGreaterThan(100_000);
    expect(sent).toBeLessThan(received);
  });
});

async function boundSocket(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.bind({ address, port: 0 });
  await once(socket, 'listening');
  return socket;
}
