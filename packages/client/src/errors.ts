/**
 * The codes of every operating error that this package throws, each with the sentence that the
 * documentation prints. `docs/errors.md` says what to do about each; a test compares the two.
 *
 * An error names a member and what was found, never an identifier, a key, an address or a body:
 * whatever a member wrote is reduced to a known code before it gets here.
 */
import { DirectoryError } from '@callbook/protocol';

/** Every code of an error of this package, with the sentence that the documentation prints. */
export const clientErrorCodes = {
  charter_invalid: 'the pinned charter is not a valid founding charter',
  charter_expired: 'the pinned charter has expired and admits no new claims',
  identifier_malformed: 'the identifier is not in canonical form',
  payload_invalid: 'routes or keys break a rule of the payload',
  holding_malformed: 'the saved holding or pending entry cannot be read',
  member_unknown: 'no active member of the charter has this name',
  member_unreachable: 'the member did not accept a connection',
  member_timeout: 'the member did not answer in time',
  member_answer_malformed: 'the member answered with something that is not the API',
  member_answer_too_large: 'the member answered with more bytes than the limit',
  member_failed: 'the member reported a fault of its own',
  directory_unavailable: 'no member, or too few of them, answered',
  rate_limited: 'the member asks to try again later',
  channel_unavailable: 'the member cannot send a code to this identifier now',
  challenge_lost: 'the member no longer knows the challenge, or it has expired',
  challenge_exhausted: 'too many wrong codes were given for the challenge',
  code_wrong: 'the code does not belong to this challenge',
  label_proof_invalid: 'the label that a member gave is not proven by the VRF key of the charter',
  proof_root_invalid:
    'the root of the index is not signed by an active member, or not over the logs of the charter',
  proof_charter_mismatch: 'the proof is by another charter than the one in hand',
  proof_not_agreed: 'a log under the root has no fitting checkpoint that a quorum has cosigned',
  proof_index_invalid:
    'the proof does not lead from the state that is shown to the root of the index',
  proof_entry_invalid: 'the entries of a proof are not those that its state names',
  proof_payload_invalid: 'the payload of a proof is not what its entry commits to',
  proof_differs: 'the proof shows another state than the members tell',
  zone_bogus: 'the answer of a zone fails DNSSEC validation',
  zone_differs: 'the zone of a member publishes something else than the members tell',
  provider_unavailable: 'another ENUM provider could not be asked, so that its answer is missing',
  oblivious_unavailable:
    'a member cannot be asked obliviously: no agreed key, or no relay of another operator',
  oblivious_keys_disagree:
    'members show different keys of a gateway, or its zone publishes the hash of others',
  relay_failed: 'no relay brought the question to the member and its answer back',
  clock_wrong:
    'the clock of this machine is not that of the members, or behind what a quorum of them has signed',
  identifiers_too_many: 'more identifiers were given than one call looks up',
  token_missing:
    'no token was brought, and only what is published for everybody is shown without one',
  wallet_unavailable: 'the file with the tokens cannot be read or written, or is in use',
  receipt_invalid: 'a receipt does not prove the entry under the log key of the charter',
  members_disagree: 'members contradict each other, or what is proven',
  identifier_held: 'somebody holds the identifier; it can only be replaced, after a hold',
  identifier_free: 'nobody holds the identifier any more; it can be registered',
  class_not_allowed: 'the binding allows no replacement of this class now',
  replacement_paused: 'this key has to wait longer after its last request to replace the holder',
  hold_pending: 'the hold after the request to replace the holder is not over',
  replacement_vetoed: 'the holder has vetoed the request to replace it',
  replacement_superseded: 'somebody else has taken the identifier over since the request',
  recovery_code_malformed: 'the text is not a recovery code, or has a typing error',
  email_proof_invalid:
    'the commitment to the e-mail address is not proven by the VRF key of the charter',
  request_refused: 'the member refused the request; problemCode in the details says why',
  entry_incomplete: 'fewer members than the quorum have logged the entry so far',
  signer_missing: 'nothing was given that signs with the authority key in force',
  signer_failed: 'the signer refused, or could not be asked',
  signer_timeout: 'the signer did not answer in time',
  signer_answer_invalid: 'the signer answered with something that its key has not made',
  seed_foreign: 'another key than that of the backup holds the identifier',
  restore_nothing:
    'nobody holds the identifier, or another key holds it and members show that for a token alone',
  backup_words_malformed: 'the words are not the 24 of a backup, or have a typing error',
  backup_file_malformed: 'the file is no encrypted backup, or is damaged',
  backup_passphrase_wrong: 'the passphrase does not open the backup',
  part_unavailable: 'a part of the client could not be loaded from where the app is',
  user_id_malformed: 'the name or the address of an OpenPGP user id is none',
  box_key_missing: 'the identifier publishes no key to seal to',
  box_key_invalid: 'the published box key cannot be sealed to',
  sealed_malformed: 'what was given to open is nothing that was sealed',
  sealed_for_another: 'what was given to open is sealed to another key, or damaged',
  sealed_too_large: 'what was given is larger than can be sealed at once',
} as const;

/** A code of an error of this package; programs match on it, never on the text. */
export type ClientErrorCode = keyof typeof clientErrorCodes;

/** Returns the error for `code`; shorter than the constructor where many are thrown. */
export function clientError(
  code: ClientErrorCode,
  message: string,
  options: ConstructorParameters<typeof DirectoryError>[2] = {},
): DirectoryError<ClientErrorCode> {
  return new ClientError(code, message, options);
}

/** Known by its class: the table above is then nothing that a page has to load. */
class ClientError extends DirectoryError<ClientErrorCode> {}

/** Whether `error` is one of this package's, and so has a `code` to match on. */
export function isClientError(error: unknown): error is DirectoryError<ClientErrorCode> {
  return error instanceof ClientError;
}
