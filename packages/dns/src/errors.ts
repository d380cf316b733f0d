/** The operating errors of this package; `docs/errors.md` says what to do about each. */
import { DirectoryError } from '@callbook/protocol';

/** Codes, each with the sentence that the documentation prints. */
export const dnsErrorCodes = {
  dns_zone_setting_invalid:
    'a name, address, contact or DS record in the settings of a zone is unusable',
  dns_binding_unfit: 'a binding does not fit into its records; its names are answered SERVFAIL',
  dns_key_missing: 'the key directory lacks a key file',
  dns_key_exposed: 'a key file can be read or written by other users',
  dns_key_malformed: 'a key file is not a PKCS#8 private key for algorithm 13 or 15',
  dns_key_unwritable: 'a key file could not be created',
  dns_listen_failed: 'an address and port could not be bound for UDP and TCP, or for TLS',
  dns_certificate_unusable:
    'the certificate and private key for TLS are not a matching pair in PEM',
  dns_datagram_worker_failed: 'a thread that answers datagrams ended before it could answer',
} as const;

export type DnsErrorCode = keyof typeof dnsErrorCodes;

/** Returns the error for `code`; the message says what was found, then the limit. */
export function dnsError(
  code: DnsErrorCode,
  message: string,
  options?: { cause?: unknown; details?: Readonly<Record<string, string | number | boolean>> },
): DirectoryError<DnsErrorCode> {
  return new DirectoryError<DnsErrorCode>(code, message, options);
}
