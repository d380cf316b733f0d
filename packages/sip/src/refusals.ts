/**
 * What the bridge says no with: codes that reach Kamailio, phones and people. docs/spec/sip-bridge.md has
 * the same table, and a test compares the two. Code matches codes, never the sentences.
 */

/** A question that is answered with no. */
export const refusalCodes = {
  request_malformed: 'a field is missing, is there twice, or has not its form',
  number_malformed: 'the number is not + and 7 to 15 digits',
  certificate_malformed: 'it is not one certificate of at most 8192 characters as PEM',
  key_unsupported: 'the key of the certificate is neither P-256 nor Ed25519',
  key_unpublished: 'the number is proven not to publish this key',
  keys_absent: 'the number is proven to publish no key that fits',
  token_malformed: 'it is not a token in the form that is asked for',
  token_algorithm: 'the algorithm of the token is neither EdDSA nor ES256',
  token_audience: 'the token is for another provider',
  token_subject: 'the token is for another number',
  token_expired: 'the token has expired',
  token_time: 'the token lives longer than 300 seconds, or begins in the future',
  token_before_start: 'the token is older than this process, which cannot know whether it was used',
  token_replayed: 'the token has been used',
  signature_wrong: 'no published key has made the signature',
  passport_malformed: 'the Identity header is no PASSporT in full form, ES256, without ppt',
  passport_stale: 'iat is more than 60 seconds away',
  passport_origin: 'the PASSporT is of another caller',
  passport_destination: 'the PASSporT is for somebody else',
  fingerprint_mismatch: 'the PASSporT names other media keys than are offered',
  media_unbound: 'fingerprints were given and the PASSporT names no media keys',
  fingerprint_malformed: 'a fingerprint cannot be read',
  signing_off: 'this bridge has no key to sign with',
  route_unusable: 'the number has SIP routes, and none that is handed on',
  account_missing: 'the number has no account here',
  account_closed: 'the number has moved to another provider, or never came here',
  credential_unknown:
    'the credential was not given out, was taken back, or its key is no longer published',
  too_many_tokens: 'the number has used too many tokens within five minutes',
} as const;

export type RefusalCode = keyof typeof refusalCodes;

/** A question that cannot be answered now. */
export const outageCodes = {
  directory_unavailable: 'fewer zones answered than have to agree',
  directory_bogus: 'an answer fails DNSSEC validation, and too few others are good',
  directory_disagrees: 'zones contradict each other: a change spreads, or somebody lies',
  directory_timeout: 'the directory did not answer in time',
  busy: 'too much is asked at once',
} as const;

export type OutageCode = keyof typeof outageCodes;
