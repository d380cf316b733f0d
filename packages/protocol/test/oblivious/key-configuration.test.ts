import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encodeKeyConfiguration,
  encodeKeyConfigurations,
  parseKeyConfiguration,
  parseKeyConfigurations,
} from '../../src/oblivious/key-configuration.ts';
import {
  capsuleInfo,
  encodeCapsuleHeader,
  parseRequestCapsule,
  parseResponseCapsule,
} from '../../src/oblivious/capsule.ts';
import { readJson } from '../read-vectors.ts';

const appendixA = readJson('rfc9458/appendix-a.json');
const encoded = Uint8Array.fromHex(appendixA.keyConfiguration);

describe('the example of RFC 9458', () => {
  test('has a key configuration that is encoded as it was', () => {
    const verdict = parseKeyConfiguration(encoded);
    if (verdict.verdict !== 'accept' || verdict.value === undefined) throw new Error('refused');
    expect(verdict.value.keyId).toBe(1);
    expect(verdict.value.suites).toEqual([
      { kdf: 1, aead: 1 },
      { kdf: 1, aead: 3 },
    ]);
    expect(encodeKeyConfiguration(verdict.value).toHex()).toBe(appendixA.keyConfiguration);
  });

  test('has a capsule with the header and the context that are given', () => {
    const verdict = parseRequestCapsule(Uint8Array.fromHex(appendixA.encapsulatedRequest));
    if (verdict.verdict !== 'accept') throw new Error(verdict.code);
    const { keyId, kem, suite, header, enc } = verdict.value;
    expect([keyId, kem, suite]).toEqual([1, 0x20, { kdf: 1, aead: 1 }]);
    expect(enc.toHex()).toBe(appendixA.clientPublicKey);
    expect(capsuleInfo(header).toHex()).toBe(appendixA.info);
    expect(encodeCapsuleHeader(keyId, suite)).toEqual(header);
    const response = parseResponseCapsule(Uint8Array.fromHex(appendixA.encapsulatedResponse));
    expect(response.verdict === 'accept' && response.value.nonce.toHex()).toBe(
      appendixA.responseNonce,
    );
  });
});

describe('key configurations', () => {
  const example = { keyId: 7, publicKey: encoded.slice(3, 35), suites: [{ kdf: 1, aead: 1 }] };
  const two = encodeKeyConfigurations([example, { ...example, keyId: 8 }]);
  const codeOf = (bytes: Uint8Array): string => {
    const verdict = parseKeyConfigurations(bytes);
    return verdict.verdict === 'accept' ? 'accept' : verdict.code;
  };

  test('come back in their order', () => {
    const verdict = parseKeyConfigurations(two);
    expect(verdict.verdict === 'accept' && verdict.value.map(({ keyId }) => keyId)).toEqual([7, 8]);
  });

  test('are refused wherever they are cut, but between two', () => {
    for (let size = 0; size < two.length; size++) {
      const expected = size === two.length / 2 ? 'accept' : 'key_configurations_malformed';
      expect(codeOf(two.subarray(0, size)), String(size)).toBe(expected);
    }
  });

  test('of another KEM are passed over, and are not enough alone', () => {
    const p256 = Uint8Array.of(0, 5, 9, 0x00, 0x10, 1, 2);
    expect(codeOf(Uint8Array.of(...p256, ...two))).toBe('accept');
    expect(codeOf(p256)).toBe('key_configurations_malformed');
  });

  test('are at most 4, with at most 8 suites each', () => {
    const one = encodeKeyConfigurations([example]);
    const times = (count: number) =>
      Uint8Array.from(Array.from({ length: count }, () => [...one]).flat());
    expect(codeOf(times(4))).toBe('accept');
    expect(codeOf(times(5))).toBe('key_configurations_malformed');
    const suites = (count: number) => ({
      ...example,
      suites: Array.from({ length: count }, () => ({ kdf: 1, aead: 1 })),
    });
    expect(codeOf(encodeKeyConfigurations([suites(8)]))).toBe('accept');
    expect(() => encodeKeyConfigurations([suites(9)])).toThrow('1 to 8 suites');
  });

  test('and capsules of any octets end in a verdict', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (octets) => {
        parseKeyConfigurations(octets);
        parseRequestCapsule(octets);
        parseResponseCapsule(octets);
      }),
    );
  });
});

test.each([
  ['request', 54, 'reject'],
  ['request', 55, 'accept'],
  ['request', 262_199, 'accept'],
  ['request', 262_200, 'reject'],
  ['response', 31, 'reject'],
  ['response', 32, 'accept'],
] as const)('a %s capsule of %i octets: %s', (kind, size, expected) => {
  const parse = kind === 'request' ? parseRequestCapsule : parseResponseCapsule;
  expect(parse(new Uint8Array(size)).verdict).toBe(expected);
});
