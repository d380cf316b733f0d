/** The codes of the page's own errors; those of `@callbook/client` pass through with theirs. */
import { DirectoryError } from '@callbook/protocol';

/** Every code of an error of the page, with the sentence that the documentation prints. */
export const webErrorCodes = {
  storage_full: 'the browser has no room left to keep what has to be kept',
  storage_lost: 'what the page has kept cannot be read any more, or another tab has changed it',
  crypto_blocked: 'the browser gives the page no cryptography',
  file_missing: 'no file was chosen',
  file_other: 'the file that was chosen is the backup of another key',
  code_abandoned: 'whoever had to type a code went on to something else',
} as const;

export type WebErrorCode = keyof typeof webErrorCodes;

/** Returns the error for `code`. */
export function webError(
  code: WebErrorCode,
  message: string,
  options: ConstructorParameters<typeof DirectoryError>[2] = {},
): DirectoryError<WebErrorCode> {
  return new DirectoryError(code, message, options);
}
