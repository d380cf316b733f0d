/** What gateways say is read without trust: any octets, any text, in any pieces. */
import * as fc from 'fast-check';
import type { Pdu } from 'smpp';
import { describe, expect, it } from 'vitest';
import { parseSipChallenge } from '../../src/channels/sip-digest.ts';
import { parseSipResponse } from '../../src/channels/sip-message.ts';
import { parseReceipt } from '../../src/channels/smpp-receipts.ts';

const challenge = 'Digest realm="sip.example", nonce="n", qop="auth", algorithm=SHA-256';
const response = (body: string): Buffer =>
  Buffer.from(
    [
      'SIP/2.0 407 Who are you',
      'v: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bKa.1;rport, SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKb',
      'Proxy-Authenticate: Digest realm="r", nonce="n", algorithm=SHA-512-256',
      `Proxy-Authenticate: ${challenge}`,
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body,
    ].join('\r\n'),
  );

describe('a SIP response', () => {
  it('is read once it is whole, whatever follows it', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.uint8Array({ maxLength: 40 }), (body, more) => {
        const whole = response(body);
        for (const size of [0, 1, 20, whole.length - 1]) {
          if (size < whole.length)
            expect(parseSipResponse(whole.subarray(0, size))).toBeUndefined();
        }
        const found = parseSipResponse(Buffer.concat([whole, more]));
        expect(found).toMatchObject({
          size: whole.length,
          // Of several algorithms the first that is spoken, of several Via the topmost.
          response: { status: 407, branch: 'z9hG4bKa.1', challenge: { algorithm: 'SHA-256' } },
        });
      }),
    );
  });

  it.each([
    ['another protocol', 'HTTP/1.1 200 OK\r\n\r\n'],
    ['a status that is none', 'SIP/2.0 700 What\r\n\r\n'],
    ['a length that is none', 'SIP/2.0 200 OK\r\nContent-Length: many\r\n\r\n'],
    ['a body that is too long', 'SIP/2.0 200 OK\r\nContent-Length: 65537\r\n\r\n'],
    ['a head without an end', `SIP/2.0 200 OK\r\n${'x'.repeat(65_537)}`],
  ])('is malformed: %s', (_, text) =>
    expect(parseSipResponse(Buffer.from(text))).toBe('malformed'),
  );

  it('may be any octets, which never throw', () => {
    const lines = fc.array(
      fc.constantFrom('SIP/2.0 401 x', 'Via: ', ';branch=', challenge, 'l: 3', ':', '"', '\r\n'),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), lines, (octets, parts) => {
        for (const text of [Buffer.from(octets), Buffer.from(`${parts.join('\r\n')}\r\n\r\n`)]) {
          const found = parseSipResponse(text);
          if (typeof found === 'object') expect(found.size).toBeGreaterThan(0);
        }
      }),
    );
  });
});

describe('a challenge', () => {
  it('may be any text, which never throws', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const found = parseSipChallenge(`Digest ${text}`);
        if (found !== undefined) expect(['MD5', 'SHA-256']).toContain(found.algorithm);
      }),
    );
  });

  it('of more than 2 048 characters is not read', () => {
    const fill = (length: number): string => `${challenge}, x="`.padEnd(length - 1, 'a') + '"';
    expect(parseSipChallenge(fill(2048))).toBeDefined();
    expect(parseSipChallenge(fill(2049))).toBeUndefined();
  });
});

it('a receipt may be any PDU, and is one only in a final state and with a name', () => {
  const pdu = fc.record(
    {
      esm_class: fc.constantFrom(0, 4, 0x44),
      message_state: fc.integer({ min: 0, max: 300 }),
      receipted_message_id: fc.string({ maxLength: 65 }),
      short_message: fc.record({
        message: fc.oneof(
          fc.string(),
          fc.constantFrom('id:a stat:DELIVRD', 'id:a stat:ENROUTE', 'stat:UNDELIV'),
        ),
      }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(pdu, (fields) => {
      const found = parseReceipt(fields as unknown as Pdu);
      if (found === undefined) return;
      expect(fields.esm_class! & 4).toBe(4);
      const { receipted_message_id: named = fields.short_message?.message } = fields;
      expect(named).toContain(found.messageId);
    }),
  );
});
