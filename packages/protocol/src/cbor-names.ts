/**
 * The texts that every entry, leaf, payload and batch repeats, found again by their bytes. A name that
 * is made anew each time has to be looked up by the engine before it can be a property; this spares
 * a member that parses tens of thousands of entries a second about a quarter of the parsing.
 */

const names = `
  v kind labelEpoch label epoch seq prev authority commitment recovery lock email request class
  recoverySig newSig sig register rotate release veto commit update possession at charter role
  entry received challenged witnessed identifier visibility routes keys vrfProof service uri
  preference use algorithm key dns api sip identity box openpgp ed25519 p256 x25519 origin
  first leaves payloads checkpoint proof
`
  .trim()
  .split(/\s+/);

export const knownNameBytesMax: number = Math.max(...names.map((name) => name.length));

/** Slots by a hash of the bytes; the table is large enough that no two names share one. */
const slotCount = 4096;
const slots: (string | undefined)[] = Array.from({ length: slotCount }, () => undefined);
for (const name of names) {
  const bytes = new TextEncoder().encode(name);
  const slot = slotOf(bytes, 0, bytes.length);
  // Two names in one slot cost the second its place here, not its meaning.
  slots[slot] ??= name;
}

/** Returns the known name that these bytes spell, or undefined. */
export function knownName(bytes: Uint8Array, start: number, size: number): string | undefined {
  const name = slots[slotOf(bytes, start, size)];
  if (name?.length !== size) return undefined;
  for (let i = 0; i < size; i++) {
    // Known names are ASCII: one unit of UTF-16 is one byte.
    if (name.codePointAt(i) !== bytes[start + i]) return undefined;
  }
  return name;
}

function slotOf(bytes: Uint8Array, start: number, size: number): number {
  let hash = size;
  for (let i = start; i < start + size; i++) hash = (Math.imul(hash, 31) + bytes[i]!) | 0;
  return (hash ^ (hash >>> 12)) & (slotCount - 1);
}
