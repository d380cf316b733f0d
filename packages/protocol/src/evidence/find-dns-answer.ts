/**
 * For whoever compares what a zone answers with the entry that the answer names: an auditor, a holder
 * who looks at its own number, a member. Makes evidence where there is some, and only there.
 */
import type { Cryptography } from '../crypto/cryptography.ts';
import type { CharterSet } from '../fold/charter-set.ts';
import type { DnsAnswerEvidence } from './dns-answer-form.ts';
import { encodeEvidence } from './evidence.ts';
import { verifyEvidence } from './verify-evidence.ts';

/** Returns evidence against the member whose zone answered, or undefined where nothing is proven. */
export function dnsAnswerEvidence(
  found: Omit<DnsAnswerEvidence, 'kind'>,
  charters: CharterSet,
  crypto: Cryptography,
): Uint8Array | undefined {
  const bytes = encodeEvidence({ kind: 'dns_answer', ...found });
  return verifyEvidence(bytes, charters, crypto).verdict === 'accept' ? bytes : undefined;
}
