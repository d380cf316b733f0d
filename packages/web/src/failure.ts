/**
 * What an error means for a person, in one of a few kinds, each of which has a text and a next step in
 * every language. Codes decide, never texts; what nobody can act on differently is one kind.
 */
import { DirectoryError } from '@callbook/protocol';

/** What went wrong, as a person sees it. */
export type FailureKind =
  | 'channel'
  | 'class'
  | 'clock'
  | 'code_gone'
  | 'code_spent'
  | 'code_wrong'
  | 'codes_limited'
  | 'crypto'
  | 'disagree'
  | 'file'
  | 'file_missing'
  | 'file_other'
  | 'free'
  | 'held'
  | 'hold'
  | 'incomplete'
  | 'key_missing'
  | 'lies'
  | 'moved'
  | 'needs_codes'
  | 'not_served'
  | 'number'
  | 'page_old'
  | 'part'
  | 'passphrase'
  | 'paused'
  | 'payload'
  | 'recovery'
  | 'refused'
  | 'release_pending'
  | 'seed_foreign'
  | 'storage'
  | 'storage_lost'
  | 'superseded'
  | 'unknown'
  | 'unreachable'
  | 'vetoed'
  | 'words';

/** A failure with what its text names. */
export interface Failure {
  readonly kind: FailureKind;
  /** For whoever is asked for help; never a number, a key or an address. */
  readonly code: string;
  /** The member that failed, where one is named. */
  readonly member: string | undefined;
  /** How long to wait, where that is known. */
  readonly seconds: number | undefined;
}

const kinds: Readonly<Record<string, FailureKind>> = {
  charter_invalid: 'page_old',
  charter_expired: 'page_old',
  proof_charter_mismatch: 'page_old',
  label_epoch_mismatch: 'page_old',
  member_unknown: 'page_old',
  identifier_malformed: 'number',
  payload_invalid: 'payload',
  holding_malformed: 'storage_lost',
  member_unreachable: 'unreachable',
  member_timeout: 'unreachable',
  member_answer_malformed: 'unreachable',
  member_answer_too_large: 'unreachable',
  member_failed: 'unreachable',
  directory_unavailable: 'unreachable',
  oblivious_unavailable: 'unreachable',
  relay_failed: 'unreachable',
  provider_unavailable: 'unreachable',
  rate_limited: 'codes_limited',
  channel_unavailable: 'channel',
  challenge_lost: 'code_gone',
  challenge_exhausted: 'code_spent',
  code_wrong: 'code_wrong',
  label_proof_invalid: 'lies',
  email_proof_invalid: 'lies',
  receipt_invalid: 'lies',
  proof_root_invalid: 'lies',
  proof_index_invalid: 'lies',
  proof_entry_invalid: 'lies',
  proof_payload_invalid: 'lies',
  oblivious_keys_disagree: 'lies',
  zone_bogus: 'lies',
  zone_differs: 'disagree',
  proof_differs: 'disagree',
  proof_not_agreed: 'disagree',
  members_disagree: 'disagree',
  clock_wrong: 'clock',
  identifier_held: 'held',
  identifier_free: 'free',
  class_not_allowed: 'class',
  replacement_paused: 'paused',
  hold_pending: 'hold',
  replacement_vetoed: 'vetoed',
  replacement_superseded: 'superseded',
  recovery_code_malformed: 'recovery',
  request_refused: 'refused',
  entry_incomplete: 'incomplete',
  signer_missing: 'key_missing',
  signer_failed: 'key_missing',
  signer_timeout: 'key_missing',
  signer_answer_invalid: 'key_missing',
  seed_foreign: 'seed_foreign',
  restore_nothing: 'seed_foreign',
  backup_words_malformed: 'words',
  backup_file_malformed: 'file',
  backup_passphrase_wrong: 'passphrase',
  part_unavailable: 'part',
  file_missing: 'file_missing',
  file_other: 'file_other',
  storage_full: 'storage',
  storage_lost: 'storage_lost',
  crypto_blocked: 'crypto',
  code_abandoned: 'code_gone',
};

/** What a member's refusal means, where that is more than "refused". */
const refusals: Readonly<Record<string, FailureKind>> = {
  identifier_not_served: 'not_served',
  challenge_rate_limited: 'codes_limited',
  capsule_date_invalid: 'clock',
  ownership_held: 'held',
  ownership_unknown: 'free',
  release_pending: 'release_pending',
  ownership_moved: 'moved',
  authority_mismatch: 'moved',
  update_superseded: 'moved',
  update_terms_mismatch: 'moved',
  slot_taken: 'moved',
  challenged_leaves_missing: 'needs_codes',
  request_committed: 'superseded',
  request_vetoed: 'vetoed',
  request_unknown: 'vetoed',
  charter_expired: 'page_old',
  label_epoch_mismatch: 'page_old',
  challenge_unknown: 'code_gone',
  challenge_expired: 'code_gone',
  challenge_used: 'code_gone',
  challenge_required: 'code_gone',
  challenge_mismatch: 'code_gone',
  email_mismatch: 'class',
  request_not_allowed: 'class',
  request_paused: 'paused',
};

/** Says what anything that was thrown means. */
export function failureOf(error: unknown): Failure {
  if (!(error instanceof DirectoryError)) {
    // Storage that is full throws its own; a script that is not there is a network that is gone.
    const name = error instanceof Error ? error.name : '';
    if (name === 'QuotaExceededError') return failure('storage', 'storage_full');
    if (error instanceof TypeError && /import|fetch|network/i.test(error.message)) {
      return failure('unreachable', 'page_unreachable');
    }
    return failure('unknown', 'page_defect');
  }
  const { code, details } = error;
  const problem = details['problemCode'];
  const kind = (typeof problem === 'string' ? refusals[problem] : undefined) ?? kinds[code];
  const { member, retryAfterSeconds } = details;
  return {
    kind: kind ?? 'unknown',
    code: typeof problem === 'string' ? problem : code,
    member: typeof member === 'string' ? member : undefined,
    seconds: typeof retryAfterSeconds === 'number' ? retryAfterSeconds : undefined,
  };
}

function failure(kind: FailureKind, code: string): Failure {
  return { kind, code, member: undefined, seconds: undefined };
}
