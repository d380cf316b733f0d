/** Signatures: by which key, for how long, and when they are made again. */
import { describe, expect, it } from 'vitest';
import { generateZoneKeys } from '@callbook/dns';
import type { ZoneKeys, ZoneSigner } from '@callbook/dns';
import { encodeRdata, keyTagOf, parseRdata, recordTypes } from '@callbook/dns/wire';
import type { Rdata, RrsigRdata } from '@callbook/dns/wire';
import { createRrset } from '../../src/rrset.ts';
import type { Rrset } from '../../src/rrset.ts';
import { dnskeyOf } from '../../src/sign/delegation-signer.ts';
import { RrsetSigner } from '../../src/sign/rrset-signer.ts';
import { fixedKeyring } from '../../src/sign/zone-keyring.ts';
import { nameOf, TestClock } from '../test-zones.ts';

const apex = nameOf('example');
const dayMs = 86_400_000;

/** Keys that count what they sign. */
function countingKeys(): ZoneKeys & { readonly count: { ksk: number; zsk: number } } {
  const count = { ksk: 0, zsk: 0 };
  const counting = (signer: ZoneSigner, role: 'ksk' | 'zsk'): ZoneSigner => ({
    ...signer,
    sign: (octets) => {
      count[role] += 1;
      return signer.sign(octets);
    },
  });
  const { ksk, zsk } = generateZoneKeys(15);
  return { count, ksk: counting(ksk, 'ksk'), zsk: counting(zsk, 'zsk') };
}

function rrsetOf(owner: string, address: string): Rrset {
  return createRrset(nameOf(owner), 300, [{ type: 'A', address }]);
}

function rrsigOf(rdata: Uint8Array): RrsigRdata {
  const parsed = parseRdata(recordTypes.RRSIG, rdata);
  if (parsed.verdict !== 'accept' || parsed.value.type !== 'RRSIG') throw new Error('no RRSIG');
  return parsed.value;
}

function setUp(limits = { signaturesMax: 100, denialsMax: 100 }) {
  const keys = countingKeys();
  const clock = new TestClock();
  const signer = new RrsetSigner({ apex, clock, limits });
  signer.useKeys(fixedKeyring(keys).current());
  return { keys, clock, signer, signatureOf: (rrset: Rrset) => signer.signaturesOf(rrset)[0]! };
}

describe('RrsetSigner', () => {
  it('begins signatures an hour back and ends them between 7 and 8 days ahead', () => {
    const { signatureOf, clock } = setUp();
    const rrsigs = Array.from({ length: 50 }, (_, index) =>
      rrsigOf(signatureOf(rrsetOf(`a${index}.example`, '192.0.2.1'))),
    );
    const now = clock.nowMs() / 1000;
    for (const rrsig of rrsigs) {
      expect(rrsig.inceptionSeconds).toBe(now - 3600);
      expect(rrsig.expirationSeconds).toBeGreaterThanOrEqual(now + 7 * 86_400);
      expect(rrsig.expirationSeconds).toBeLessThan(now + 8 * 86_400);
    }
    expect(new Set(rrsigs.map((rrsig) => rrsig.expirationSeconds)).size).toBeGreaterThan(40);
  });

  it('signs keys and what the parent reads with the KSK, all else with the ZSK', () => {
    const { signatureOf, keys } = setUp();
    const dnskey = dnskeyOf(keys.ksk, 'ksk');
    const tags = {
      ksk: keyTagOf(encodeRdata(dnskey)),
      zsk: keyTagOf(encodeRdata(dnskeyOf(keys.zsk, 'zsk'))),
    };
    const byKsk: Exclude<Rdata, { type: 'opaque' }>[] = [dnskey, { ...dnskey, type: 'CDNSKEY' }];
    for (const rdata of byKsk)
      expect(rrsigOf(signatureOf(createRrset(apex, 300, [rdata]))).keyTag).toBe(tags.ksk);
    expect(rrsigOf(signatureOf(rrsetOf('example', '192.0.2.1'))).keyTag).toBe(tags.zsk);
    expect(keys.count).toEqual({ ksk: 2, zsk: 1 });
  });

  it('keeps a signature while the RRset is the same, by content', () => {
    const { signatureOf, keys } = setUp();
    const first = signatureOf(rrsetOf('a.example', '192.0.2.1'));
    expect(signatureOf(rrsetOf('A.Example', '192.0.2.1'))).toBe(first);
    expect(keys.count.zsk).toBe(1);
    expect(signatureOf(rrsetOf('a.example', '192.0.2.2'))).not.toEqual(first);
    expect(keys.count.zsk).toBe(2);
  });

  it('makes a signature again when two days are left', () => {
    const { signatureOf, clock } = setUp();
    const first = signatureOf(rrsetOf('a.example', '192.0.2.1'));
    clock.now += 5 * dayMs - 1000;
    expect(signatureOf(rrsetOf('a.example', '192.0.2.1'))).toBe(first);
    clock.now += dayMs + 2000;
    expect(signatureOf(rrsetOf('a.example', '192.0.2.1'))).not.toBe(first);
  });

  it('makes a signature again that begins in the future, after the clock was ahead', () => {
    const { signatureOf, clock } = setUp();
    const first = signatureOf(rrsetOf('a.example', '192.0.2.1'));
    // Less than signatures begin early: it is valid all the same.
    clock.now -= 3_600_000;
    expect(signatureOf(rrsetOf('a.example', '192.0.2.1'))).toBe(first);
    clock.now -= 1000;
    const second = rrsigOf(signatureOf(rrsetOf('a.example', '192.0.2.1')));
    expect(second.inceptionSeconds).toBe(clock.now / 1000 - 3600);
  });

  it('keeps signatures of data through a flood of denials', () => {
    const { signatureOf, keys } = setUp({ signaturesMax: 4, denialsMax: 4 });
    signatureOf(rrsetOf('a.example', '192.0.2.1'));
    for (let index = 0; index < 100; index += 1)
      signatureOf(
        createRrset(nameOf(`n${index}.example`), 300, [{ type: 'NSEC', next: apex, types: [47] }]),
      );
    signatureOf(rrsetOf('a.example', '192.0.2.1'));
    expect(keys.count.zsk).toBe(101);
  });
});
