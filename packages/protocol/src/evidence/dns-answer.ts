/**
 * A DNS answer that its member cannot honestly have signed. The answer names an entry by its id, and
 * the index stands for entries: label, commitment. So the answer is held against the entry that it names
 * itself, at whatever time, and nothing that was late, cached, restored or missing excuses it.
 *
 * That the entry was not in force any more, or never, convicts nobody here: docs/spec/evidence.md says
 * why an honest member may have answered so.
 */
import { bytesEqual, utf8 } from '../bytes.ts';
import type { Cryptography } from '../crypto/cryptography.ts';
import { verifyPayload } from '../commitment.ts';
import { entryId, parseEntry } from '../entry.ts';
import type { Entry } from '../entry.ts';
import type { CharterSet } from '../fold/charter-set.ts';
import type { Identifier } from '../identifiers.ts';
import type { Payload } from '../payload.ts';
import { parseBase64Url } from '../base64.ts';
import { accept, ignore, reject } from '../verdict.ts';
import type { Refusal, Verdict } from '../verdict.ts';
import type { DnsAnswerEvidence, LabelGround, PayloadGround } from './dns-answer-form.ts';
import { encodeName, textStrings, txtType, verifyChainOfTrust } from './dnssec.ts';
import type { ParsedRrset } from './dnssec.ts';
import { logKeyIn } from './signed-statements.ts';
import type { JudgingContext, ProvenFault } from './verify-evidence.ts';

/** What the answer says, verified as far as the zone's DS. */
interface ProvenAnswer {
  /** Zone's apex, as the charter has it. */
  readonly zone: string;
  readonly rrset: ParsedRrset;
  readonly strings: readonly string[];
  readonly entry: Entry;
}

/** Judges a DNS answer. */
export function dnsAnswerFault(
  evidence: DnsAnswerEvidence,
  context: JudgingContext,
): Verdict<ProvenFault> {
  const { origin, ground } = evidence;
  const answer = provenAnswer(evidence, context);
  if (answer.verdict !== 'accept') return answer;
  const refusal =
    'payload' in ground
      ? payloadRefusal(ground, answer.value, context)
      : labelRefusal(ground, answer.value, context);
  return refusal ?? accept({ kind: 'dns_answer', origins: [origin], disputed: [] });
}

function provenAnswer(evidence: DnsAnswerEvidence, context: JudgingContext): Verdict<ProvenAnswer> {
  const logKey = logKeyIn(context.charters, evidence.origin);
  if (logKey.verdict !== 'accept') return logKey;
  const signed = signedAnswer(evidence, context);
  if (signed === undefined) {
    // A charter that is not known here yet may name the DS: whoever brings this need not lie.
    return ignore('dns_chain_invalid', 'no DS of a charter leads to the signature of the answer');
  }
  const { zone, rrset } = signed;
  const [rdata, ...more] = rrset.rdatas;
  const strings = rdata === undefined ? undefined : textStrings(rdata);
  if (rrset.type !== txtType || more.length > 0 || strings?.[0] !== 'v=callbook1') {
    return unproven('the answer is not the TXT record of a binding');
  }
  const entry = parseEntry(evidence.entry);
  if (entry.verdict !== 'accept') return entry;
  const id = entryId(evidence.entry, context.crypto);
  const named = strings.filter((text) => text.startsWith('log='));
  if (named.length !== 1 || !named[0]!.endsWith(` ${id.toHex()}`)) {
    return unproven('the answer does not name the entry');
  }
  return accept({ zone, rrset, strings, entry: entry.value });
}

/** The member's zone and its DS by any charter: a DS changes whenever a key is replaced. */
function signedAnswer(
  { origin, dnskey, answer }: DnsAnswerEvidence,
  { charters, crypto }: JudgingContext,
): Pick<ProvenAnswer, 'zone' | 'rrset'> | undefined {
  for (const { memberByOrigin } of charters.all) {
    const member = memberByOrigin.get(origin);
    if (member === undefined) continue;
    const { zone, zoneDs } = member;
    const chain = { apex: encodeName(zone), zoneDs, dnskey, answer };
    const rrset = verifyChainOfTrust(chain, crypto);
    if (rrset !== undefined) return { zone, rrset };
  }
  return undefined;
}

