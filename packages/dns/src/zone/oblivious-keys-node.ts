/**
 * TXT at `_oblivious-keys` below the apex: what the key configurations of the member's oblivious gateway hash to,
 * so that a client can tell whether it is shown the keys that everybody is shown. They change every day,
 * and whenever the member starts: the TTL is a minute.
 */
import { createRrset } from '../rrset.ts';
import type { DomainName } from '../wire/names.ts';
import type { ZoneNode } from './zone.ts';
import { nameBelow } from './zone-settings.ts';

const ttlSeconds = 60;
const ascii = new TextEncoder();

export class ObliviousKeysNode {
  readonly #name: DomainName;
  readonly #hashes: (() => readonly Uint8Array[]) | undefined;
  #kept: { readonly hashes: readonly Uint8Array[]; readonly node: ZoneNode } | undefined;

  /** `hashes` are SHA-256, the newest first; none where there is no gateway. */
  constructor(apex: DomainName, hashes: (() => readonly Uint8Array[]) | undefined) {
    this.#name = nameBelow('_oblivious-keys', apex);
    this.#hashes = hashes;
  }

  /** The node where that is the name and there is something to say. */
  find(name: DomainName): ZoneNode | undefined {
    if (name.lookupKey !== this.#name.lookupKey) return undefined;
    const hashes = this.#hashes?.() ?? [];
    if (hashes.length === 0) return undefined;
    if (this.#kept?.hashes !== hashes) this.#kept = { hashes, node: this.#make(hashes) };
    return this.#kept.node;
  }

  #make(hashes: readonly Uint8Array[]): ZoneNode {
    const texts = ['v=callbook1', ...hashes.map((hash) => `keys=${hash.toHex()}`)];
    const strings = texts.map((text) => ascii.encode(text));
    return {
      kind: 'data',
      rrsets: [createRrset(this.#name, ttlSeconds, [{ type: 'TXT', strings }])],
    };
  }
}
