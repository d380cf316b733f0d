/**
 * Evidence against a member whose zone signs what the entry of a canary denies (docs/spec/evidence.md,
 * DNS answers). The records are asked for again, as the evidence needs the octets under the signatures:
 * where the zone has thought better of it in between, there is none.
 */
import {
  encodeQuery,
  ownerNames,
  parseMessage,
  parseName,
  parseRdata,
  recordTypes,
  sameName,
  signatureInput,
} from '@callbook/dns/wire';
import type { DomainName, RrsigRdata } from '@callbook/dns/wire';
import type { DnsTransport, Holding, Member } from '@callbook/client';
import { bytesEqual, dnsAnswerEvidence, entryId, parseLeaf } from '@callbook/protocol';
import type { Cryptography, SignedRrset } from '@callbook/protocol';
import { keepEvidence } from '../evidence-files.ts';
import type { EvidenceContext } from '../evidence-files.ts';
import { signaturesTriedMax, udpPayloadBytes } from '../limits.ts';

/** Makes evidence of what the member's zone answers about a canary; undefined where nothing is proven. */
export async function zoneEvidence(
  { member, holding }: { readonly member: Member; readonly holding: Holding },
  transport: DnsTransport,
  context: EvidenceContext,
): Promise<{ readonly path: string } | undefined> {
  const entry = entryOf(holding, context.crypto);
  const apex = parseName(member.zone);
  const names = apex.verdict === 'accept' ? ownerNames(holding.identifier, apex.value) : undefined;
  if (entry === undefined || apex.verdict !== 'accept' || names === undefined) return undefined;
  const dnskeys = await signedRrsets(transport, apex.value, recordTypes.DNSKEY);
  const answers = await signedRrsets(transport, names.binding, recordTypes.TXT);
  const { payload, opening } = holding;
  const found = { origin: member.logKey.name, entry, ground: { payload, opening } };
  for (const dnskey of dnskeys) {
    for (const answer of answers) {
      const of = { ...found, dnskey, answer };
      const bytes = dnsAnswerEvidence(of, context.charters, context.crypto);
      const kept = bytes === undefined ? undefined : keepEvidence(bytes, context);
      if (kept?.verdict === 'accept') return kept.value;
    }
  }
  return undefined;
}

/** The entry that the holding stands for, as members have logged it. */
function entryOf({ receipts, entryId: id }: Holding, crypto: Cryptography): Uint8Array | undefined {
  const entries = receipts.flatMap(({ leaf: bytes }) => {
    const leaf = parseLeaf(bytes);
    return leaf.verdict === 'accept' && leaf.value.entry !== undefined ? [leaf.value.entry] : [];
  });
  return entries.find((entry) => bytesEqual(entryId(entry, crypto), id));
}

/** The records of a name, once for each signature over them. */
async function signedRrsets(
  transport: DnsTransport,
  name: DomainName,
  type: number,
): Promise<SignedRrset[]> {
  const octets = await transport
    .exchange(encodeQuery({ name, type }, udpPayloadBytes))
    .catch(() => undefined);
  const message = octets === undefined ? undefined : parseMessage(octets);
  if (message?.verdict !== 'accept') return [];
  const records = message.value.answers.filter(({ owner }) => sameName(owner, name));
  const rdatas = records.filter((record) => record.type === type).map(({ rdata }) => rdata);
  const rrsigs = records
    .filter((record) => record.type === recordTypes.RRSIG)
    .flatMap(({ rdata }) => rrsigOf(rdata, type))
    .slice(0, signaturesTriedMax);
  return rrsigs.map(({ signature, ...head }) => ({
    signed: signatureInput(head, { owner: name, type, rdatas }),
    signature,
  }));
}

function rrsigOf(rdata: Uint8Array, typeCovered: number): RrsigRdata[] {
  const parsed = parseRdata(recordTypes.RRSIG, rdata);
  if (parsed.verdict !== 'accept' || parsed.value.type !== 'RRSIG') return [];
  return parsed.value.typeCovered === typeCovered ? [parsed.value] : [];
}
