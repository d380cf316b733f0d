/**
 * The codes of this command's own errors, each with the sentence that the documentation prints;
 * errors of `@callbook/client` pass through with theirs. `next-steps.ts` says what to do.
 */
import { DirectoryError } from '@callbook/protocol';

export const cliErrorCodes = {
  usage: 'the command line is not understood',
  config_missing: 'there is no configuration file',
  config_exists: 'there is a configuration file already; it is never overwritten',
  charter_foreign: 'the charter is not the one whose hash was given',
  config_malformed: 'the configuration, or a file it names, cannot be read',
  number_malformed: 'the text is not a telephone number',
  route_malformed: 'the address is not one that can be published',
  key_file_exists: 'a key file is there already and is never overwritten',
  key_file_exposed: 'the key file may be read by others than its owner',
  key_file_malformed: 'the key file cannot be read',
  key_file_unwritable: 'the key file cannot be written',
  holding_missing: 'no key file holds this number',
  holding_ambiguous: 'several numbers are held; name the one that is meant',
  holding_exists: 'the number is registered already, with the key in its key file',
  code_missing: 'no code arrived, or there is no way to read one',
  recovery_code_foreign: 'the recovery code is not the one that the number commits to',
  recovery_code_unconfirmed: 'the code that was typed back is not the one that was shown',
  recovery_missing: 'the number has no recovery code',
  veto_ineffective: 'the request still stands after the veto',
  confirmation_missing: 'the command cannot be undone and has to be confirmed',
  key_unfit: 'the file holds no key that can be published for this use',
  secret_elsewhere: 'the secret of the published key is not in the key file',
  backup_file_unwritable: 'the backup file cannot be written, or is there already',
  backup_file_unreadable: 'the backup file cannot be read',
  input_unreadable: 'a file that was named cannot be read',
  output_unwritable: 'the file to write cannot be written, or is there already',
  peer_file_malformed: 'what is known of the peer from before cannot be read',
  provider_unreachable: 'the provider of the account did not answer',
  provider_refused: 'the provider refused; problemCode in the details says why',
  provider_answer_malformed: 'what answered is not the accounts of a provider',
  resolver_unavailable: 'the resolver gave no answer that can be judged',
  answer_bogus: 'the answer fails DNSSEC validation',
  answer_unvalidated: 'nothing proves the answer: its zone is not signed',
} as const;

export type CliErrorCode = keyof typeof cliErrorCodes;

/** Returns the error for `code`. */
export function cliError(
  code: CliErrorCode,
  message: string,
  options: ConstructorParameters<typeof DirectoryError>[2] = {},
): DirectoryError<CliErrorCode> {
  return new DirectoryError(code, message, options);
}
