/**
 * Which keys a zone publishes and which of them sign what, at one moment. A key set never changes; a
 * roll-over gives another one, and a zone that is handed a keyring notices at its next answer because
 * the object is another. Nothing here knows why a key is where it is: that is `keys/`.
 */
import type { DnskeyRdata } from '../wire/rdata.ts';
import { dnskeyOf } from './delegation-signer.ts';
import type { ZoneKeys, ZoneSigner } from './zone-signer.ts';

export interface ZoneKeySet {
  /** DNSKEY RRset of the apex: every key that a resolver may need for what it has in its cache. */
  readonly dnskeys: readonly DnskeyRdata[];
  /** TTL of DNSKEY, CDS and CDNSKEY. */
  readonly dnskeyTtlSeconds: number;
  /** Keys that the parent's DS are to name: published as CDS and CDNSKEY. */
  readonly delegated: readonly DnskeyRdata[];
  /** Sign DNSKEY, CDS and CDNSKEY, each of them; more than one while a KSK rolls over. */
  readonly kskSigners: readonly ZoneSigner[];
  /** Signs everything else. */
  readonly zskSigner: ZoneSigner;
  /** With a KSK that is elsewhere: signatures made there, in place of those by `kskSigners`. */
  readonly presigned?: PresignedSignatures;
}

/** RDATA of the RRSIGs over the RRsets that the same key set gives. */
export interface PresignedSignatures {
  readonly dnskey: readonly Uint8Array[];
  readonly cds: readonly Uint8Array[];
  readonly cdnskey: readonly Uint8Array[];
}

export interface ZoneKeyring {
  /** The key set in force: the same object while nothing changes. Called for every answer. */
  current(): ZoneKeySet;
}

/** TTL of DNSKEY, CDS and CDNSKEY unless told. */
const dnskeyTtlSecondsDefault = 3600;

/** Returns a keyring that always has the one KSK and the one ZSK given. */
export function fixedKeyring(keys: ZoneKeys): ZoneKeyring {
  const ksk = dnskeyOf(keys.ksk, 'ksk');
  const keySet: ZoneKeySet = {
    dnskeys: [ksk, dnskeyOf(keys.zsk, 'zsk')],
    dnskeyTtlSeconds: dnskeyTtlSecondsDefault,
    delegated: [ksk],
    kskSigners: [keys.ksk],
    zskSigner: keys.zsk,
  };
  return { current: () => keySet };
}

/** Takes what zones accept as keys. */
export function keyringOf(keys: ZoneKeys | ZoneKeyring): ZoneKeyring {
  return 'current' in keys ? keys : fixedKeyring(keys);
}
