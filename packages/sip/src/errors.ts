/**
 * The codes of every operating error of the bridge, each with the sentence that the documentation prints.
 * What is refused to a phone or a person is no error: those codes are in `refusals.ts`.
 */
import { DirectoryError } from '@callbook/protocol';

export const sipErrorCodes = {
  config_unreadable: 'the configuration file cannot be read',
  config_malformed: 'the configuration file is not well-formed YAML',
  config_setting_invalid: 'a setting is missing, unknown or of the wrong form',
  anchor_unreadable: 'the file with the DS records of the root cannot be read, or has none',
  digest_secret_unfit:
    'the secret of the digest credentials is too short, or can be read by others',
  signing_key_unfit: 'the key for PASSporTs is no P-256 key as PEM, or can be read by others',
  certificate_unreadable: 'a certificate file cannot be read',
  account_store_unusable: 'the folder of the accounts cannot be read or written',
  account_malformed: 'the file of an account cannot be read',
  listen_failed: 'a configured address cannot be listened on',
} as const;

export type SipErrorCode = keyof typeof sipErrorCodes;

/** Returns the error for `code`. */
export function sipError(
  code: SipErrorCode,
  message: string,
  options: ConstructorParameters<typeof DirectoryError>[2] = {},
): DirectoryError<SipErrorCode> {
  return new DirectoryError(code, message, options);
}
