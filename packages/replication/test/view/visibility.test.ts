/** DNS reads other rows than the API does: of a binding that is not for DNS it finds nothing. */
import type { Identifier, Visibility } from '@callbook/protocol';
import { expect, it } from 'vitest';

import { foundFederation, openReplica } from '../support/federation.ts';
import { Holder, submissionOf } from '../support/holder.ts';

const number: Identifier = 'tel:+4915123456789';
const [digits, ownerHash] = ['4915123456789', '+4915123456789'];

it('keeps bindings for the API alone out of what DNS reads, and moves them when that changes', async () => {
  const federation = await foundFederation({ count: 1 });
  await using replica = await openReplica(federation, federation.members[0]!.name);
  const { bindings } = replica;
  const holder = new Holder(number);
  const hash = new Uint8Array(await globalThis.crypto.subtle.digest('SHA-256', text(ownerHash)));
  const expectFor = (visibility: Visibility): void => {
    expect(bindings.byIdentifier(number)?.visibility).toBe(visibility);
    const entryId = bindings.byIdentifier(number)?.entryId;
    expect(bindings.entryOfNumber(Buffer.from(digits))).toEqual(entryId);
    const told = visibility === 'dns' ? number : undefined;
    expect(bindings.byDigits(digits)?.identifier).toBe(told);
    expect(bindings.byOwnerHash(hash.toHex().slice(0, 56))?.identifier).toBe(told);
  };
  expect(bindings.entryOfNumber(Buffer.from(digits))).toBeUndefined();
  holder.visibility = 'api';
  await replica.log(submissionOf(await holder.register(), 'challenged'));
  expectFor('api');
  holder.visibility = 'dns';
  await replica.log(submissionOf(await holder.update('sip:second@sip.test'), 'received'));
  expectFor('dns');
  holder.visibility = 'api';
  await replica.log(submissionOf(await holder.update('sip:third@sip.test'), 'received'));
  expectFor('api');
});

function text(of: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(of);
}
