/**
 * A year with the KSK on another machine: requests are exported, signed there and imported here, and
 * the member never has more than ZSKs. Two folders, one clock.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  addKsk,
  changeKeyState,
  confirmDs,
  createFirstKeys,
  encodePresignedKeys,
  encodeSigningRequest,
  exportSigningRequest,
  importPresignedKeys,
  keyTimingsDefault,
  openKeyFolder,
  openKeyKeeper,
  parseSigningRequest,
  requestRoll,
  signRequestWith,
} from '@callbook/dns';
import type {
  KeyEvent,
  KeyKeeper,
  KeyStore,
  KeyTimings,
  PresignedKeys,
  ZoneAlgorithm,
} from '@callbook/dns';
import { ApexKeys } from '../../src/zone/apex-keys.ts';
import { verifyRrset, parseRrsig } from '../../src/sign/verify-rrset.ts';
import { nameOf, TestClock } from '../test-zones.ts';

const apex = 'e164.alpha.example.';
const dayMs = 86_400_000;
const timings: KeyTimings = { ...keyTimingsDefault, zskLifetimeMs: 30 * dayMs };

let directory = '';
let clock = new TestClock();
let member: KeyStore;
let vault: KeyStore;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'callbook-offline-ksk-'));
  clock = new TestClock();
  member = openKeyFolder(join(directory, 'member'));
  vault = openKeyFolder(join(directory, 'vault'));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

async function createBoth(algorithm: ZoneAlgorithm = 13): Promise<void> {
  await createFirstKeys(member, { roles: ['zsk'], algorithm }, clock.now);
  await createFirstKeys(vault, { roles: ['ksk'], algorithm }, clock.now);
}

async function request(days: number): Promise<string> {
  const span = {
    fromMs: clock.now,
    untilMs: clock.now + days * dayMs,
    periodMsMax: 14 * dayMs,
  };
  const made = await exportSigningRequest(member, { apex, timings, slackMs: 3 * dayMs, span });
  return encodeSigningRequest(made);
}

async function sign(text: string): Promise<PresignedKeys> {
  return await signRequestWith(vault, parseSigningRequest(text), clock.now);
}

async function take(keys: PresignedKeys): Promise<void> {
  await importPresignedKeys(member, encodePresignedKeys(keys), { apex, timings, nowMs: clock.now });
}

async function open(events: KeyEvent[] = []): Promise<KeyKeeper> {
  return await openKeyKeeper({
    apex,
    store: member,
    timings,
    clock,
    onEvent: (event) => events.push(event),
  });
}

/** Every RRset of the apex verifies under every KSK in DNSKEY, now. */
function assertValid(keeper: KeyKeeper): void {
  const keys = new ApexKeys({ apex: nameOf(apex), keys: keeper, clock });
  const { dnskeys, zskSigner } = keeper.current();
  const hasZsk = dnskeys.some(({ publicKey }) => publicKey.toHex() === zskSigner.publicKey.toHex());
  expect(hasZsk).toBe(true);
  for (const rrset of keys.rrsets())
    for (const dnskey of dnskeys.filter(({ flags }) => flags === 257)) {
      const rrsig = keys
        .signaturesOf(rrset)
        .map((rdata) => parseRrsig(rdata)!)
        .find((found) => verifyRrset(rrset, found, { apex: nameOf(apex), dnskey }));
      expect(rrsig!.inceptionSeconds * 1000).toBeLessThanOrEqual(clock.now);
      expect(rrsig!.expirationSeconds * 1000).toBeGreaterThan(clock.now + 3_600_000);
    }
}

describe.each([13, 15] as const)('with an offline KSK of algorithm %i', (algorithm) => {
  it('ZSKs roll over for a year on four imports', async () => {
    await createBoth(algorithm);
    await take(await sign(await request(100)));
    const events: KeyEvent[] = [];
    const keeper = await open(events);
    const zsks = new Set<string>();
    for (let day = 0; day < 365; day += 1) {
      if (day > 0 && day % 90 === 0) await take(await sign(await request(100)));
      await keeper.advance();
      assertValid(keeper);
      zsks.add(keeper.current().zskSigner.publicKey.toHex());
      expect(keeper.current().kskSigners).toEqual([]);
      clock.now += dayMs;
    }
    expect(zsks.size).toBe(13);
    expect(events.filter(({ kind }) => kind === 'stalled')).toEqual([]);
    expect(new Set(events.map(({ kind }) => kind))).toEqual(
      new Set(['moved', 'destroyed', 'presigned_ending']),
    );
  });
});

