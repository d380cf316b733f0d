/**
 * What can be wrong between a parent and its child: DS records that the parent signs and that do not
 * fit, and keys that the child shows. Some are no fault: an extra DS, a digest that nobody knows.
 */
import {
  encodeRdata,
  formatName,
  keyTagOf,
  recordTypes,
  responseCodes,
  type DnskeyRdata,
  type Message,
} from '@callbook/dns/wire';
import type { AnswerFault } from './answer-faults.ts';
import { dsText, type CorpusZone } from './corpus-zones.ts';
import type { CorpusKey, KeyPair } from './corpus-keys.ts';
import { editRecords, resigned, type Part } from './message-edits.ts';
import type { FaultKind } from './signature-faults.ts';

/** DS records that a parent signs for a child, in place of the one that fits. */
export interface DsVariant {
  readonly name: string;
  readonly ds: (
    child: Pick<CorpusZone, 'name'>,
    keys: KeyPair,
    stray: KeyPair,
  ) => readonly string[];
}

function edited(text: string, at: number, value: string): string {
  return text
    .split(' ')
    .map((field, index) => (index === at ? value : field))
    .join(' ');
}

function withDigestFlipped(text: string): string {
  const digest = text.split(' ')[3]!;
  return edited(text, 3, (digest.startsWith('0') ? '1' : '0') + digest.slice(1));
}

const unknownDigest = '00'.repeat(32);

export const dsVariants: readonly DsVariant[] = [
  { name: 'DS of SHA-1 alone', ds: ({ name }, { ksk }) => [dsText(name, ksk, 1)] },
  { name: 'DS of SHA-384 alone', ds: ({ name }, { ksk }) => [dsText(name, ksk, 4)] },
  {
    name: 'DS of SHA-1 and of SHA-256',
    ds: ({ name }, { ksk }) => [dsText(name, ksk, 1), dsText(name, ksk)],
  },
  {
    name: 'DS of SHA-256 with the digest of another key',
    ds: ({ name }, { ksk }, stray) => [edited(dsText(name, stray.ksk), 0, String(ksk.tag))],
  },
  {
    name: 'DS with a digit of its digest changed',
    ds: ({ name }, { ksk }) => [withDigestFlipped(dsText(name, ksk))],
  },
  {
    name: 'DS with the digest cut short',
    ds: ({ name }, { ksk }) => [dsText(name, ksk).slice(0, -2)],
  },
  {
    name: 'DS with a key tag off by one',
    ds: ({ name }, { ksk }) => [edited(dsText(name, ksk), 0, String((ksk.tag + 1) & 0xffff))],
  },
  {
    name: 'DS with another algorithm',
    ds: ({ name }, { ksk }) => [
      edited(dsText(name, ksk), 1, ksk.dnskey.algorithm === 13 ? '15' : '13'),
    ],
  },
  { name: 'DS of a key that is not there', ds: ({ name }, _, stray) => [dsText(name, stray.ksk)] },
  { name: 'DS of the zone-signing key', ds: ({ name }, { zsk }) => [dsText(name, zsk)] },
  {
    name: 'DS of both keys',
    ds: ({ name }, { ksk, zsk }) => [dsText(name, ksk), dsText(name, zsk)],
  },
  {
    name: 'DS of a stray key beside the right one',
    ds: ({ name }, { ksk }, stray) => [dsText(name, stray.ksk), dsText(name, ksk)],
  },
  {
    name: 'DS of an unassigned digest alone',
    ds: (_, { ksk }) => [`${ksk.tag} ${ksk.dnskey.algorithm} 200 ${unknownDigest}`],
  },
  {
    name: 'DS of an unassigned digest beside the right one',
    ds: ({ name }, { ksk }) => [
      `${ksk.tag} ${ksk.dnskey.algorithm} 200 ${unknownDigest}`,
      dsText(name, ksk),
    ],
  },
  {
    name: 'DS of an unassigned algorithm alone',
    ds: ({ name }, { ksk }) => [edited(dsText(name, ksk), 1, '200')],
  },
  {
    name: 'DS of an unassigned algorithm beside the right one',
    ds: ({ name }, { ksk }) => [edited(dsText(name, ksk), 1, '200'), dsText(name, ksk)],
  },
  {
    name: 'DS of SHA-1 right, of SHA-256 wrong',
    ds: ({ name }, { ksk }) => [dsText(name, ksk, 1), withDigestFlipped(dsText(name, ksk))],
  },
  {
    name: 'DS of SHA-1 wrong, of SHA-256 right',
    ds: ({ name }, { ksk }) => [withDigestFlipped(dsText(name, ksk, 1)), dsText(name, ksk)],
  },
];

function isKey(key: CorpusKey): (rdata: Uint8Array) => boolean {
  const hex = Buffer.from(key.rdata).toString('hex');
  return (rdata) => Buffer.from(rdata).toString('hex') === hex;
}

/** The DNSKEY RRset with one key edited or left out, not signed anew. */
function keyEdited(
  part: Part,
  key: CorpusKey,
  edit: (dnskey: DnskeyRdata) => DnskeyRdata | undefined,
): Message {
  const matches = isKey(key);
  return editRecords(part, (record) => {
    if (!matches(record.rdata)) return record;
    const dnskey = edit(key.dnskey);
    return dnskey && { ...record, rdata: encodeRdata(dnskey) };
  });
}

/** The DNSKEY RRset with other keys, signed by the key-signing key (as it then is). */
function keysResigned(part: Part, keys: readonly DnskeyRdata[], signer = part.keys.ksk): Message {
  const rdatas = keys.map((dnskey) => encodeRdata(dnskey));
  const changed = keys.find(
    ({ publicKey }) => Buffer.compare(publicKey, signer.dnskey.publicKey) === 0,
  );
  const keyTag = changed === undefined ? signer.tag : keyTagOf(encodeRdata(changed));
  return resigned(part, { rdatas, key: signer, head: { keyTag } });
}

