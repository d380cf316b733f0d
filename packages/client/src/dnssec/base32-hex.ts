/** Base32 with the extended hex alphabet (RFC 4648 §7), as the owner names of NSEC3 have it. */

/** Parses a label of base32hex without padding, case aside; undefined when it is not one. */
export function parseBase32Hex(label: Uint8Array): Uint8Array | undefined {
  const octets = new Uint8Array((label.length * 5) >> 3);
  let bits = 0;
  let bitCount = 0;
  let at = 0;
  for (const character of label) {
    const value = valueOf(character);
    if (value < 0) return undefined;
    bits = ((bits << 5) | value) & 0xfff;
    bitCount += 5;
    if (bitCount < 8) continue;
    bitCount -= 8;
    octets[at] = bits >> bitCount;
    at += 1;
  }
  return octets;
}

function valueOf(character: number): number {
  if (character >= 0x30 && character <= 0x39) return character - 0x30;
  const letter = (character | 0x20) - 0x61;
  return letter >= 0 && letter < 22 ? letter + 10 : -1;
}
