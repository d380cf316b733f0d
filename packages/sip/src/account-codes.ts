/**
 * What the account API refuses with: status and sentence. docs/spec/sip-bridge.md has the same table, and a test
 * compares the two.
 */

export const accountCodes = {
  route_unknown: [404, 'there is no such route'],
  body_too_large: [413, 'the body is larger than 65536 bytes'],
  body_mismatch: [401, 'Content-Digest is missing, or not that of the body'],
  signature_missing: [401, 'the request is not signed'],
  signature_malformed: [401, 'the signature cannot be read'],
  signature_unfit: [
    401,
    'the signature is too old, from the future, or does not cover what it must',
  ],
  signature_wrong: [401, 'no published key has made the signature'],
  signer_unknown: [401, 'the number publishes no key of this algorithm'],
  request_replayed: [401, 'the request has been made before'],
  request_before_start: [401, 'the request is older than this process; sign it anew'],
  directory_unavailable: [503, 'the directory cannot be asked now'],
  busy: [503, 'too much is asked at once'],
  rate_limited: [429, 'the number asks too often'],
  account_missing: [404, 'the number has no account here, or a closed one'],
  credentials_off: [404, 'this provider gives out no digest credentials'],
  provisioning_unknown: [404, 'the address was never given out, has expired, or was fetched'],
} as const;

export type AccountCode = keyof typeof accountCodes;
