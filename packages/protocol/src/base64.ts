/**
 * Base64 and base64url (RFC 4648 §4, §5), one text for one byte string: what a decoder forgives
 * (white space, missing or extra padding, stray final bits) would give a signed text two spellings.
 */

/** Parses padded standard base64; undefined unless it is the one encoding of its bytes. */
export function parseBase64(text: string): Uint8Array | undefined {
  return parseStrictly(text, () => {
    const bytes = Uint8Array.fromBase64(text, { lastChunkHandling: 'strict' });
    return { bytes, canonical: bytes.toBase64() };
  });
}

/** Parses unpadded base64url; undefined unless it is the one encoding of its bytes. */
export function parseBase64Url(text: string): Uint8Array | undefined {
  return parseStrictly(text, () => {
    const bytes = Uint8Array.fromBase64(text, { alphabet: 'base64url' });
    return { bytes, canonical: encodeBase64Url(bytes) };
  });
}

/** Encodes without padding. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: 'base64url', omitPadding: true });
}

function parseStrictly(
  text: string,
  decode: () => { bytes: Uint8Array; canonical: string },
): Uint8Array | undefined {
  try {
    const { bytes, canonical } = decode();
    return canonical === text ? bytes : undefined;
  } catch {
    return undefined;
  }
}
