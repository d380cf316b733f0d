/**
 * Why a validation ended as it did. docs/spec/dnssec-validation.md has the same table, and a test
 * compares the two. Code matches codes, never the sentences.
 */

export const validationCodes = {
  validated: 'signatures lead from the anchor to the answer',

  delegation_unsigned: 'a parent proves that the zone below it has no DS',
  delegation_opt_out: 'an opt-out range of NSEC3 covers the name: there may be an unsigned zone',
  algorithm_unsupported:
    'every DS of the zone has an algorithm or digest that is not validated here',
  nsec3_iterations_exceeded: 'the denial hashes more often than 150 times',

  signature_missing: 'a signed zone gave records without a signature',
  signature_invalid: 'no key of the zone verifies the signature',
  signature_expired: 'the signature has ended; or the clock is fast',
  signature_not_yet_valid: 'the signature has not begun; or the clock is slow',
  signature_unfit:
    'the signature names a key that the zone does not have, or more labels than its name',
  signer_not_zone: 'the signature is in the name of what is not a zone on the way to its owner',
  dnskey_missing: 'the zone that its parent has signed shows no keys',
  dnskey_unfit:
    'no key of the zone fits a DS that its parent has signed, or none of those signs its keys',
  delegation_unproven: 'neither a DS nor a proof that there is none',
  denial_missing: 'a negative answer comes without a proof',
  denial_unproven: 'the proof does not deny what was asked for',
  wildcard_unproven: 'records made from a wildcard lack the proof that no closer name exists',
  alias_malformed: 'the target of a CNAME or DNAME cannot be read, or is too long',
  alias_loop: 'more than 8 aliases, or one that leads back',
  work_exceeded: 'validation would take more signatures, hashes or questions than its limit',

  anchor_missing: 'no anchor is at or above the name',
  type_unsupported: 'the type is a question about questions, not one that records have',
  name_malformed: 'the text is not a domain name',
  transport_failed: 'no answer came',
  answer_malformed: 'what came is not an answer to the question',
  server_failed: 'the server answered with an error',
  cryptography_missing: 'this browser gives no means to check the algorithm',
} as const;

/** Why a verdict is what it is. */
export type ValidationCode = keyof typeof validationCodes;
