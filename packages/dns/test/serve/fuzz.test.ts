/**
 * Garbage and mutated messages: the parser gives verdicts, the responder nothing or a well-formed
 * message within the limit. 110 000 cases.
 */
import dnsPacket from 'dns-packet';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createResponder } from '@callbook/dns';
import type { Responder } from '@callbook/dns';
import { parseMessage, recordTypes } from '@callbook/dns/wire';
import { createTestZones, directoryApex, enumName, queryOf } from '../test-zones.ts';

const zones = createTestZones(15);
const failures: unknown[] = [];
const options = { onFailure: (error: unknown): void => void failures.push(error) };
const responders: readonly Responder[] = [
  createResponder([zones.directory], options),
  createResponder([zones.root, zones.test, zones.directory], options),
];
const seeds: readonly Uint8Array[] = [
  queryOf({ name: enumName('4915123456789'), type: recordTypes.NAPTR, edns: { dnssecOk: true } }),
  queryOf({ name: `_sip-client.${enumName('4915123456789')}`, type: recordTypes.TLSA }),
  queryOf({ name: directoryApex, type: recordTypes.DNSKEY, edns: { dnssecOk: true } }),
  queryOf({ name: `x.${directoryApex}`, type: 1, edns: { dnssecOk: true, compactOk: true } }),
  queryOf({
    name: 'x.plain.test',
    type: 1,
    edns: { options: [{ code: 10, octets: new Uint8Array(8) }] },
  }),
  responders[1]!(queryOf({ name: 'test', type: recordTypes.NS, edns: { dnssecOk: true } }), 'udp')!,
];

const mutation = fc.tuple(
  fc.constantFrom('set', 'cut', 'insert', 'copy'),
  fc.nat(1000),
  fc.integer({ min: 0, max: 255 }),
);

const mutated = fc
  .tuple(fc.constantFrom(...seeds), fc.array(mutation, { minLength: 1, maxLength: 4 }))
  .map(([seed, mutations]) => {
    let bytes = [...seed];
    for (const [kind, place, value] of mutations) {
      const at = place % (bytes.length + 1);
      if (kind === 'set') bytes[at] = value;
      else if (kind === 'cut') bytes = bytes.slice(0, at);
      else if (kind === 'insert') bytes.splice(at, 0, value);
      else bytes.splice(at, 0, ...bytes.slice(at - (value % 40), at));
    }
    return Uint8Array.from(bytes);
  });

function limitOf(query: Uint8Array): number {
  const parsed = parseMessage(query);
  if (parsed.verdict !== 'accept' || parsed.value.edns === undefined) return 512;
  return Math.min(1232, Math.max(512, parsed.value.edns.udpPayloadBytes));
}

function checkOne(query: Uint8Array): void {
  const { verdict } = parseMessage(query);
  if (verdict !== 'accept' && verdict !== 'reject') throw new Error('no verdict');
  for (const respond of responders) {
    const response = respond(query, 'udp');
    if (response === undefined) continue;
    if (response.length > limitOf(query)) throw new Error(`${response.length} octets`);
    const parsed = parseMessage(response);
    if (parsed.verdict !== 'accept') throw new Error(parsed.message);
    if (!parsed.value.isResponse || response[0] !== query[0] || response[1] !== query[1])
      throw new Error('not a response to this query');
    dnsPacket.decode(Buffer.from(response));
  }
}

describe('under fuzzing', () => {
  it('mutated messages end in a verdict and a well-formed answer', () => {
    fc.assert(fc.property(mutated, checkOne), { numRuns: 60_000 });
    expect(failures).toEqual([]);
  });

  it('garbage does too', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), checkOne), { numRuns: 50_000 });
    expect(failures).toEqual([]);
  });
});
