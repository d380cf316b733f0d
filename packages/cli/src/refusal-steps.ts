/**
 * What a person does when every member has refused a request: by the problem code of the API or the
 * verdict code behind it. Most say that two programs do not understand each other, which nobody can mend
 * at the command line; those that a person meets have a sentence of their own.
 */

const again = 'Run the command again: a new code is sent.';
const newer = 'See "callbook status": another device with this key may have changed it.';
const later = 'Try again in a minute, or at another member with --member.';
const report =
  'This command and the member do not understand each other: update callbook; if it stays, report the code.';

const refusalSteps: Readonly<Record<string, string>> = {
  identifier_not_served:
    'This member sends no codes to such numbers: try another with --member. Premium, satellite and pager numbers are served nowhere.',
  identifier_malformed: 'Write it with + and the country code.',
  capsule_date_invalid: 'Set the clock of this machine, then try again.',
  challenge_rate_limited: 'Wait an hour, or try another member with --member.',
  channel_unavailable: 'Try again in a minute, or at another member with --member.',
  challenge_unknown: again,
  challenge_expired: again,
  challenge_answer_wrong: again,
  challenge_exhausted: 'Wait ten minutes, then run the command again: a new code is sent.',
  challenge_required: again,
  challenge_not_passed: again,
  challenge_mismatch: again,
  challenge_used: again,
  session_key_invalid: again,
  challenged_leaves_missing: 'Run the command again: codes of more members are needed.',
  email_challenge_required: 'Name the address with --email: a code is sent there as well.',
  email_mismatch:
    'Name the address that was confirmed before, or run the command without --email: the hold is longer then.',
  ownership_signature_invalid: newer,
  ownership_moved: newer,
  update_superseded: newer,
  update_terms_mismatch: newer,
  authority_mismatch: newer,
  entry_complete: newer,
  ownership_held:
    'Somebody holds the number. If it is yours and the key is lost: callbook replace.',
  ownership_unknown: 'Nobody holds the number: claim it with "callbook register".',
  release_pending: 'It was released and is not free yet: run the command again after the pause.',
  slot_taken: 'Somebody else is at it at the same moment: run the command again in half an hour.',
  request_not_allowed:
    'Run the command without --recovery-code and --email: the hold is longer then.',
  request_paused: 'Run the command again tomorrow; later requests wait a week, then a month.',
  request_unknown: 'See "callbook status": the request does not stand any more.',
  request_vetoed: 'Whoever has the key is there. If the number is yours: callbook replace --again.',
  request_committed: 'It is too late for a veto: the request is being carried out.',
  hold_pending: 'Run the same command again after the hold, or with --wait.',
  entry_too_old: 'Run the command again: a new entry is made.',
  charter_expired: 'Get the newest charter of the federation and name it in the configuration.',
  label_epoch_mismatch:
    'Get the newest charter of the federation and name it in the configuration.',
  charter_not_effective: 'Wait until the new charter is in effect, then try again.',
  member_not_active: 'Try another member with --member.',
  not_ready: later,
  directory_unavailable: later,
  internal_error: 'Try another member with --member, and report the code: it is a defect.',
  request_timeout: 'Check your network and try again.',
  proof_unavailable: later,
  proof_rate_limited: later,
  checkpoint_not_stored: later,
  entry_unknown: 'Ask again in a few seconds: the member may not have seen it yet.',
  charter_version_unknown: 'You have the newest charter that this member has.',
  // A question by way of another member, and tokens: the next attempt takes others.
  capsule_key_unknown: later,
  capsule_replayed: later,
  gateway_busy: later,
  relay_busy: later,
  relay_rate_limited: later,
  relay_failed: later,
  relay_target_unknown:
    'Get the newest charter of the federation and name it in the configuration.',
  token_invalid: later,
  token_missing: 'Get some: callbook tokens get.',
  holder_unproven: 'Set the clock of this machine, then try again.',
  token_spent: later,
  token_insufficient: later,
  token_unchecked: later,
  token_key_unknown: later,
  token_order_invalid: newer,
  tokens_exhausted: 'Wait an hour, then try again.',
  tokens_unavailable: 'Try another member with --member.',
  lookups_rate_limited: 'Wait an hour, or try another member with --member.',
  // What no command asks for, or sends in this form.
  capsule_malformed: report,
  binary_message_malformed: report,
  oblivious_target_refused: report,
  bulk_malformed: report,
  token_request_malformed: report,
  role_unfit: report,
  request_malformed: report,
  json_malformed: report,
  body_too_large: report,
  media_type_unsupported: report,
  headers_too_large: report,
  route_unknown: report,
  evidence_refused: report,
  evidence_unknown: report,
  log_unknown: report,
  witness_request_malformed: report,
  checkpoint_unsigned: report,
  checkpoint_proof_invalid: report,
  checkpoint_forked: report,
  tile_unknown: report,
};

/** Returns the next step after a member's refusal with a problem code. */
export function stepAfterRefusal(problemCode: unknown): string | undefined {
  return typeof problemCode === 'string' ? refusalSteps[problemCode] : undefined;
}
