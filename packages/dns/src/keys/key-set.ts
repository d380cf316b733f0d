/**
 * From a state to what a zone serves. A snapshot has all that the answer depends on besides private
 * keys, and is fit for structured clone: threads that answer are handed it and load keys themselves.
 */
import { dnsError } from '../errors.ts';
import { loadKeyFile } from '../sign/zone-keys.ts';
import type { ZoneKeyring, ZoneKeySet } from '../sign/zone-keyring.ts';
import { openZoneSigner } from '../sign/zone-signer.ts';
import type { OpenSigner, ZoneSigner } from '../sign/zone-signer.ts';
import { compareOctets } from '../wire/octets.ts';
import { delegatedKeys, dnskeyOfEntry, keysIn, servedPhases } from './key-state.ts';
import type { KeyEntry, KeyState } from './key-state.ts';
import { presignedKeySet } from './presigned-keys.ts';
import type { PresignedPeriod } from './presigned-keys.ts';

export interface KeyringSnapshot {
  readonly state: KeyState;
  readonly dnskeyTtlSeconds: number;
  /** With a KSK that is elsewhere: the period in force. */
  readonly period?: PresignedPeriod;
}

/** Loads private keys once each. */
export class SignerCache {
  private readonly load: (id: string) => ZoneSigner;
  private readonly signers: Map<string, ZoneSigner> = new Map();

  /** `load` throws `dns_key_missing`, `dns_key_exposed` or `dns_key_malformed`. */
  constructor(load: (id: string) => ZoneSigner) {
    this.load = load;
  }

  /** Codes: those of `load`, and `dns_key_mismatch`. */
  signerOf(entry: KeyEntry): ZoneSigner {
    const kept = this.signers.get(entry.id);
    if (kept !== undefined) return kept;
    const signer = this.load(entry.id);
    if (
      signer.algorithm !== entry.algorithm ||
      compareOctets(signer.publicKey, entry.publicKey) !== 0
    )
      throw dnsError('dns_key_mismatch', `${entry.id}.pem holds another key than the state`, {
        details: { key: entry.id },
      });
    this.signers.set(entry.id, signer);
    return signer;
  }

  /** Lets go of the keys that a state no longer has. */
  keepOnly(state: KeyState): void {
    const ids = new Set(state.keys.map(({ id }) => id));
    for (const id of this.signers.keys()) if (!ids.has(id)) this.signers.delete(id);
  }
}

/** Returns what a zone is to serve. Codes: those of `signerOf`, and `dns_key_missing`. */
export function keySetOf(snapshot: KeyringSnapshot, signers: SignerCache): ZoneKeySet {
  const { state, dnskeyTtlSeconds, period } = snapshot;
  const [active] = keysIn(state, 'zsk', ['active']);
  if (active === undefined) throw dnsError('dns_key_missing', 'there is no active ZSK');
  const zskSigner = signers.signerOf(active);
  // A successor whose private key is lost must not get as far as being needed.
  for (const entry of keysIn(state, 'zsk', ['published', 'ready'])) signers.signerOf(entry);
  if (period !== undefined) return presignedKeySet(period, dnskeyTtlSeconds, zskSigner);
  const ksks = keysIn(state, 'ksk', servedPhases);
  const delegated = delegatedKeys(state).map(dnskeyOfEntry);
  if (delegated.length === 0)
    throw dnsError('dns_presigned_missing', 'there is neither a KSK nor are there pre-signed keys');
  return {
    dnskeys: [...ksks, ...keysIn(state, 'zsk', servedPhases)].map(dnskeyOfEntry),
    dnskeyTtlSeconds,
    delegated,
    // Double-KSK: whichever of them the DS in a resolver's cache names, the RRset has its signature.
    kskSigners: ksks.map((entry) => signers.signerOf(entry)),
    zskSigner,
  };
}

/** A keyring that is told what is in force, for a thread that answers. */
export class FollowedKeyring implements ZoneKeyring {
  private readonly signers: SignerCache;
  private keySet: ZoneKeySet;

  /** Codes as `keySetOf`. */
  constructor(
    directory: string,
    snapshot: KeyringSnapshot,
    openSigner: OpenSigner = openZoneSigner,
  ) {
    this.signers = new SignerCache((id) => loadKeyFile(directory, id, openSigner));
    this.keySet = keySetOf(snapshot, this.signers);
  }

  current(): ZoneKeySet {
    return this.keySet;
  }

  /** Serves by another snapshot from now on; on an error, by the one before. */
  follow(snapshot: KeyringSnapshot): void {
    this.keySet = keySetOf(snapshot, this.signers);
    this.signers.keepOnly(snapshot.state);
  }
}
