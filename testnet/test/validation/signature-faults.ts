/**
 * What can be wrong with a signed RRset, one thing at a time; and what may differ without harm, which
 * validators must not mistake for a fault. Each is named for what was done.
 */
import {
  joinLabels,
  parentName,
  recordTypes,
  rootName,
  type Message,
  type ResourceRecord,
} from '@callbook/dns/wire';
import { nameOf } from '../../../packages/dns/test/test-zones.ts';
import {
  editRecords,
  editSignatures,
  recordsOf,
  resigned,
  signaturesOf,
  withSignatures,
  type Part,
} from './message-edits.ts';

export interface FaultKind {
  readonly name: string;
  /** Undefined where it does not apply: no second record to remove, no parent to name. */
  readonly alter: (part: Part) => Message | undefined;
}

const day = 86_400;
const nowSeconds = (): number => Math.floor(Date.now() / 1000);

function flipped(octets: Uint8Array, at: number): Uint8Array {
  const copy = octets.slice();
  copy[at]! ^= 1;
  return copy;
}

/** An octet whose change leaves RDATA well-formed: the last, or the first character of a name. */
function safeOctet({ type, rdata }: ResourceRecord): number {
  const isName = type === recordTypes.CNAME || type === recordTypes.DNAME;
  return isName ? 1 : rdata.length - 1;
}

const childLabel = new TextEncoder().encode('child');

/** The signature itself, or a field of it, changed by somebody without a key. */
const tampered: readonly FaultKind[] = [
  { name: 'signature removed', alter: (part) => withSignatures(part, []) },
  {
    name: 'first bit of signature flipped',
    alter: (part) => editSignatures(part, (s) => ({ signature: flipped(s.signature, 0) })),
  },
  {
    name: 'last bit of signature flipped',
    alter: (part) =>
      editSignatures(part, (s) => ({ signature: flipped(s.signature, s.signature.length - 1) })),
  },
  {
    name: 'signature an octet short',
    alter: (part) => editSignatures(part, (s) => ({ signature: s.signature.slice(0, -1) })),
  },
  {
    name: 'signature an octet long',
    alter: (part) => editSignatures(part, (s) => ({ signature: Uint8Array.of(...s.signature, 0) })),
  },
  {
    name: 'signature empty',
    alter: (part) => editSignatures(part, () => ({ signature: new Uint8Array(0) })),
  },
  {
    name: 'signature of zeros',
    alter: (part) =>
      editSignatures(part, (s) => ({ signature: new Uint8Array(s.signature.length) })),
  },
  {
    name: 'key tag off by one',
    alter: (part) => editSignatures(part, (s) => ({ keyTag: (s.keyTag + 1) & 0xffff })),
  },
  {
    name: 'algorithm is another',
    alter: (part) => editSignatures(part, (s) => ({ algorithm: s.algorithm === 13 ? 15 : 13 })),
  },
  {
    name: 'algorithm is unassigned',
    alter: (part) => editSignatures(part, () => ({ algorithm: 200 })),
  },
  {
    name: 'label count lowered',
    alter: (part) => editSignatures(part, (s) => ({ labelCount: Math.max(0, s.labelCount - 1) })),
  },
  {
    name: 'label count raised',
    alter: (part) => editSignatures(part, (s) => ({ labelCount: s.labelCount + 1 })),
  },
  {
    name: 'original TTL raised',
    alter: (part) =>
      editSignatures(part, (s) => ({ originalTtlSeconds: s.originalTtlSeconds + 1 })),
  },
  {
    name: 'expiration put off',
    alter: (part) =>
      editSignatures(part, (s) => ({ expirationSeconds: s.expirationSeconds + day })),
  },
  {
    name: 'inception put earlier',
    alter: (part) => editSignatures(part, (s) => ({ inceptionSeconds: s.inceptionSeconds - day })),
  },
  {
    name: 'signer is the parent',
    alter: (part) => {
      const parent = parentName(part.zone);
      return parent && editSignatures(part, () => ({ signer: parent }));
    },
  },
  {
    name: 'signer is the root',
    alter: (part) => editSignatures(part, () => ({ signer: rootName })),
  },
  {
    name: 'signer is below the zone',
    alter: (part) => editSignatures(part, () => ({ signer: joinLabels([childLabel], part.zone)! })),
  },
  {
    name: 'signer is elsewhere',
    alter: (part) => editSignatures(part, () => ({ signer: nameOf('elsewhere.') })),
  },
  {
    name: 'covers another type',
    alter: (part) => editSignatures(part, () => ({ typeCovered: 99 })),
  },
];