describe('an offline KSK', () => {
  it('rolls over by requests, and is not introduced again once it is gone', async () => {
    await createBoth();
    await take(await sign(await request(60)));
    const keeper = await open();
    const tags = (): number => keeper.current().dnskeys.filter(({ flags }) => flags === 257).length;
    await addKsk(vault, clock.now);
    expect(await addKsk(vault, clock.now)).toMatchObject({ nextNumber: 3 });
    await take(await sign(await request(60)));
    await keeper.advance();
    expect(tags()).toBe(2);
    const [first] = keeper.current().delegated;
    // Caches need the new key before CDS may name it: that comes with the second period.
    clock.now += 15 * dayMs;
    await keeper.advance();
    assertValid(keeper);
    const [second] = keeper.current().delegated;
    expect(second).not.toEqual(first);
    const id = keeper.snapshot().state.keys.find(({ phase }) => phase === 'ready')!.id;
    await changeKeyState(member, clock.now, (state) => confirmDs(state, id));
    await keeper.advance();
    clock.now += 20 * dayMs;
    await keeper.advance();
    await take(await sign(await request(60)));
    await keeper.advance();
    assertValid(keeper);
    expect(tags()).toBe(1);
    expect(keeper.current().delegated).toEqual([second]);
    clock.now += 14 * dayMs;
    await take(await sign(await request(60)));
    await keeper.advance();
    expect(tags()).toBe(1);
  });

  it('that was online before goes on without a gap', async () => {
    await createFirstKeys(member, { roles: ['ksk', 'zsk'], algorithm: 13 }, clock.now);
    const keeper = await open();
    const before = keeper.current().dnskeys;
    vault = openKeyFolder(join(directory, 'member'));
    await take(await sign(await request(60)));
    await keeper.advance();
    assertValid(keeper);
    expect(keeper.current().dnskeys).toEqual(before);
    expect(keeper.current().kskSigners).toEqual([]);
  });

  it('waits with a ZSK that was asked to roll until a request has it', async () => {
    await createBoth();
    await take(await sign(await request(60)));
    const keeper = await open();
    const before = keeper.current().zskSigner;
    await changeKeyState(member, clock.now, (state) => requestRoll(state, 'zsk'));
    clock.now += dayMs;
    await keeper.advance();
    expect(keeper.current().zskSigner).toBe(before);
    await take(await sign(await request(60)));
    await keeper.advance();
    clock.now += dayMs;
    await keeper.advance();
    expect(keeper.current().zskSigner).not.toBe(before);
    assertValid(keeper);
  });

  it('does not let a member start that no period covers, and warns before', async () => {
    await createBoth();
    await take(await sign(await request(20)));
    clock.now += 7 * dayMs;
    const events: KeyEvent[] = [];
    const keeper = await open(events);
    expect(events.at(-1)).toMatchObject({ kind: 'presigned_ending' });
    clock.now += 13 * dayMs;
    await expect(open()).rejects.toMatchObject({ code: 'dns_presigned_missing' });
    await keeper.advance();
    expect(events.at(-1)).toMatchObject({ kind: 'presigned_ended' });
    expect(keeper.current().presigned).toBeDefined();
  });
});

describe('pre-signed keys', () => {
  async function signed(): Promise<PresignedKeys> {
    await createBoth();
    return await sign(await request(60));
  }

  function withPeriod(keys: PresignedKeys, index: number, change: object): PresignedKeys {
    const periods = keys.periods.map((period, at) =>
      at === index ? { ...period, ...change } : period,
    );
    return { ...keys, periods };
  }

  it('are refused for another zone', async () => {
    const keys = await signed();
    await expect(take({ ...keys, apex: 'e164.beta.example.' })).rejects.toMatchObject({
      code: 'dns_presigned_unfit',
    });
  });

  it('are refused when no period covers now', async () => {
    const keys = await signed();
    clock.now -= 1;
    await expect(take(keys)).rejects.toMatchObject({ code: 'dns_presigned_unfit' });
  });

  it('are refused with a gap between periods', async () => {
    const keys = await signed();
    const untilMs = keys.periods[1]!.untilMs - 1;
    await expect(take(withPeriod(keys, 1, { untilMs }))).rejects.toMatchObject({
      message: expect.stringContaining('period 3: it does not follow'),
    });
  });

  it('are refused when a signature is of another period', async () => {
    const keys = await signed();
    const { signatures } = keys.periods[0]!;
    await expect(take(withPeriod(keys, 2, { signatures }))).rejects.toMatchObject({
      message: expect.stringMatching(/period 3: a signature (does not cover|is missing)/),
    });
  });

  it('are refused when a signature was tampered with', async () => {
    const keys = await signed();
    const { signatures } = keys.periods[1]!;
    const cds = signatures.cds.map((rdata) =>
      rdata.map((octet, index) => (index === rdata.length - 1 ? octet ^ 1 : octet)),
    );
    await expect(
      take(withPeriod(keys, 1, { signatures: { ...signatures, cds } })),
    ).rejects.toMatchObject({
      message: expect.stringContaining('period 2: a signature is missing'),
    });
  });

  it('are refused when they lack the ZSK that will sign', async () => {
    const first = await sign(await createBoth().then(async () => await request(60)));
    await take(first);
    // A plan of before, made by a folder that has another ZSK.
    const other = openKeyFolder(join(directory, 'other'));
    await createFirstKeys(other, { roles: ['zsk'], algorithm: 13 }, clock.now);
    const span = { fromMs: clock.now, untilMs: clock.now + dayMs, periodMsMax: dayMs };
    const strange = await exportSigningRequest(other, { apex, timings, slackMs: 0, span });
    await expect(take(await sign(encodeSigningRequest(strange)))).rejects.toMatchObject({
      message: expect.stringContaining('period 1: zsk is active then, and not in DNSKEY'),
    });
  });

  it('are refused when the machine with the KSK was another', async () => {
    await take(await signed());
    vault = openKeyFolder(join(directory, 'wrong vault'));
    await createFirstKeys(vault, { roles: ['ksk'], algorithm: 13 }, clock.now);
    await expect(sign(await request(60))).rejects.toMatchObject({ code: 'dns_key_missing' });
  });

  it('are refused when they are no such file', async () => {
    await createBoth();
    const zone = { apex, timings, nowMs: clock.now };
    for (const text of ['', '{}', '{"format":"callbook-presigned-keys/1"}', await request(60)])
      await expect(importPresignedKeys(member, text, zone)).rejects.toMatchObject({
        code: 'dns_presigned_malformed',
      });
    for (const text of ['[]', '{"format":"callbook-signing-request/1"}'])
      expect(() => parseSigningRequest(text)).toThrow(
        expect.objectContaining({ code: 'dns_presigned_malformed' }),
      );
  });

  it('imported twice change nothing', async () => {
    const keys = await signed();
    await take(keys);
    const before = await member.readState();
    await take(keys);
    expect(await member.readState()).toEqual(before);
  });
});
