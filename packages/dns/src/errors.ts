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
  dns_key_unwritable: 'a key file or the state of the keys could not be written',
  dns_key_mismatch: 'a key file does not hold the key that the state has under its name',
  dns_key_state_unreadable: 'the state of the zone keys, or pre-signed keys, cannot be read',
  dns_key_state_malformed: 'the state of the zone keys is not what this version writes',
  dns_key_state_contended: 'others kept changing the state of the zone keys at the same time',
  dns_key_unknown: 'there is no key of that name',
  dns_key_phase_unfit: 'the key is not in the phase in which this can be asked',
  dns_presigned_missing: 'no pre-signed keys cover this moment, and there is no KSK here',
  dns_presigned_malformed: 'a signing request or a file of pre-signed keys is malformed',
  dns_presigned_unfit: 'pre-signed keys would break the zone at some time',
  dns_parent_unreachable: 'the server that knows the DS at the parent did not answer usably',
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
