/**
 * A member's zone for the vectors of evidence: keys that are fixed, and RRsets signed by their
 * definition (RFC 4034 §3.1.8.1), without the code under test. ECDSA is noble's, which draws nothing
 * (RFC 6979), so a second run gives the same signatures.
 */
import { createHash } from 'node:crypto';
import { p256 } from '@noble/curves/nist.js';
import { fixedSigner } from './charter-base.ts';
import { fixed32 } from './vector-case.ts';

type ZoneAlgorithm = 13 | 15;

interface ZoneKey {
  readonly dnskey: Buffer;
  sign(octets: Uint8Array): Uint8Array;
}

interface CaseRrset {
  readonly owner: string;
  readonly type: number;
  readonly rdatas: readonly Uint8Array[];
  /** In RRSIG; those of the owner unless told. */
  readonly labels?: number;
  readonly shiftSeconds?: number;
}

export interface Signed {
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
}

const txtType = 16;
const dnskeyType = 48;
/** 2026-01-02T00:00:00Z and eight days later. */
const inceptionSeconds = 1_767_312_000;
const expirationSeconds: number = inceptionSeconds + 8 * 86_400;

/** A zone that is not as it should be. */
interface ZoneVariant {
  readonly flagsOfZsk?: number;
  /** Name that its keys are made from: the apex. */
  readonly keysOf?: string;
}

export class CaseZone {
  readonly apex: string;
  readonly #algorithm: ZoneAlgorithm;
  readonly #ksk: ZoneKey;
  readonly #zsk: ZoneKey;

  constructor(apex: string, algorithm: ZoneAlgorithm, of: ZoneVariant = {}) {
    const { flagsOfZsk = 256, keysOf = apex } = of;
    this.apex = apex;
    this.#algorithm = algorithm;
    this.#ksk = zoneKey(`${keysOf} ksk`, algorithm, 257);
    this.#zsk = zoneKey(`${keysOf} zsk`, algorithm, flagsOfZsk);
  }

  /** RDATA of the DS in presentation form. */
  get ds(): string {
    const { dnskey } = this.#ksk;
    const digest = createHash('sha256').update(nameOf(this.apex)).update(dnskey).digest('hex');
    return `${tagOf(dnskey)} ${this.#algorithm} 2 ${digest.toUpperCase()}`;
  }

  /** DNSKEY, signed by the key-signing key, so much later. */
  dnskeys(shiftSeconds = 0): Signed {
    const rdatas = [this.#zsk.dnskey, this.#ksk.dnskey].sort((a, b) => Buffer.compare(a, b));
    return this.#sign({ owner: this.apex, type: dnskeyType, rdatas, shiftSeconds }, this.#ksk);
  }

  /** TXT with these strings at a name, signed by the zone-signing key. */
  text(owner: string, strings: readonly string[]): Signed {
    return this.rrset({ owner, type: txtType, rdatas: [textRdata(strings)] });
  }

  rrset(rrset: CaseRrset): Signed {
    return this.#sign(rrset, this.#zsk);
  }

  #sign(rrset: CaseRrset, by: ZoneKey): Signed {
    const { owner, type, rdatas, shiftSeconds = 0 } = rrset;
    const head = Buffer.alloc(18);
    head.writeUInt16BE(type, 0);
    head[2] = this.#algorithm;
    head[3] = rrset.labels ?? owner.split('.').length;
    head.writeUInt32BE(300, 4);
    head.writeUInt32BE(expirationSeconds + shiftSeconds, 8);
    head.writeUInt32BE(inceptionSeconds + shiftSeconds, 12);
    head.writeUInt16BE(tagOf(by.dnskey), 16);
    const records = rdatas.map((rdata) => {
      const fixed = Buffer.alloc(10);
      fixed.writeUInt16BE(type, 0);
      fixed.writeUInt16BE(1, 2);
      fixed.writeUInt32BE(300, 4);
      fixed.writeUInt16BE(rdata.length, 8);
      return Buffer.concat([nameOf(owner), fixed, rdata]);
    });
    const signed = new Uint8Array(Buffer.concat([head, nameOf(this.apex), ...records]));
    return { signed, signature: by.sign(signed) };
  }
}

/** RDATA of a TXT record. */
export function textRdata(strings: readonly string[]): Uint8Array {
  return Buffer.concat(
    strings.map((text) => Buffer.concat([Buffer.of(text.length), Buffer.from(text)])),
  );
}

function zoneKey(name: string, algorithm: ZoneAlgorithm, flags: number): ZoneKey {
  const head = Buffer.alloc(4);
  head.writeUInt16BE(flags);
  head[2] = 3;
  head[3] = algorithm;
  if (algorithm === 15) {
    const signer = fixedSigner(name);
    return {
      dnskey: Buffer.concat([head, signer.publicKey]),
      sign: (octets) => signer.sign(octets),
    };
  }
  const secret = fixed32(name);
  return {
    dnskey: Buffer.concat([head, p256.getPublicKey(secret, false).subarray(1)]),
    sign: (octets) => p256.sign(octets, secret, { lowS: false }),
  };
}

function nameOf(text: string): Buffer {
  const labels = text.split('.').map((label) => Buffer.from(label));
  const parts = labels.flatMap((label) => [Buffer.of(label.length), label]);
  return Buffer.concat([...parts, Buffer.of(0)]);
}

function tagOf(dnskey: Uint8Array): number {
  let sum = 0;
  dnskey.forEach((octet, index) => (sum += index % 2 === 0 ? octet * 256 : octet));
  return (sum + Math.floor(sum / 65_536)) % 65_536;
}
