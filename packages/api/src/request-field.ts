/** Bytes in a request: base64url in its one canonical form, so one request has one text. */
import { parseBase64Url } from '@callbook/protocol';
import { ApiError } from './errors.ts';

/** Decodes a field; throws `request_malformed` with its path, such as `body/proof`. */
export function parseBytesField(text: string, path: string): Uint8Array {
  const bytes = parseBase64Url(text);
  if (bytes !== undefined) return bytes;
  throw new ApiError('request_malformed', { message: `${path} is not canonical base64url` });
}
