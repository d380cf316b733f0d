import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { utf8 } from '../../src/bytes.ts';
import {
  encodeBinaryRequest,
  encodeBinaryResponse,
  parseBinaryRequest,
  parseBinaryResponse,
} from '../../src/oblivious/binary-message.ts';
import type { BinaryRequest } from '../../src/oblivious/binary-message.ts';
import { readJson } from '../read-vectors.ts';

const appendixA = readJson('rfc9458/appendix-a.json');

const request: BinaryRequest = {
  method: 'POST',
  scheme: 'https',
  authority: 'api.alpha.example:8443',
  path: '/v1/lookups',
  fields: [{ name: 'content-type', value: 'application/json' }],
  content: utf8('{}'),
};

/** Replaces one text in an encoded request by another of the same length. */
function replaced(one: string, other: string): Uint8Array {
  const hex = encodeBinaryRequest(request).toHex();
  const changed = hex.replace(utf8(one).toHex(), utf8(other).toHex());
  expect(changed).not.toBe(hex);
  return Uint8Array.fromHex(changed);
}

function codeOf(bytes: Uint8Array): string {
  const verdict = parseBinaryRequest(bytes);
  return verdict.verdict === 'accept' ? 'accept' : verdict.code;
}

describe('the example of RFC 9458', () => {
  test('is a request without fields and content', () => {
    const verdict = parseBinaryRequest(Uint8Array.fromHex(appendixA.request));
    expect(verdict).toEqual({
      verdict: 'accept',
      value: {
        method: 'GET',
        scheme: 'https',
        authority: 'example.com',
        path: '/',
        fields: [],
        content: new Uint8Array(),
      },
    });
  });

  test('is a response without fields and content', () => {
    const verdict = parseBinaryResponse(Uint8Array.fromHex(appendixA.response));
    expect(verdict.verdict === 'accept' && verdict.value.status).toBe(200);
  });
});

describe('a binary message', () => {
  test('comes back as it was, padded or not', () => {
    for (const paddedBytes of [0, 512]) {
      const bytes = encodeBinaryRequest(request, paddedBytes);
      if (paddedBytes > 0) expect(bytes.length).toBe(paddedBytes);
      expect(parseBinaryRequest(bytes)).toEqual({ verdict: 'accept', value: request });
    }
    const response = { status: 404, fields: request.fields, content: utf8('no') };
    const bytes = encodeBinaryResponse(response, 320);
    expect(bytes.length).toBe(320);
    expect(parseBinaryResponse(bytes)).toEqual({ verdict: 'accept', value: response });
  });

  test('is malformed with padding that is not zero', () => {
    const bytes = encodeBinaryRequest(request, 512);
    bytes[511] = 1;
    expect(codeOf(bytes)).toBe('binary_message_malformed');
  });

  test('is malformed wherever it is cut inside a part', () => {
    const bytes = encodeBinaryRequest(request);
    // Between two parts it may end: what is missing is empty.
    const beforeContent = bytes.length - 3;
    const beforeHeader =
      beforeContent - 1 - 1 - 'content-type'.length - 1 - 'application/json'.length;
    for (let size = 0; size < bytes.length; size++) {
      const isBoundary = size === beforeContent || size === beforeHeader;
      const expected = isBoundary ? 'accept' : 'binary_message_malformed';
      expect(codeOf(bytes.subarray(0, size)), String(size)).toBe(expected);
    }
  });

  test('has fields whose names are lower-case tokens and whose values are one line', () => {
    expect(codeOf(replaced('content-type', 'Content-type'))).toBe('binary_message_malformed');
    expect(codeOf(replaced('content-type', ':ontent-type'))).toBe('binary_message_malformed');
    expect(codeOf(replaced('application/json', 'application\r\n:x'))).toBe(
      'binary_message_malformed',
    );
    expect(codeOf(replaced('application/json', ' pplication/json'))).toBe(
      'binary_message_malformed',
    );
  });

  test('has a target that is read in one way only', () => {
    expect(codeOf(replaced('/v1/lookups', 'xv1/lookups'))).toBe('binary_message_malformed');
    expect(codeOf(replaced('/v1/lookups', '/v1 lookups'))).toBe('binary_message_malformed');
    expect(codeOf(replaced('POST', 'PoST'))).toBe('binary_message_malformed');
    expect(codeOf(replaced('api.alpha', 'api@alpha'))).toBe('binary_message_malformed');
  });

  test('has at most 16 fields', () => {
    const fields = Array.from({ length: 17 }, (_, i) => ({ name: `x-${i}`, value: '' }));
    const sixteen = encodeBinaryRequest({ ...request, fields: fields.slice(1) });
    expect(codeOf(sixteen)).toBe('accept');
    expect(() => encodeBinaryRequest({ ...request, fields })).toThrow('at most 16');
    // One more line, made by hand: the section's length is two octets here.
    const [head = '', lines = ''] = sixteen.toHex().split(utf8('/v1/lookups').toHex());
    const size = (Number.parseInt(lines.slice(0, 4), 16) & 0x3fff) + 5;
    const line = `03${utf8('x-z').toHex()}00`;
    const section = `${(0x4000 | size).toString(16)}${line}${lines.slice(4)}`;
    const longer = Uint8Array.fromHex(`${head}${utf8('/v1/lookups').toHex()}${section}`);
    expect(codeOf(longer)).toBe('binary_message_malformed');
  });

  test('of indeterminate length, or of the other direction, is refused', () => {
    expect(codeOf(Uint8Array.of(2, 3))).toBe('binary_message_malformed');
    expect(codeOf(Uint8Array.fromHex(appendixA.response))).toBe('binary_message_malformed');
  });

  test('may have interim responses before the final one, at most 4', () => {
    const interim = '406700';
    const withInterim = (count: number) =>
      parseBinaryResponse(Uint8Array.fromHex(`01${interim.repeat(count)}40c8`)).verdict;
    expect(withInterim(4)).toBe('accept');
    expect(withInterim(5)).toBe('reject');
  });

  test('is at most 256 KiB', () => {
    const zeros = (size: number) => {
      const bytes = new Uint8Array(size);
      bytes.set(encodeBinaryRequest(request));
      return bytes;
    };
    expect(codeOf(zeros(256 * 1024))).toBe('accept');
    expect(codeOf(zeros(256 * 1024 + 1))).toBe('binary_message_malformed');
  });

  test('of any octets ends in a verdict', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), fc.nat(60), (octets, at) => {
        const near = encodeBinaryRequest(request);
        near.set(octets.subarray(0, near.length - at), at);
        for (const bytes of [octets, near]) {
          const verdict = parseBinaryRequest(bytes);
          if (verdict.verdict !== 'accept') continue;
          const again = parseBinaryRequest(encodeBinaryRequest(verdict.value));
          expect(again).toEqual(verdict);
        }
        parseBinaryResponse(octets);
      }),
    );
  });
});