/** What can be wrong with the keys that a zone shows, beside their signature. */
export const dnskeyFaults: readonly FaultKind[] = [
  {
    name: 'key-signing key removed',
    alter: (part) => keyEdited(part, part.keys.ksk, () => undefined),
  },
  {
    name: 'zone-signing key removed',
    alter: (part) => keyEdited(part, part.keys.zsk, () => undefined),
  },
  {
    name: 'zone-signing key removed, signed anew',
    alter: (part) => keysResigned(part, [part.keys.ksk.dnskey]),
  },
  {
    name: 'stray key added, not signed anew',
    alter: (part) => {
      const { message, section, stray } = part;
      const [first] = message[section];
      const added = { ...first!, rdata: stray.zsk.rdata };
      return { ...message, [section]: [...message[section], added] };
    },
  },
  {
    name: 'stray key added, signed anew (harmless)',
    alter: ({ keys, stray, ...part }) =>
      keysResigned({ ...part, keys, stray }, [keys.ksk.dnskey, keys.zsk.dnskey, stray.zsk.dnskey]),
  },
  {
    name: 'signed by the zone-signing key alone',
    alter: (part) => resigned(part, { key: part.keys.zsk, head: { keyTag: part.keys.zsk.tag } }),
  },
  {
    name: 'zone bit of the zone-signing key cleared, signed anew',
    alter: (part) =>
      keysResigned(part, [part.keys.ksk.dnskey, { ...part.keys.zsk.dnskey, flags: 0 }]),
  },
  {
    name: 'zone bit of the key-signing key cleared, signed anew',
    alter: (part) =>
      keysResigned(part, [{ ...part.keys.ksk.dnskey, flags: 1 }, part.keys.zsk.dnskey]),
  },
  {
    name: 'protocol of the zone-signing key is 4, signed anew',
    alter: (part) =>
      keysResigned(part, [part.keys.ksk.dnskey, { ...part.keys.zsk.dnskey, protocol: 4 }]),
  },
  {
    name: 'algorithm of the zone-signing key is unassigned, signed anew',
    alter: (part) =>
      keysResigned(part, [part.keys.ksk.dnskey, { ...part.keys.zsk.dnskey, algorithm: 200 }]),
  },
  {
    name: 'zone-signing key cut short, signed anew',
    alter: (part) => {
      const { zsk, ksk } = part.keys;
      const publicKey = zsk.dnskey.publicKey.slice(0, -1);
      return keysResigned(part, [ksk.dnskey, { ...zsk.dnskey, publicKey }]);
    },
  },
  {
    name: 'all keys are stray and sign themselves',
    alter: (part) => {
      const { ksk, zsk } = part.stray;
      return keysResigned(part, [ksk.dnskey, zsk.dnskey], ksk);
    },
  },
];

/** What can be wrong with an answer about DS or keys as a whole. */
export const emptyFaults: readonly AnswerFault[] = [
  { name: 'emptied', alter: ({ message }) => ({ ...message, answers: [], authorities: [] }) },
  {
    name: 'emptied, called NXDOMAIN',
    alter: ({ message }) => ({
      ...message,
      answers: [],
      authorities: [],
      responseCode: responseCodes.NXDOMAIN,
    }),
  },
  {
    name: 'denied by the bit map of the apex',
    alter: async ({ message, genuine }) => {
      const { authorities } = await genuine('@', recordTypes.SRV);
      return { ...message, answers: [], authorities };
    },
  },
];

/** What a parent may be made to say of a signed child, so that it looks unsigned. */
export const dsDenialFaults: readonly AnswerFault[] = [
  {
    name: 'DS denied by the proof for a host',
    alter: async ({ message, genuine }) => {
      const { authorities } = await genuine('h60', recordTypes.DS);
      return { ...message, answers: [], authorities };
    },
  },
  {
    name: 'DS denied by the proof for a name that is not there',
    alter: async ({ message, genuine }) => {
      const { authorities } = await genuine('zzz.nowhere', recordTypes.DS);
      return { ...message, answers: [], authorities };
    },
  },
  {
    name: 'DS denied by the bit map at the child itself',
    alter: async ({ message, question, genuine }) => {
      const { authorities } = await genuine(formatName(question.name), recordTypes.SRV);
      return { ...message, answers: [], authorities };
    },
  },
  {
    name: 'DS denied by the bit map of the parent',
    alter: async ({ message, genuine }) => {
      const { authorities } = await genuine('@', recordTypes.SRV);
      return { ...message, answers: [], authorities };
    },
  },
  {
    name: 'DS denied by the proof for an unsigned sibling',
    alter: async ({ message, genuine }) => {
      const { authorities } = await genuine('unsub', recordTypes.DS);
      return { ...message, answers: [], authorities };
    },
  },
];

/** What the parent's records may be made to say of a name in a signed child: it is not theirs to deny. */
export const parentDenialFaults: readonly AnswerFault[] = [
  {
    name: 'denied by the record of the parent at the delegation',
    alter: async ({ message, question, genuine }) => {
      // Nothing sorts between a name and the same with a hyphen but what is below the name.
      const child = new TextDecoder().decode(question.name.labels[1]);
      const { authorities, responseCode } = await genuine(`${child}-`, recordTypes.A);
      return { ...message, answers: [], authorities, responseCode };
    },
  },
  {
    name: 'denied by the apex of the parent',
    alter: async ({ message, genuine }) => {
      const { authorities } = await genuine('@', recordTypes.SRV);
      return { ...message, answers: [], authorities };
    },
  },
];
