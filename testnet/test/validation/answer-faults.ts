/**
 * What can be wrong with an answer as a whole: denials that are missing, of something else, or signed
 * by the zone itself and false; records denied that exist; wildcards where there is a closer name.
 */
import {
  encodeRdata,
  encodeTypeBitmap,
  joinLabels,
  parseNsec3,
  parseRdata,
  recordTypes,
  responseCodes,
  type DomainName,
  type Message,
  type Nsec3Rdata,
  type NsecRdata,
  type ResourceRecord,
} from '@callbook/dns/wire';
import type { KeyPair } from './corpus-keys.ts';
import type { AskedQuestion } from './faulty-resolver.ts';
import { resigned, without, type Part } from './message-edits.ts';

/** An answer and what faults are made with. */
export interface Workshop {
  readonly message: Message;
  readonly question: AskedQuestion;
  readonly zone: DomainName;
  readonly keys: KeyPair;
  readonly stray: KeyPair;
  /** The authority's answer to another question, relative to the zone. */
  readonly genuine: (owner: string, type: number) => Promise<Message>;
}

export interface AnswerFault {
  readonly name: string;
  /** Undefined where it does not apply. */
  readonly alter: (workshop: Workshop) => Message | undefined | Promise<Message | undefined>;
}

const denialTypes: readonly number[] = [recordTypes.NSEC, recordTypes.NSEC3];

/** The denial records of an answer, in its order. */
export function denialParts({ message, zone, keys, stray }: Workshop): Part[] {
  return message.authorities
    .filter(({ type }) => denialTypes.includes(type))
    .map(({ owner, type }) => ({
      message,
      section: 'authorities',
      owner,
      type,
      zone,
      keys,
      stray,
    }));
}

function isNsec({ type }: Part): boolean {
  return type === recordTypes.NSEC;
}

/** The denial record at `index`, signed anew with edited contents. */
function forged(
  workshop: Workshop,
  index: number,
  edit: { readonly nsec?: (nsec: NsecRdata) => NsecRdata; readonly nsec3?: EditNsec3 },
): Message | undefined {
  const part = denialParts(workshop)[index];
  if (part === undefined) return undefined;
  const [record] = workshop.message.authorities.filter(
    ({ owner, type }) => type === part.type && owner === part.owner,
  );
  if (isNsec(part)) {
    const parsed = parseRdata(recordTypes.NSEC, record!.rdata);
    if (edit.nsec === undefined || parsed.verdict !== 'accept') return undefined;
    return resigned(part, { rdatas: [encodeRdata(edit.nsec(parsed.value as NsecRdata))] });
  }
  const parsed = parseNsec3(record!.rdata);
  if (edit.nsec3 === undefined || parsed.verdict !== 'accept') return undefined;
  return resigned(part, { rdatas: [encodeNsec3(edit.nsec3(parsed.value))] });
}

type EditNsec3 = (nsec3: Nsec3Rdata) => Nsec3Rdata;

function encodeNsec3(nsec3: Nsec3Rdata): Uint8Array {
  return Uint8Array.of(
    nsec3.hashAlgorithm,
    nsec3.flags,
    nsec3.iterations >> 8,
    nsec3.iterations & 0xff,
    nsec3.salt.length,
    ...nsec3.salt,
    nsec3.nextHash.length,
    ...nsec3.nextHash,
    ...encodeTypeBitmap(nsec3.types),
  );
}

/** A bit map that has gained a type, or lost one. */
function bitmapFault(
  name: string,
  index: number,
  edit: (types: readonly number[], workshop: Workshop) => readonly number[],
): AnswerFault {
  return {
    name,
    alter: (workshop) => {
      const change = <T extends { readonly types: readonly number[] }>(denial: T): T => ({
        ...denial,
        types: edit(denial.types, workshop),
      });
      return forged(workshop, index, { nsec: change, nsec3: change });
    },
  };
}

const gaining =
  (...gained: readonly number[]) =>
  (types: readonly number[]): readonly number[] => [...types, ...gained];

function nsec3Fault(name: string, index: number, nsec3: EditNsec3): AnswerFault {
  return { name, alter: (workshop) => forged(workshop, index, { nsec3 }) };
}

