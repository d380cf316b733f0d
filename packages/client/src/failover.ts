/**
 * Which failures of one member are survived by asking another, and what to say when no member is
 * left. A failing member is never evidence about the identifier.
 */
import type { DirectoryError } from '@callbook/protocol';
import { clientError, isClientError, type ClientErrorCode } from './errors.ts';
import type { Member } from './member.ts';

export interface MemberFailure {
  readonly member: Member;
  readonly error: DirectoryError<ClientErrorCode>;
}

/** In the order in which they are reported when several members failed differently. */
const survivable: readonly ClientErrorCode[] = [
  'label_proof_invalid',
  'email_proof_invalid',
  'proof_root_invalid',
  'proof_charter_mismatch',
  'proof_not_agreed',
  'proof_index_invalid',
  'proof_entry_invalid',
  'proof_payload_invalid',
  'proof_differs',
  'receipt_invalid',
  'oblivious_keys_disagree',
  'oblivious_unavailable',
  'token_missing',
  'wallet_unavailable',
  'rate_limited',
  'channel_unavailable',
  'challenge_lost',
  'request_refused',
  'member_failed',
  'member_answer_malformed',
  'member_answer_too_large',
  'member_timeout',
  'member_unreachable',
  'relay_failed',
];

/** Codes that say "no usable answer": together they are `directory_unavailable`. */
const silent: ReadonlySet<ClientErrorCode> = new Set<ClientErrorCode>([
  'member_failed',
  'member_answer_malformed',
  'member_answer_too_large',
  'member_timeout',
  'member_unreachable',
  'relay_failed',
]);

/** Codes that say when, or how, to ask: nothing about what is asked. */
const unasked: ReadonlySet<ClientErrorCode> = new Set<ClientErrorCode>([
  'oblivious_keys_disagree',
  'oblivious_unavailable',
  'rate_limited',
  'token_missing',
  'wallet_unavailable',
]);

/** Whether a failure says nothing but that there was no answer now. */
export function isSilent({ error }: MemberFailure): boolean {
  return silent.has(error.code) || unasked.has(error.code);
}

/** How long a member asks to wait; undefined where waiting does not help. */
export function waitMsOf({ error }: MemberFailure): number | undefined {
  const seconds = error.details['retryAfterSeconds'];
  if (error.code !== 'rate_limited' || typeof seconds !== 'number') return undefined;
  return Math.max(1, seconds) * 1000;
}

/** Returns the failure of `member` when another may be asked instead; rethrows anything else. */
export function survive(member: Member, error: unknown): MemberFailure {
  if (isClientError(error) && survivable.includes(error.code)) return { member, error };
  throw error;
}

/** Returns the error to throw when `failures` left fewer than `needed` members. */
export function summariseFailures(
  failures: readonly MemberFailure[],
  needed: number,
): DirectoryError<ClientErrorCode> {
  const worst = survivable
    .filter((code) => !silent.has(code))
    .map((code) => failures.find(({ error }) => error.code === code))
    .find((failure) => failure !== undefined);
  if (worst !== undefined) return worst.error;
  const message = `${failures.length} members failed to answer, at least ${needed} must`;
  const first = failures[0]?.error;
  if (first === undefined) return clientError('directory_unavailable', message);
  const details = { firstCode: first.code };
  return clientError('directory_unavailable', message, { cause: first, details });
}
