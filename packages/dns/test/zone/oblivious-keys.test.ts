import dnsPacket from 'dns-packet';
import { expect, it } from 'vitest';
import { createDirectoryZone, createResponder, generateZoneKeys } from '@callbook/dns';
import { recordTypes } from '@callbook/dns/wire';
import { directoryApex, queryOf, TestClock, TestSource } from '../test-zones.ts';

const name = `_oblivious-keys.${directoryApex}`;

function responderWith(obliviousKeyHashes?: () => readonly Uint8Array[]) {
  const zone = createDirectoryZone({
    apex: directoryApex,
    nameservers: [{ name: 'ns.example', addresses: [] }],
    contact: 'hostmaster@example',
    charterHash: () => new Uint8Array(32),
    source: new TestSource(),
    keys: generateZoneKeys(13),
    clock: new TestClock(),
    obliviousKeyHashes,
  });
  const respond = createResponder([zone]);
  return () =>
    dnsPacket.decode(Buffer.from(respond(queryOf({ name, type: recordTypes.TXT }), 'tcp')!));
}

it('tells the hashes of the keys of the gateway, as they are now, for a minute', () => {
  let hashes = [new Uint8Array(32).fill(1)];
  const ask = responderWith(() => hashes);
  const textsOf = () => {
    const [answer] = ask().answers as unknown as [{ ttl: number; data: Buffer[] }];
    expect(answer.ttl).toBe(60);
    return answer.data.map(String);
  };
  expect(textsOf()).toEqual(['v=callbook1', `keys=${'01'.repeat(32)}`]);
  hashes = [new Uint8Array(32).fill(2), ...hashes];
  expect(textsOf()).toEqual(['v=callbook1', `keys=${'02'.repeat(32)}`, `keys=${'01'.repeat(32)}`]);
});

it('denies the name where there is no gateway', () => {
  for (const ask of [responderWith(), responderWith(() => [])]) {
    expect(ask().answers).toEqual([]);
  }
});
