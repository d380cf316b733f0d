/**
 * What all three implementations ask of an Ed25519 signature before their library sees it. Libraries
 * differ in just these points, by version and by build: OpenSSL and libsodium both make the checks
 * today, but promise none of them. Byte comparisons only, well under a microsecond.
 */

/**
 * Returns whether sizes, `s`, A and R are within the rule of docs/spec/signatures.md: `s < L`; A
 * canonical; neither A nor R of small order. What remains is decoding A and the group equation.
 */
export function passesSignatureGate(signature: Uint8Array, publicKey: Uint8Array): boolean {
  return (
    signature.length === 64 &&
    publicKey.length === 32 &&
    isBelow(signature, 32, groupOrder) &&
    isCanonicalPoint(publicKey) &&
    !isSmallOrderPoint(publicKey) &&
    !isSmallOrderPoint(signature)
  );
}

/** RFC 8032 §5.1.3: "If the resulting value is >= p, decoding fails." (p = 2^255 - 19) */
export function isCanonicalPoint(encoded: Uint8Array): boolean {
  if ((encoded[31]! & 0x7f) !== 0x7f) return true;
  for (let i = 30; i > 0; i--) if (encoded[i] !== 0xff) return true;
  return encoded[0]! < 0xed;
}

/** RFC 8032 §5.1.7 and RFC 9381 §5.4.4: the scalar at `offset` is below L. */
export function isCanonicalScalar(bytes: Uint8Array, offset: number): boolean {
  return isBelow(bytes, offset, groupOrder);
}

/** L = 2^252 + 27742317777372353535851937790883648493, little-endian. */
const groupOrder = Uint8Array.fromHex(
  'edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010',
);

/** The y-coordinates of the eight points of small order, least byte first: 0, 1, -1, two of order 8. */
const smallOrderCoordinates = new Map(
  [
    '0000000000000000000000000000000000000000000000000000000000000000',
    '0100000000000000000000000000000000000000000000000000000000000000',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
    '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  ].map((hex) => {
    const bytes = Uint8Array.fromHex(hex);
    return [bytes[0]!, bytes];
  }),
);

/** Compares all but the sign bit; of a non-canonical encoding it says nothing. */
function isSmallOrderPoint(encoded: Uint8Array): boolean {
  const coordinate = smallOrderCoordinates.get(encoded[0]!);
  if (coordinate === undefined) return false;
  for (let i = 1; i < 31; i++) if (encoded[i] !== coordinate[i]) return false;
  return (encoded[31]! & 0x7f) === coordinate[31];
}

/** Tells whether the 32 little-endian bytes at `offset` are less than `bound`. */
function isBelow(bytes: Uint8Array, offset: number, bound: Uint8Array): boolean {
  for (let i = 31; i >= 0; i--) {
    const byte = bytes[offset + i]!;
    if (byte !== bound[i]) return byte < bound[i]!;
  }
  return false;
}
