/**
 * The form of evidence of a DNS answer: what the zone signed, the entry that the answer names, and
 * one of two grounds on which no honest member can have signed it. `dns-answer.ts` judges it.
 */
import { isCborMap } from '../cbor.ts';
import type { CborValue } from '../cbor.ts';
import { parseIdentifier } from '../identifiers.ts';
import type { Identifier } from '../identifiers.ts';
import {
  entryBytesMax,
  logOriginCharactersMax,
  payloadBytesMax,
  signedRrsetBytesMax,
} from '../limits.ts';
import type { SignedRrset } from './dnssec.ts';

/** A signed answer of DNS that contradicts the log. */
export interface DnsAnswerEvidence {
  readonly kind: 'dns_answer';
  /** Log of the member whose zone answered. */
  readonly origin: string;
  /** DNSKEY of the zone, signed by a key that a charter's DS names. */
  readonly dnskey: SignedRrset;
  /** The TXT record of a binding. */
  readonly answer: SignedRrset;
  /** The entry that the TXT record names, encoded. */
  readonly entry: Uint8Array;
  readonly ground: PayloadGround | LabelGround;
}

/** The entry commits to a payload that says other than the answer. */
export interface PayloadGround {
  readonly payload: Uint8Array;
  /** 32 bytes. */
  readonly opening: Uint8Array;
}

/** The entry has another label than the identifier at whose name the answer stands. */
export interface LabelGround {
  readonly identifier: Identifier;
  /** 80 bytes: from the identifier to its label. */
  readonly vrfProof: Uint8Array;
}

type Fields = { readonly [name: string]: CborValue };

/** Returns the fields beside `v`, for encoding. */
export function dnsAnswerFields(evidence: DnsAnswerEvidence): Fields {
  const { kind, origin, dnskey, answer, entry, ground } = evidence;
  return { kind, origin, dnskey: { ...dnskey }, answer: { ...answer }, entry, ...ground };
}

/** Returns the evidence, or what is wrong with it. */
export function dnsAnswerOf(fields: Fields): DnsAnswerEvidence | string {
  const { origin, dnskey, answer, entry, ...others } = fields;
  const keys = signedOf(dnskey);
  const answered = signedOf(answer);
  if (typeof origin !== 'string' || origin.length > logOriginCharactersMax) return 'has no origin';
  if (keys === undefined || answered === undefined) return 'lacks what the zone signed';
  if (!isBytes(entry, entryBytesMax)) return 'lacks the entry that the answer names';
  const ground = payloadGroundOf(others) ?? labelGroundOf(others);
  if (ground === undefined) {
    return 'has neither payload and opening nor identifier and vrfProof, and no more';
  }
  return { kind: 'dns_answer', origin, dnskey: keys, answer: answered, entry, ground };
}

function payloadGroundOf({ payload, opening, ...others }: Fields): PayloadGround | undefined {
  if (hasMore(others) || !isBytes(payload, payloadBytesMax) || !isBytes(opening, 32)) {
    return undefined;
  }
  return opening.length === 32 ? { payload, opening } : undefined;
}

function labelGroundOf({ identifier, vrfProof, ...others }: Fields): LabelGround | undefined {
  if (hasMore(others) || typeof identifier !== 'string' || !isBytes(vrfProof, 80)) return undefined;
  const parsed = parseIdentifier(identifier);
  return parsed.verdict === 'accept' && vrfProof.length === 80
    ? { identifier: parsed.value, vrfProof }
    : undefined;
}

function signedOf(value: CborValue | undefined): SignedRrset | undefined {
  if (value === undefined || !isCborMap(value)) return undefined;
  const { signed, signature, ...others } = value;
  if (hasMore(others) || !isBytes(signed, signedRrsetBytesMax)) return undefined;
  return isBytes(signature, 64) && signature.length === 64 ? { signed, signature } : undefined;
}

function isBytes(value: CborValue | undefined, bytesMax: number): value is Uint8Array {
  return value instanceof Uint8Array && value.length <= bytesMax;
}

function hasMore(others: Fields): boolean {
  return Object.keys(others).length > 0;
}
