/**
 * What a zone answers to a question, as RRsets in sections: the table of docs/spec/dns.md. Pure; the
 * zone says what stands at a name, and nothing here depends on whether it is a directory or a root.
 */
import type { Rrset } from '../rrset.ts';
import { sameName } from '../wire/names.ts';
import type { DomainName } from '../wire/names.ts';
import type { ExtendedError } from '../wire/extended-error.ts';
import { recordTypes, responseCodes } from '../wire/record-types.ts';
import { nsecOf } from '../zone/denial.ts';
import type { DataNode, DelegationNode, Zone, ZoneNode } from '../zone/zone.ts';

export interface ZoneQuestion {
  readonly name: DomainName;
  readonly type: number;
  readonly dnssecOk: boolean;
  readonly compactOk: boolean;
}

export interface Answer {
  readonly responseCode: number;
  readonly authoritative: boolean;
  /** TC on purpose; what does not fit is cut off without it. */
  readonly truncated?: boolean;
  readonly answers: readonly Rrset[];
  readonly authorities: readonly Rrset[];
  readonly additionals: readonly Rrset[];
  readonly extendedError?: ExtendedError;
}

const none: readonly Rrset[] = [];

/** Answers a question whose name lies in the zone. Throws what the zone's source throws. */
export function answerQuestion(zone: Zone, question: ZoneQuestion): Answer {
  const node = zone.find(question.name);
  switch (node.kind) {
    case 'data':
      return answerData(zone, question, node);
    case 'delegation':
      return answerDelegation(zone, question, node);
    case 'empty':
      return deny(zone, question, node);
    case 'absent':
      return deny(zone, question, node);
  }
}

function answerData(zone: Zone, question: ZoneQuestion, node: DataNode): Answer {
  // RFC 8482 §4.1: "select one or a small subset of the available RRsets" for ANY.
  const rrset =
    question.type === recordTypes.ANY
      ? node.rrsets[0]
      : node.rrsets.find(({ type }) => type === question.type);
  if (rrset === undefined) return deny(zone, question, node);
  const withAdditionals = rrset.type === recordTypes.NS && question.type === recordTypes.NS;
  return positive([rrset], withAdditionals ? node.additionals : none);
}

/** The name has nothing of that type, or does not exist: one answer for both, as RFC 9824 has it. */
function deny(zone: Zone, question: ZoneQuestion, node: ZoneNode): Answer {
  const nsec = nsecOf(question.name, node, zone.soa.ttlSeconds);
  if (question.type === recordTypes.NSEC) return positive([nsec]);
  // RFC 9824 §4: with DO and without CO a name that does not exist is answered NOERROR, because
  // validators that see its NSEC with NXDOMAIN take the answer for bogus.
  const isNxdomain = node.kind === 'absent' && (question.compactOk || !question.dnssecOk);
  return {
    responseCode: isNxdomain ? responseCodes.NXDOMAIN : responseCodes.NOERROR,
    authoritative: true,
    answers: none,
    authorities: question.dnssecOk ? [zone.soa, nsec] : [zone.soa],
    additionals: none,
  };
}

function answerDelegation(zone: Zone, question: ZoneQuestion, node: DelegationNode): Answer {
  // RFC 4035 §3.1.4.1: DS stands on the parent's side of a cut, so we answer for it.
  if (question.type === recordTypes.DS && sameName(question.name, node.ns.owner))
    return node.ds === undefined ? deny(zone, question, node) : positive([node.ds]);
  // RFC 4035 §3.1.4: a referral carries DS, or the NSEC that proves there is none.
  const proof = node.ds ?? nsecOf(node.ns.owner, node, zone.soa.ttlSeconds);
  return {
    responseCode: responseCodes.NOERROR,
    authoritative: false,
    answers: none,
    authorities: question.dnssecOk ? [node.ns, proof] : [node.ns],
    additionals: node.glue,
  };
}

function positive(answers: readonly Rrset[], additionals: readonly Rrset[] = none): Answer {
  return {
    responseCode: responseCodes.NOERROR,
    authoritative: true,
    answers,
    authorities: none,
    additionals,
  };
}

/** Returns an answer without records: an error, with the reason for those who read EDE. */
export function refuse(responseCode: number, extendedError?: ExtendedError): Answer {
  const empty = { answers: none, authorities: none, additionals: none };
  const base = { responseCode, authoritative: false, ...empty };
  return extendedError === undefined ? base : { ...base, extendedError };
}
