/**
 * The keys of a zone as it is served: notices that the keyring gives another key set, and then makes
 * the RRsets of the apex again and signs with the new keys. A comparison of two references an answer.
 */
import type { Clock } from '@callbook/protocol';
import type { Rrset } from '../rrset.ts';
import { RrsetSigner } from '../sign/rrset-signer.ts';
import type { SignatureCacheLimits } from '../sign/rrset-signer.ts';
import { keyringOf } from '../sign/zone-keyring.ts';
import type { ZoneKeyring, ZoneKeySet } from '../sign/zone-keyring.ts';
import type { ZoneKeys } from '../sign/zone-signer.ts';
import type { DomainName } from '../wire/names.ts';
import { keyRrsets } from './apex-records.ts';

export class ApexKeys {
  private readonly apex: DomainName;
  private readonly keyring: ZoneKeyring;
  private readonly signer: RrsetSigner;
  private keySet: ZoneKeySet | undefined;
  private kept: readonly Rrset[] = [];

  /** `apex` is lower-cased. */
  constructor(options: {
    readonly apex: DomainName;
    readonly keys: ZoneKeys | ZoneKeyring;
    readonly clock: Clock;
    readonly limits?: SignatureCacheLimits;
  }) {
    this.apex = options.apex;
    this.keyring = keyringOf(options.keys);
    this.signer = new RrsetSigner(options);
  }

  /** DNSKEY, CDS and CDNSKEY: the same array until the keys change. */
  rrsets(): readonly Rrset[] {
    this.follow();
    return this.kept;
  }

  signaturesOf(rrset: Rrset): readonly Uint8Array[] {
    this.follow();
    return this.signer.signaturesOf(rrset);
  }

  private follow(): void {
    const keySet = this.keyring.current();
    if (keySet === this.keySet) return;
    this.kept = keyRrsets(this.apex, keySet);
    this.signer.useKeys(keySet);
    this.keySet = keySet;
  }
}
