/** Keys of the tables that count what is sent: from an HMAC-SHA256, so that they name nobody. */

/** As many octets as keep two names from meeting by chance: 128 bits. */
const rowKeyBytes = 16;

/** Returns the key of a row from the 32 bytes of its MAC, one character an octet. */
export function rowKeyOf(mac: Uint8Array): string {
  return Buffer.from(mac.buffer, mac.byteOffset, rowKeyBytes).toString('latin1');
}
