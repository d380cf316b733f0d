import type { PublishedBinding } from '@callbook/protocol';
import { expect, it } from 'vitest';

import { encodeBinding, entryIdIn, parseBinding } from '../../src/view/binding-row.ts';

const binding: PublishedBinding = {
  identifier: 'tel:+4915123456789',
  visibility: 'dns',
  labelEpoch: 1,
  label: new Uint8Array(32).fill(1),
  epoch: 0,
  seq: 3,
  ownershipId: new Uint8Array(32).fill(2),
  entryId: new Uint8Array(32).fill(3),
  origin: 'api.alpha.test/log',
  changedAtMs: 1_760_000_000_000,
  routes: [{ service: 'sip', uri: 'sip:alice@sip.example', preference: 10 }],
  keys: [{ use: 'box', algorithm: 'x25519', key: new Uint8Array(32).fill(4) }],
  pending: [],
};

it('tells nothing of a binding when any bit of its row has changed', () => {
  const row = encodeBinding(binding);
  expect(parseBinding(row)).toEqual(binding);
  const damaged = expect.objectContaining({ code: 'store_damaged' });
  for (let bit = 0; bit < row.length * 8; bit += 1) {
    const changed = row.slice();
    changed[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => parseBinding(changed)).toThrow(damaged);
    expect(() => entryIdIn(changed)).toThrow(damaged);
  }
  for (let size = 0; size < row.length; size += 1)
    expect(() => parseBinding(row.subarray(0, size))).toThrow(damaged);
});
