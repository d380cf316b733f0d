/** The octets of a validator's query are those of the writer of all messages. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { encodeMessage, encodeQuery, joinLabels, queryMessage } from '@callbook/dns/wire';
import { nameOf } from '../test-zones.ts';

const name = fc
  .array(fc.uint8Array({ minLength: 1, maxLength: 63 }), { maxLength: 3 })
  .map((labels) => joinLabels(labels, nameOf('example'))!);
const uint16 = fc.integer({ min: 0, max: 65_535 });

it('is the same query as when it is written as a message', () => {
  fc.assert(
    fc.property(name, uint16, uint16, (asked, type, udpPayloadBytes) => {
      const edns = { udpPayloadBytes, version: 0, dnssecOk: true, compactOk: false, options: [] };
      const changes = { recursionDesired: true, checkingDisabled: true, edns };
      const written = encodeMessage(queryMessage({ name: asked, type }, changes));
      expect(encodeQuery({ name: asked, type }, udpPayloadBytes)).toEqual(written);
    }),
  );
});
