/** Bytes in JSON: base64url without padding (RFC 4648 §5), in its one canonical form. */
import { ApiError } from './errors.ts';

/** Encodes bytes. */
export function encodeBase64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: 'base64url', omitPadding: true });
}

/**
 * Decodes a field of a request; throws `request_malformed` unless its text is exactly what
 * `encodeBase64url` writes.
 *
 * RFC 4648 §3.5: "decoders MAY choose to reject an encoding if the pad bits have not been set to
 * zero". They are, here: two texts for the same bytes would make two requests of one.
 */
export function decodeField(text: string, field: string): Uint8Array {
  const bytes = decode(text);
  if (bytes === undefined || encodeBase64url(bytes) !== text) {
    throw new ApiError('request_malformed', { message: `${field} is not canonical base64url` });
  }
  return bytes;
}

function decode(text: string): Uint8Array | undefined {
  try {
    return Uint8Array.fromBase64(text, { alphabet: 'base64url' });
  } catch {
    return undefined;
  }
}
