/** The table of the call and message policy, cell by cell, and what decides where several rows apply. */
import { describe, expect, it } from 'vitest';
import { actionFor, decide, peerReasons, type PeerReason } from '../../src/peer/peer-policy.ts';

const rows: readonly (readonly [PeerReason, string])[] = [
  ['verified', 'allow allow allow'],
  ['offer_malformed', 'refuse refuse refuse'],
  ['signature_mismatch', 'refuse refuse refuse'],
  ['claims_mismatch', 'refuse refuse refuse'],
  ['fingerprint_mismatch', 'refuse refuse refuse'],
  ['keys_unbound', 'refuse warn warn'],
  ['keys_plain', 'refuse refuse warn'],
  ['no_keys_encrypted', 'refuse allow allow'],
  ['no_keys_plain', 'refuse warn allow'],
  ['keys_vanished', 'refuse refuse allow'],
  ['key_changed', 'refuse warn warn'],
  ['directory_bogus', 'refuse refuse warn'],
  ['directory_unavailable', 'refuse refuse warn'],
];

describe('the call and message policy', () => {
  it.each(rows)('%s: %s', (reason, actions) => {
    const policies = ['require-keys', 'prefer-keys', 'allow-plain'] as const;
    expect(policies.map((policy) => actionFor(reason, policy)).join(' ')).toBe(actions);
  });

  it('has a row for every reason', () => {
    expect(rows.map(([reason]) => reason)).toStrictEqual(peerReasons);
  });

  it('takes the strictest of several findings, whatever their order', () => {
    const found: PeerReason[] = ['verified', 'key_changed', 'keys_plain'];
    for (const order of [found, found.toReversed()]) {
      const { action, reason, reasons } = decide(order, 'prefer-keys');
      expect([action, reason, reasons[1]]).toStrictEqual(['refuse', 'keys_plain', 'key_changed']);
    }
  });
});