function withAuthorities(message: Message, authorities: readonly ResourceRecord[]): Message {
  return { ...message, authorities };
}

function removed(workshop: Workshop, index: number): Message | undefined {
  const part = denialParts(workshop)[index];
  return part && without(part);
}

const ordinals = ['first', 'second', 'third'];

/** For answers that deny: NODATA, NXDOMAIN, and what comes with a wildcard's records. */
export const denialFaults: readonly AnswerFault[] = [
  {
    name: 'denial removed',
    alter: ({ message }) =>
      withAuthorities(
        message,
        message.authorities.filter(({ type }) => type === recordTypes.SOA),
      ),
  },
  { name: 'authority section removed', alter: ({ message }) => withAuthorities(message, []) },
  ...ordinals.map((ordinal, index): AnswerFault => ({
    name: `${ordinal} denial record removed`,
    alter: (workshop) => (denialParts(workshop).length < 2 ? undefined : removed(workshop, index)),
  })),
  {
    name: 'denial of another name in its place',
    alter: async ({ message, genuine }) =>
      withAuthorities(message, (await genuine('zzz.nowhere', recordTypes.A)).authorities),
  },
  {
    name: 'denial of a type at the apex in its place',
    alter: async ({ message, genuine }) =>
      withAuthorities(message, (await genuine('@', recordTypes.SRV)).authorities),
  },
  {
    name: 'denial of the zone above in its place',
    alter: async ({ message, genuine }) =>
      withAuthorities(message, (await genuine('nowhere.test.', recordTypes.A)).authorities),
  },
  {
    name: 'response code is the other',
    alter: ({ message }) => {
      if (message.answers.length > 0) return undefined;
      const { NOERROR, NXDOMAIN } = responseCodes;
      return { ...message, responseCode: message.responseCode === NOERROR ? NXDOMAIN : NOERROR };
    },
  },
  bitmapFault('bit map of the first gains the type', 0, (types, { question }) => [
    ...types,
    question.type,
  ]),
  bitmapFault('bit map of the first gains CNAME', 0, gaining(recordTypes.CNAME)),
  bitmapFault('bit map of the first gains NS', 0, gaining(recordTypes.NS)),
  bitmapFault('bit map of the first gains NS and DS', 0, gaining(recordTypes.NS, recordTypes.DS)),
  bitmapFault('bit map of the first gains DNAME', 0, gaining(recordTypes.DNAME)),
  bitmapFault('bit map of the first gains SOA', 0, gaining(recordTypes.SOA, recordTypes.NS)),
  bitmapFault('bit map of the second gains the type', 1, (types, { question }) => [
    ...types,
    question.type,
  ]),
  bitmapFault('bit map of the second gains NS', 1, gaining(recordTypes.NS)),
  bitmapFault('bit map of the second gains DNAME', 1, gaining(recordTypes.DNAME)),
  {
    name: 'range of the first ends at once',
    alter: (workshop) =>
      forged(workshop, 0, {
        nsec: (nsec) => ({
          ...nsec,
          next: joinLabels([Uint8Array.of(0)], denialParts(workshop)[0]!.owner)!,
        }),
        nsec3: (nsec3) => ({ ...nsec3, nextHash: after(denialParts(workshop)[0]!.owner) }),
      }),
  },
  {
    name: 'range of the second ends at once',
    alter: (workshop) =>
      forged(workshop, 1, {
        nsec: (nsec) => ({
          ...nsec,
          next: joinLabels([Uint8Array.of(0)], denialParts(workshop)[1]!.owner)!,
        }),
        nsec3: (nsec3) => ({ ...nsec3, nextHash: after(denialParts(workshop)[1]!.owner) }),
      }),
  },
  {
    name: 'range of the first ends outside the zone',
    alter: (workshop) =>
      forged(workshop, 0, {
        nsec: (nsec) => ({ ...nsec, next: joinLabels([Uint8Array.of(0x7a)])! }),
      }),
  },
  nsec3Fault('iterations of the first differ', 0, (nsec3) => ({
    ...nsec3,
    iterations: nsec3.iterations + 1,
  })),
  nsec3Fault('salt of the first differs', 0, (nsec3) => ({ ...nsec3, salt: Uint8Array.of(0xdd) })),
  nsec3Fault('hash algorithm of the first is unassigned', 0, (nsec3) => ({
    ...nsec3,
    hashAlgorithm: 2,
  })),
  nsec3Fault('flags of the first are unassigned', 0, (nsec3) => ({ ...nsec3, flags: 0x42 })),
  nsec3Fault('next hash of the first is an octet short', 0, (nsec3) => ({
    ...nsec3,
    nextHash: nsec3.nextHash.slice(1),
  })),
];