/** Why the payload does not convict; undefined where it does. */
function payloadRefusal(
  { payload, opening }: PayloadGround,
  answer: ProvenAnswer,
  { charters, crypto }: JudgingContext,
): Refusal | undefined {
  const { entry } = answer;
  const vrfPublicKey = vrfPublicKeyOf(entry, charters);
  if (vrfPublicKey === undefined) return epochUnknown();
  const opened = verifyPayload({ entry, payload, opening, vrfPublicKey }, crypto);
  if (opened.verdict !== 'accept') return opened;
  const { identifier, visibility } = opened.value;
  const owner = encodeName(bindingName(identifier, answer.zone, crypto));
  const same =
    visibility === 'dns' &&
    bytesEqual(owner, answer.rrset.owner) &&
    sameTexts(keyStringsOf(opened.value), answer.strings.filter(isKeyString));
  return same ? unproven('the answer says what the payload says') : undefined;
}

/** The name at which NAPTR and TXT of an identifier stand, in text. */
function bindingName(identifier: Identifier, zone: string, crypto: Cryptography): string {
  const rest = identifier.slice(identifier.indexOf(':') + 1);
  if (identifier.startsWith('tel:')) {
    return `${Array.from(rest.slice(1)).reverse().join('.')}.${zone}`;
  }
  // RFC 7929 §3: the SHA-256 of the local part "truncated to 28 octets".
  const hash = crypto.sha256(utf8(rest.replace('@', '='))).subarray(0, 28);
  return `${hash.toHex()}.id.${zone}`;
}

/** Strings with other names may come with later versions; these two are what a reader trusts. */
function isKeyString(text: string): boolean {
  return text.startsWith('id=') || text.startsWith('box=');
}

function keyStringsOf({ keys }: Payload): string[] {
  const of = (use: string, name: string) =>
    keys.filter((key) => key.use === use).map(({ key }) => `${name}=${base64Url(key)}`);
  return [...of('identity', 'id'), ...of('box', 'box')];
}

function base64Url(octets: Uint8Array): string {
  return octets.toBase64({ alphabet: 'base64url', omitPadding: true });
}

/** The same texts, in any order. */
function sameTexts(one: readonly string[], other: readonly string[]): boolean {
  return JSON.stringify(one.toSorted()) === JSON.stringify(other.toSorted());
}

/** Why the label does not convict; undefined where it does. */
function labelRefusal(
  { identifier, vrfProof }: LabelGround,
  { entry, zone, rrset }: ProvenAnswer,
  { charters, crypto }: JudgingContext,
): Refusal | undefined {
  const owner = encodeName(bindingName(identifier, zone, crypto));
  if (!bytesEqual(owner, rrset.owner)) return unproven('the answer is of another identifier');
  const vrfPublicKey = vrfPublicKeyOf(entry, charters);
  if (vrfPublicKey === undefined) return epochUnknown();
  const output = crypto.vrfVerify(vrfPublicKey, utf8(identifier), vrfProof);
  if (output === undefined) {
    return reject('label_mismatch', 'the VRF proof is not of the identifier and the label epoch');
  }
  const same = bytesEqual(output.subarray(0, entry.label.length), entry.label);
  return same ? unproven('the entry has the label of the identifier') : undefined;
}

function vrfPublicKeyOf({ labelEpoch }: Entry, { all }: CharterSet): Uint8Array | undefined {
  const known = all.find(({ charter }) => charter.labelEpoch === labelEpoch);
  return known && parseBase64Url(known.charter.vrfPublicKey);
}

function epochUnknown(): Refusal {
  return ignore('charter_missing', 'the charters at hand do not have the label epoch of the entry');
}

function unproven(found: string): Refusal {
  return reject('evidence_unproven', found);
}
