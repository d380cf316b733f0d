/**
 * What the exit status of `callbook` says; scripts match on it. The numbers are part of the
 * interface: docs/guide/cli.md lists them and they never change their meaning.
 */

export const exitCodes = {
  ok: 0,
  general: 1,
  usage: 2,
  verifiedBad: 3,
  absent: 4,
  unavailable: 5,
  actionNeeded: 6,
  rateLimited: 7,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** Codes of `@callbook/client` and of this package whose exit status is not 1. */
const exitCodeByError: Readonly<Record<string, ExitCode>> = {
  usage: exitCodes.usage,
  number_malformed: exitCodes.usage,
  route_malformed: exitCodes.usage,
  identifier_malformed: exitCodes.usage,
  member_unknown: exitCodes.usage,
  holding_ambiguous: exitCodes.usage,
  config_missing: exitCodes.usage,
  config_malformed: exitCodes.usage,
  config_exists: exitCodes.usage,
  charter_foreign: exitCodes.verifiedBad,
  charter_invalid: exitCodes.verifiedBad,
  label_proof_invalid: exitCodes.verifiedBad,
  receipt_invalid: exitCodes.verifiedBad,
  proof_root_invalid: exitCodes.verifiedBad,
  proof_charter_mismatch: exitCodes.verifiedBad,
  proof_not_agreed: exitCodes.verifiedBad,
  proof_index_invalid: exitCodes.verifiedBad,
  proof_entry_invalid: exitCodes.verifiedBad,
  proof_payload_invalid: exitCodes.verifiedBad,
  proof_differs: exitCodes.verifiedBad,
  answer_bogus: exitCodes.verifiedBad,
  zone_bogus: exitCodes.verifiedBad,
  zone_differs: exitCodes.verifiedBad,
  directory_unavailable: exitCodes.unavailable,
  oblivious_unavailable: exitCodes.unavailable,
  oblivious_keys_disagree: exitCodes.unavailable,
  relay_failed: exitCodes.unavailable,
  member_unreachable: exitCodes.unavailable,
  member_timeout: exitCodes.unavailable,
  member_answer_malformed: exitCodes.unavailable,
  member_answer_too_large: exitCodes.unavailable,
  member_failed: exitCodes.unavailable,
  channel_unavailable: exitCodes.unavailable,
  resolver_unavailable: exitCodes.unavailable,
  provider_unavailable: exitCodes.unavailable,
  part_unavailable: exitCodes.unavailable,
  entry_incomplete: exitCodes.actionNeeded,
  identifier_held: exitCodes.actionNeeded,
  code_missing: exitCodes.actionNeeded,
  code_wrong: exitCodes.actionNeeded,
  challenge_lost: exitCodes.actionNeeded,
  challenge_exhausted: exitCodes.actionNeeded,
  confirmation_missing: exitCodes.actionNeeded,
  recovery_code_malformed: exitCodes.usage,
  backup_words_malformed: exitCodes.usage,
  user_id_malformed: exitCodes.usage,
  backup_passphrase_wrong: exitCodes.actionNeeded,
  seed_foreign: exitCodes.verifiedBad,
  signer_missing: exitCodes.actionNeeded,
  signer_failed: exitCodes.actionNeeded,
  signer_timeout: exitCodes.actionNeeded,
  signer_answer_invalid: exitCodes.verifiedBad,
  box_key_missing: exitCodes.absent,
  sealed_for_another: exitCodes.verifiedBad,
  peer_file_malformed: exitCodes.actionNeeded,
  recovery_code_foreign: exitCodes.verifiedBad,
  email_proof_invalid: exitCodes.verifiedBad,
  members_disagree: exitCodes.unavailable,
  recovery_code_unconfirmed: exitCodes.actionNeeded,
  recovery_missing: exitCodes.actionNeeded,
  veto_ineffective: exitCodes.actionNeeded,
  identifier_free: exitCodes.actionNeeded,
  class_not_allowed: exitCodes.actionNeeded,
  hold_pending: exitCodes.actionNeeded,
  replacement_vetoed: exitCodes.actionNeeded,
  replacement_superseded: exitCodes.verifiedBad,
  replacement_paused: exitCodes.rateLimited,
  rate_limited: exitCodes.rateLimited,
};

/** Returns the exit status for the code of an error; undefined is a defect. */
export function exitCodeOf(code: string | undefined): ExitCode {
  return exitCodeByError[code ?? ''] ?? exitCodes.general;
}