/** The hash of an NSEC3's owner name plus one. */
function after(owner: DomainName): Uint8Array {
  const alphabet = '0123456789abcdefghijklmnopqrstuv';
  const label = new TextDecoder().decode(owner.labels[0]).toLowerCase();
  let value = 0n;
  for (const character of label) value = value * 32n + BigInt(alphabet.indexOf(character));
  const hex = (value + 1n).toString(16).padStart(40, '0').slice(-40);
  return Uint8Array.fromHex(hex);
}

function denied(message: Message, by: Message): Message {
  const { authorities, responseCode } = by;
  return { ...message, answers: [], authorities, responseCode };
}

/** For answers that have records: they are denied, or are other ones. */
export const replacementFaults: readonly AnswerFault[] = [
  {
    name: 'denied by the bit map of the name',
    alter: async ({ message, question, genuine }) => {
      const label = relativeOwner(question.name);
      return denied(message, await genuine(label, recordTypes.SRV));
    },
  },
  {
    name: 'denied as a name by the proof for another',
    alter: async ({ message, genuine }) =>
      denied(message, await genuine('zzz.nowhere', recordTypes.A)),
  },
  {
    name: 'denied by the proof for a neighbour',
    alter: async ({ message, question, genuine }) =>
      denied(message, await genuine(`${relativeOwner(question.name)}0`, recordTypes.A)),
  },
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
    name: 'emptied but for the SOA',
    alter: async ({ message, genuine }) => {
      const { authorities } = await genuine('@', recordTypes.SRV);
      const soa = authorities.filter(({ type }) => type === recordTypes.SOA);
      return { ...message, answers: [], authorities: soa };
    },
  },
  {
    name: 'records of another name under this one',
    alter: async ({ message, question, genuine }) => {
      const { answers } = await genuine('h59', question.type);
      const renamed = answers.map((record) => ({ ...record, owner: question.name }));
      return { ...message, answers: renamed };
    },
  },
  {
    name: 'records of the wildcard under this one',
    alter: async ({ message, question, genuine }) => {
      const { answers, authorities } = await genuine('any.w', question.type);
      const renamed = answers.map((record) => ({ ...record, owner: question.name }));
      return { ...message, answers: renamed, authorities };
    },
  },
  {
    name: 'an unsigned CNAME in their place',
    alter: async ({ message, question, genuine }) => {
      const { answers } = await genuine('ch59', recordTypes.CNAME);
      const [alias] = answers.filter(({ type }) => type === recordTypes.CNAME);
      return { ...message, answers: [{ ...alias!, owner: question.name }] };
    },
  },
];

function relativeOwner(name: DomainName): string {
  return new TextDecoder().decode(name.labels[0]);
}

/** For the name `q.there.w`: the wildcard `*.w` may not answer it, since `there.w` exists. */
export const closerNameFaults: readonly AnswerFault[] = [
  {
    name: 'answered from the wildcard above a closer name',
    alter: async ({ message, question, genuine }) => {
      const { answers } = await genuine('any.w', recordTypes.A);
      const renamed = answers.map((record) => ({ ...record, owner: question.name }));
      const proof = message.authorities.filter(({ type }) => type !== recordTypes.SOA);
      return { ...message, answers: renamed, authorities: proof, responseCode: 0 };
    },
  },
  {
    name: 'answered from the wildcard with the proof for another name',
    alter: async ({ message, question, genuine }) => {
      const { answers, authorities } = await genuine('any.w', recordTypes.A);
      const renamed = answers.map((record) => ({ ...record, owner: question.name }));
      return { ...message, answers: renamed, authorities, responseCode: 0 };
    },
  },
];
