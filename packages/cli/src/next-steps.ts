/** What a person does about an error: one sentence for each code. */

import { stepAfterRefusal } from './refusal-steps.ts';

const nextSteps: Readonly<Record<string, string>> = {
  usage: 'See "callbook --help", or --help after the command.',
  config_missing:
    'Make one with "callbook init", or name one with --config or CALLBOOK_CONFIG (the testnet writes .testnet/client.json).',
  config_malformed: 'Correct the configuration file; docs/guide/cli.md shows one.',
  config_exists: 'Move it away yourself, or name another file with --config.',
  charter_foreign: 'Get the founding charter from somebody you trust.',
  charter_invalid: 'Get the founding charter again, from somebody you trust, and compare it.',
  identifier_malformed: 'Write it with + and the country code.',
  holding_malformed: 'Restore the key file from its backup.',
  key_file_exists: 'Move it away yourself if it is not needed any more.',
  key_file_malformed: 'Restore the key file from its backup.',
  key_file_unwritable: 'Check the disk and who may write to the folder of the key files.',
  member_unreachable: 'Check your network and try again; see "callbook members".',
  member_timeout: 'Check your network and try again; see "callbook members".',
  member_answer_malformed: 'Something stands between you and the member: check your network.',
  member_answer_too_large: 'Something stands between you and the member: check your network.',
  member_failed: 'Try again in a minute, or at another member with --member.',
  request_refused: 'Try another member with --member; if it stays, report the code.',
  channel_unavailable: 'Try again in a minute, or at another member with --member.',
  label_proof_invalid: 'Nothing was signed. Tell the federation: this member lies.',
  receipt_invalid: 'Tell the federation: this member lies. Run the command again at another.',
  email_proof_invalid: 'Nothing was signed. Tell the federation: this member lies.',
  proof_root_invalid: 'Tell the federation, and ask another member with --member.',
  proof_index_invalid: 'Tell the federation, and ask another member with --member.',
  proof_entry_invalid: 'Tell the federation, and ask another member with --member.',
  proof_payload_invalid: 'Tell the federation, and ask another member with --member.',
  part_unavailable: 'Install callbook again: a file of it is missing.',
  proof_differs: 'Try again in a few seconds; tell the federation when it lasts.',
  key_unfit: 'Give a public key as PEM (openssl pkey -pubout), or an OpenPGP certificate.',
  secret_elsewhere: 'Take it from where the key was made.',
  backup_file_unwritable: 'Name a file that is not there yet, in a folder that you may write to.',
  backup_file_unreadable: 'Check the name of the file and who may read it.',
  backup_file_malformed: 'Use another copy of the file, or the 24 words.',
  backup_passphrase_wrong: 'Try again; without the passphrase, use the 24 words.',
  backup_words_malformed: 'Compare them with the paper, word by word.',
  wallet_unavailable: 'See who owns the file "tokens" beside the key files, and try again.',
  token_missing: 'Get some: callbook tokens get; see "callbook tokens status".',
  restore_nothing: 'Compare the number and the seed; if it is yours: callbook replace.',
  seed_foreign: 'Restore the backup made after the last rotation; without one: callbook replace.',
  input_unreadable: 'Check the name of the file and who may read it.',
  output_unwritable: 'Name a file that is not there yet, in a folder that you may write to.',
  peer_file_malformed: 'Compare the keys of the peer with the peer, then remove the file.',
  user_id_malformed: 'Write it as "Name <user@domain>".',
  box_key_missing: 'Ask its holder to publish one: callbook key import --use box.',
  box_key_invalid: 'Tell the holder: the key that is published is no key.',
  sealed_malformed: 'Give the file as it was received, without changes.',
  sealed_for_another: 'Open it with the number that it was sealed for: --number.',
  sealed_too_large: 'Seal parts of at most 16 MiB.',
  identifiers_too_many: 'Give at most 50 000 at once.',
  zone_bogus: 'Do not use this answer; tell the member, and try again later.',
  zone_differs: 'Try again in a few seconds; see "callbook members".',
  provider_unreachable: 'Check the address of the provider and your network.',
  provider_refused: 'Look the code up in docs/spec/sip-bridge.md.',
  provider_answer_malformed: 'Ask the provider for the address of its accounts.',
  provider_unavailable: 'Check the resolver of the configuration, or take the suffix out of it.',
  proof_charter_mismatch:
    'Get the newest charter of the federation and name it in the configuration.',
  proof_not_agreed: 'Try again in a few seconds, or at another member with --member.',
  oblivious_unavailable:
    'Try again in a minute; --privacy plain lets the members see who asks for what.',
  oblivious_keys_disagree:
    'Try again in a minute; tell the federation when it lasts. --privacy plain lets the members see who asks.',
  relay_failed: 'Try again in a moment; see "callbook members".',
  clock_wrong: 'Set the clock of this machine, then try again.',
  charter_expired: 'Get the newest charter of the federation and name it in the configuration.',
  number_malformed:
    'Write it with + and the country code, or name the country, for example --country ES.',
  route_malformed: 'Give a URI such as sip:alice@sip.example.',
  payload_invalid: 'Give at most 8 routes, each a URI without spaces or quotes.',
  key_file_exposed: 'Make the file yours alone: chmod 600, and 700 for its directory.',
  holding_missing: 'See "callbook status" for the numbers you hold, or claim it with "register".',
  holding_ambiguous: 'Add --number with the number that is meant.',
  holding_exists: 'See "callbook status"; change what it publishes with "callbook routes".',
  identifier_held:
    'If it was released, it is free after the pause; if it is yours and the key is lost: callbook replace.',
  identifier_free: 'Claim it: callbook register.',
  class_not_allowed:
    'Run the command without --recovery-code and --email: the hold is longer then.',
  replacement_paused: 'Run the command again tomorrow; later requests wait a week, then a month.',
  hold_pending: 'Run the same command again after that, or with --wait.',
  signer_missing: 'Name the program that has the key: --signer, or "signer" in the configuration.',
  signer_failed: 'Try the program of --signer alone, and see what it says.',
  signer_timeout: 'Answer what the program of --signer asks, or see why it does not end.',
  signer_answer_invalid: 'Compare what the program of --signer writes with docs/guide/signers.md.',
  replacement_vetoed:
    'Whoever has the key is there. If the number is yours, request again: callbook replace --again.',
  replacement_superseded: 'If the number is yours, request again: callbook replace --again.',
  recovery_code_malformed: 'Compare it with the paper, group by group.',
  recovery_code_foreign: 'Find the newest paper, or make another code: callbook recovery new.',
  recovery_code_unconfirmed: 'Nothing was changed. Run the command again and type what it shows.',
  recovery_missing: 'Make one: callbook recovery new.',
  veto_ineffective: 'Veto with a code as well: callbook veto --with-code.',
  members_disagree: 'Try again in a few seconds; see "callbook members".',
  entry_incomplete: 'Run the same command again in a minute: it continues the same entry.',
  code_missing: 'Run the command again and give the code, or use --code-from or --code-stdin.',
  code_wrong: 'Run the command again: a new code is sent.',
  challenge_lost: 'Run the command again: a new code is sent.',
  challenge_exhausted: 'Wait ten minutes, then run the command again: a new code is sent.',
  confirmation_missing: 'Add --yes to confirm.',
  directory_unavailable: 'Check your network and try again; see "callbook members".',
  resolver_unavailable: 'Check the address given with --resolver, or look up without it.',
  answer_bogus: 'Do not use this answer; look up without --resolver and tell the member.',
  answer_unvalidated: 'Do not use this answer; look up without --resolver.',
  member_unknown: 'See "callbook members" for their names.',
};

/** Returns the next step after an error with `code`; undefined when there is none to name. */
export function nextStepFor(
  code: string,
  details: Readonly<Record<string, string | number | boolean>>,
): string | undefined {
  const { retryAfterSeconds } = details;
  if (code === 'rate_limited' && typeof retryAfterSeconds === 'number') {
    return `Try again in ${retryAfterSeconds} seconds.`;
  }
  if (code === 'rate_limited') return 'Try again in an hour.';
  // A member's refusal or fault says more than that there was one.
  const byMember = code === 'request_refused' || code === 'member_failed';
  return (byMember ? stepAfterRefusal(details['problemCode']) : undefined) ?? nextSteps[code];
}