/** The records changed by somebody without a key. */
const altered: readonly FaultKind[] = [
  {
    name: 'bit of RDATA flipped',
    alter: (part) =>
      editRecords(part, (record) => ({
        ...record,
        rdata: flipped(record.rdata, safeOctet(record)),
      })),
  },
  {
    name: 'record added',
    alter: (part) => {
      const [first] = recordsOf(part);
      const added = { ...first!, rdata: flipped(first!.rdata, safeOctet(first!)) };
      const { message, section } = part;
      return { ...message, [section]: [...message[section], added] };
    },
  },
  {
    name: 'record removed',
    alter: (part) =>
      recordsOf(part).length < 2
        ? undefined
        : editRecords(part, (record, index) => (index === 0 ? undefined : record)),
  },
];

/** Signed by a key, but not as it must be. */
const missigned: readonly FaultKind[] = [
  {
    name: 'expired last week',
    alter: (part) =>
      resigned(part, {
        head: {
          inceptionSeconds: nowSeconds() - 30 * day,
          expirationSeconds: nowSeconds() - 7 * day,
        },
      }),
  },
  {
    name: 'begins next week',
    alter: (part) =>
      resigned(part, {
        head: {
          inceptionSeconds: nowSeconds() + 7 * day,
          expirationSeconds: nowSeconds() + 30 * day,
        },
      }),
  },
  {
    name: 'ends before it begins',
    alter: (part) =>
      resigned(part, {
        head: {
          inceptionSeconds: nowSeconds() + 7 * day,
          expirationSeconds: nowSeconds() - 7 * day,
        },
      }),
  },
  {
    name: 'by a key that the zone does not have',
    alter: (part) => resigned(part, { key: part.stray.zsk, head: { keyTag: part.stray.zsk.tag } }),
  },
  {
    name: 'by a stray key under the tag of ours',
    alter: (part) => resigned(part, { key: part.stray.zsk }),
  },
  {
    name: 'by our key in the name of the parent',
    alter: (part) => {
      const parent = parentName(part.zone);
      return parent && resigned(part, { head: { signer: parent } });
    },
  },
  {
    name: 'by our key in the name of what is below',
    alter: (part) => resigned(part, { head: { signer: joinLabels([childLabel], part.zone)! } }),
  },
  {
    name: 'signed with a label too many',
    alter: (part) =>
      resigned(part, { head: { labelCount: signaturesOf(part)[0]!.labelCount + 1 } }),
  },
  {
    name: 'signed for another type',
    alter: (part) => {
      const spoiled = resigned(part, { head: { typeCovered: 99 } });
      const part99 = { ...part, message: spoiled, type: 99 };
      return withSignatures(
        part99,
        signaturesOf(part99).map((rrsig) => ({ ...rrsig, typeCovered: part.type })),
      );
    },
  },
];

/** Differences that leave the RRset as good as it was. */
export const harmlessChanges: readonly FaultKind[] = [
  {
    name: 'TTL lowered (harmless)',
    alter: (part) => editRecords(part, (record) => ({ ...record, ttlSeconds: 7 })),
  },
  {
    name: 'TTL raised (harmless)',
    alter: (part) => editRecords(part, (record) => ({ ...record, ttlSeconds: 9000 })),
  },
  {
    name: 'records in another order (harmless)',
    alter: (part) => {
      const reversed = recordsOf(part).reverse();
      return reversed.length < 2 ? undefined : editRecords(part, (_, index) => reversed[index]!);
    },
  },
  {
    name: 'a spoiled signature before the good one (harmless)',
    alter: (part) => {
      const [good] = signaturesOf(part);
      const spoiled = { ...good!, signature: flipped(good!.signature, 3) };
      return withSignatures(part, [spoiled, good!]);
    },
  },
  {
    name: 'a signature of unknown algorithm beside the good one (harmless)',
    alter: (part) => {
      const [good] = signaturesOf(part);
      return withSignatures(part, [{ ...good!, algorithm: 200 }, good!]);
    },
  },
  {
    name: 'an expired signature beside the good one (harmless)',
    alter: (part) => {
      const [good] = signaturesOf(part);
      const old = {
        inceptionSeconds: nowSeconds() - 30 * day,
        expirationSeconds: nowSeconds() - 7 * day,
      };
      const expired = signaturesOf({ ...part, message: resigned(part, { head: old }) });
      return withSignatures(part, [...expired, good!]);
    },
  },
  {
    name: 'signed by the key-signing key (harmless)',
    alter: (part) => resigned(part, { key: part.keys.ksk, head: { keyTag: part.keys.ksk.tag } }),
  },
  {
    name: 'signed for a shorter TTL (harmless)',
    alter: (part) => resigned(part, { head: { originalTtlSeconds: 60 } }),
  },
  {
    name: 'a record twice (harmless)',
    alter: (part) => {
      const { message, section } = part;
      return { ...message, [section]: [recordsOf(part)[0]!, ...message[section]] };
    },
  },
];

/** All that can be wrong with any signed RRset. */
export const signatureFaults: readonly FaultKind[] = [...tampered, ...altered, ...missigned];
