/** Editing one RRset of an answer: its records, its signatures, or both with a new signature. */
import {
  encodeRdata,
  parseRdata,
  recordTypes,
  sameName,
  type DomainName,
  type Message,
  type ResourceRecord,
  type RrsigRdata,
} from '@callbook/dns/wire';
import { signRrset, type CorpusKey, type KeyPair } from './corpus-keys.ts';

/** The RRset of an answer that a fault is about, and what faults are made with. */
export interface Part {
  readonly message: Message;
  readonly section: 'answers' | 'authorities';
  readonly owner: DomainName;
  readonly type: number;
  /** Apex and keys of the zone that signed it. */
  readonly zone: DomainName;
  readonly keys: KeyPair;
  /** Keys of the same algorithm that no zone has. */
  readonly stray: KeyPair;
}

function rdatasOf(part: Part): Uint8Array[] {
  return recordsOf(part).map(({ rdata }) => rdata);
}

export function recordsOf(part: Part): ResourceRecord[] {
  return part.message[part.section].filter((record) => isOf(part, record));
}

/** The signatures over the RRset. */
export function signaturesOf(part: Part): RrsigRdata[] {
  return part.message[part.section].flatMap((record) => {
    const rrsig = signatureOver(part, record);
    return rrsig === undefined ? [] : [rrsig];
  });
}

/** The answer with other signatures over the RRset. */
export function withSignatures(part: Part, rrsigs: readonly RrsigRdata[]): Message {
  const { message, section } = part;
  const old = message[section].find((record) => signatureOver(part, record) !== undefined)!;
  const made = rrsigs.map((rrsig) => ({ ...old, rdata: encodeRdata(rrsig) }));
  const others = message[section].filter((record) => signatureOver(part, record) === undefined);
  return { ...message, [section]: [...others, ...made] };
}

/** The answer with every signature over the RRset edited. */
export function editSignatures(
  part: Part,
  edit: (rrsig: RrsigRdata) => Partial<RrsigRdata>,
): Message {
  return withSignatures(
    part,
    signaturesOf(part).map((rrsig) => ({ ...rrsig, ...edit(rrsig) })),
  );
}

/** The answer with the RRset's records edited; undefined leaves one out. */
export function editRecords(
  part: Part,
  edit: (record: ResourceRecord, index: number) => ResourceRecord | undefined,
): Message {
  let index = 0;
  const { message, section } = part;
  const records = message[section].flatMap((record) => {
    if (!isOf(part, record)) return [record];
    const edited = edit(record, index);
    index += 1;
    return edited === undefined ? [] : [edited];
  });
  return { ...message, [section]: records };
}

/** The answer without the RRset and its signatures. */
export function without(part: Part): Message {
  const { message, section } = part;
  const others = message[section].filter(
    (record) => !isOf(part, record) && signatureOver(part, record) === undefined,
  );
  return { ...message, [section]: others };
}

export interface NewSignature {
  /** RDATA in place of the old. */
  readonly rdatas?: readonly Uint8Array[];
  /** Fields of the signature that differ from those of the old one. */
  readonly head?: Partial<RrsigRdata>;
  /** The key that signed unless told. */
  readonly key?: CorpusKey;
}

/** The answer with the RRset signed anew, validly by its own measure. */
export function resigned(part: Part, { rdatas, head, key }: NewSignature): Message {
  const old = signaturesOf(part)[0]!;
  const content = rdatas ?? rdatasOf(part);
  const [first] = recordsOf(part);
  const signer = key ?? keyThatSigned(part, old);
  const { signature: _, ...fields } = { ...old, ...head };
  const rrset = { owner: part.owner, type: part.type, rdatas: content };
  const rrsig = signRrset(rrset, fields, signer);
  const bare = without(part);
  const records = content.map((rdata) => ({ ...first!, rdata }));
  const signatureRecord = { ...first!, type: recordTypes.RRSIG, rdata: encodeRdata(rrsig) };
  const { section } = part;
  return { ...bare, [section]: [...records, signatureRecord, ...bare[section]] };
}

function keyThatSigned({ keys }: Part, rrsig: RrsigRdata): CorpusKey {
  return rrsig.keyTag === keys.ksk.tag ? keys.ksk : keys.zsk;
}

function isOf({ owner, type }: Part, record: ResourceRecord): boolean {
  return record.type === type && sameName(record.owner, owner);
}

function signatureOver({ owner, type }: Part, record: ResourceRecord): RrsigRdata | undefined {
  if (record.type !== recordTypes.RRSIG || !sameName(record.owner, owner)) return undefined;
  const parsed = parseRdata(recordTypes.RRSIG, record.rdata);
  if (parsed.verdict !== 'accept' || parsed.value.type !== 'RRSIG') return undefined;
  return parsed.value.typeCovered === type ? parsed.value : undefined;
}
