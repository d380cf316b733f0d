/**
 * Options, signatures and clients at random, over every transport, with and without a rate limit: the
 * answer is nothing or a well-formed message of the query's, within the limit of its transport.
 * 40 000 cases.
 */
import dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createCookieSecrets,
  createRateLimitMemory,
  createResponder,
  RateLimiter,
} from '@callbook/dns';
import type { Responder, ResponderOptions, Transport } from '@callbook/dns';
import { encodeMessage, parseMessage } from '@callbook/dns/wire';
import { createTestZones, directoryApex, enumName, nameOf, TestClock } from '../test-zones.ts';

const random = {
  bytes: (size: number): Uint8Array => crypto.getRandomValues(new Uint8Array(size)),
};
const zones = createTestZones(15);
const clock = new TestClock();
const secrets = createCookieSecrets(random);
const failures: unknown[] = [];
const options: ResponderOptions = {
  onFailure: (error) => failures.push(error),
  cookies: { secrets: () => secrets, clock },
  nsid: new Uint8Array(64).fill(0x61),
};
// Signing is what costs; a limit so low that most is refused, and one that never is.
const responders: readonly Responder[] = [3, 100_000].map((responsesPerSecond) => {
  const memory = createRateLimitMemory({ responsesPerSecond, slip: 1, networksMax: 8 }, random);
  const rateLimiter = new RateLimiter(memory, clock);
  return createResponder([zones.root, zones.test, zones.directory], { ...options, rateLimiter });
});

const option = fc.record({
  code: fc.constantFrom(3, 8, 9, 10, 10, 11, 12, 13, 15, 100, 65_535),
  octets: fc.oneof(
    fc.constantFrom(0, 8, 16, 24, 40).map((size) => new Uint8Array(size).fill(7)),
    fc.uint8Array({ maxLength: 60 }),
  ),
});
const record = fc.record({
  owner: fc.constantFrom(nameOf('.'), nameOf('key.example'), nameOf('a.'.repeat(120))),
  type: fc.constantFrom(1, 24, 249, 250, 250, 65_000),
  class: fc.constantFrom(1, 255),
  ttlSeconds: fc.constantFrom(0, 1),
  rdata: fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .uint8Array({ minLength: 8, maxLength: 8 })
      .map((time) => Uint8Array.of(...nameOf('hmac-sha256').wire, ...time, 0, 0, 1, 2, 0, 0, 0, 0)),
  ),
});
const query = fc
  .record({
    id: fc.nat(65_535),
    opcode: fc.constantFrom(0, 0, 0, 0, 4, 15),
    isTruncated: fc.boolean(),
    names: fc.array(
      fc.constantFrom(
        enumName('4915123456789'),
        enumName('8199'),
        directoryApex,
        'x.plain.test',
        'x',
      ),
      { maxLength: 2 },
    ),
    type: fc.constantFrom(35, 16, 6, 48, 250, 252, 255, 128, 41, 1000),
    additionals: fc.array(record, { maxLength: 2 }),
    edns: fc.option(
      fc.record({
        udpPayloadBytes: fc.constantFrom(0, 512, 700, 1232, 4096, 65_535),
        version: fc.constantFrom(0, 0, 0, 1, 255),
        dnssecOk: fc.boolean(),
        compactOk: fc.boolean(),
        options: fc.array(option, { maxLength: 5 }),
      }),
      { nil: undefined },
    ),
    cut: fc.option(fc.nat(200)),
  })
  .map((draft) => {
    const bytes = encodeMessage({
      ...draft,
      isResponse: false,
      authoritative: false,
      truncated: draft.isTruncated,
      recursionDesired: draft.isTruncated,
      recursionAvailable: false,
      authenticData: false,
      checkingDisabled: false,
      responseCode: 0,
      questions: draft.names.map((name) => ({ name: nameOf(name), type: draft.type, class: 1 })),
      answers: [],
      authorities: [],
    });
    return draft.cut === null ? bytes : bytes.slice(0, draft.cut);
  });
const client = fc.record({
  octets: fc.constantFrom(
    new Uint8Array(0),
    Uint8Array.of(192, 0, 2, 1),
    Uint8Array.of(192, 0, 2, 2),
    new Uint8Array(16).fill(3),
    new Uint8Array(7),
  ),
  port: fc.nat(65_535),
});

function limitOf(asked: Uint8Array, transport: Transport): number {
  if (transport !== 'udp') return 65_535;
  const parsed = parseMessage(asked);
  if (parsed.verdict !== 'accept' || parsed.value.edns === undefined) return 512;
  return Math.min(1232, Math.max(512, parsed.value.edns.udpPayloadBytes));
}

describe('under fuzzing over transports', () => {
  it('answers are well-formed, and never larger than the limit', () => {
    const transports = fc.constantFrom<Transport>('udp', 'tcp', 'tls');
    fc.assert(
      fc.property(query, client, transports, (asked, from, transport) => {
        clock.now += 20;
        for (const respond of responders) {
          const response = respond(asked, transport, from);
          if (response === undefined) continue;
          if (response.length > limitOf(asked, transport))
            throw new Error(`${response.length} octets`);
          const parsed = parseMessage(response);
          if (parsed.verdict !== 'accept') throw new Error(parsed.message);
          if (!parsed.value.isResponse || response[0] !== asked[0] || response[1] !== asked[1])
            throw new Error('not a response to this query');
          dnsPacket.decode(Buffer.from(response));
        }
      }),
      { numRuns: 20_000 },
    );
    expect(failures).toEqual([]);
  });
});
