/** Look-ups on a real federation: what they bring, what they cost, and who cannot spoil them. */
import { socketTransport } from '@callbook/client/node';
import { parseTrustAnchor } from '@callbook/client';
import type { Directory, Holding, Lookup, LookupOptions, Trust } from '@callbook/client';
import { encodeBase64Url, type Identifier } from '@callbook/protocol';
import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { eventually, startUnbound } from '../lab.ts';
import { openCallers, type Callers } from './callers.ts';
import { half, portal, redirect, short, spoiling, stale, type Role } from './impostor.ts';
import { RoundTrips } from '../../src/round-trips.ts';

const held: Identifier = 'tel:+34912345678';
const free: Identifier = 'tel:+447700900001';
const trusts: readonly Trust[] = ['any-member', 'agreed', 'all-members'];
/** Longer than a member that was late once is asked after the others. */
const patientMs = 60_000;
vi.setConfig({ testTimeout: 150_000 });

let callers: Callers;
let holding: Holding;

beforeAll(async () => {
  callers = await openCallers();
  const directory = callers.open();
  holding = await callers.claim(directory, held, new Uint8Array(32).fill(7));
  await settled(directory);
}, 120_000);
afterEach(() => callers.cast());
afterAll(async () => await callers[Symbol.asyncDispose]());

/** Waits until all members say the same, prove it and have it in their zones. */
async function settled(directory: Directory): Promise<void> {
  await eventually(
    async () =>
      await directory
        .lookup(held, { trust: 'all-members' })
        .then(({ reason }) => [reason.proof.state, reason.dnssec.state].join(' '))
        .catch(String),
    (states) => states === 'proven secure',
    patientMs,
  );
}

/** Asks until it is as expected: a member that is late is passed over, and another one is named instead. */
async function unhurried(ask: () => Promise<Lookup>, expected: object): Promise<Lookup> {
  return await vi.waitFor(async () => {
    const found = await ask();
    expect(found).toMatchObject(expected);
    return found;
  }, patientMs);
}

/** What whoever believes any member is told when alpha lies; if alpha is late, another is believed. */
async function caughtAlone(options: LookupOptions = {}): Promise<unknown> {
  return await eventually(
    async () =>
      await callers
        .open()
        .lookup(held, { trust: 'any-member', ...options })
        .then(
          ({ reason }) => {
            const heard = reason.members.filter(({ state }) => state !== 'failed');
            expect(heard.map(({ member }) => member)).not.toContain('alpha');
            return 'alpha was late';
          },
          (error: { readonly code?: string }) => error.code,
        ),
    (code) => code !== 'alpha was late',
    patientMs,
  );
}

const lie = spoiling(/lookups$/, (json: { results: { keys?: { key: string }[] }[] }) => {
  for (const { keys = [] } of json.results) {
    for (const key of keys) key.key = encodeBase64Url(new Uint8Array(32).fill(66));
  }
  return json;
});
const denial = spoiling(/lookups$/, (json: { results: unknown[] }) => {
  return { results: json.results.map(() => ({ state: 'absent' })) };
});

describe('a look-up', () => {
  it('brings keys and routes, and all reasons to believe them', async () => {
    const found = await unhurried(async () => await callers.open().lookup(held), {
      state: 'published',
      binding: { routes: [{ uri: 'sip:alice@sip.example' }], ownershipId: holding.ownershipId },
      reason: {
        agreement: { agreeing: 2, quorum: 2 },
        pending: [],
        proof: { state: 'proven', proof: { state: 'published', member: 'alpha' } },
        dnssec: {
          state: 'secure',
          member: 'alpha',
          answer: { zone: 'e164.alpha.test', binding: { logged: { entryId: holding.entryId } } },
        },
      },
    });
    expect(found.reason.changedAtMs).toBeGreaterThan(Date.now() - 600_000);
    const { dnssec } = found.reason;
    const kinds = dnssec.state === 'secure' ? dnssec.answer.chain.map(({ kind }) => kind) : [];
    expect([...new Set(kinds)].sort()).toEqual(['denial', 'keys', 'records']);
  });

  it('says that nothing is published by members and zone, and that a proof takes a token', async () => {
    const found = await callers.open().lookup(free);
    expect(found).toMatchObject({
      state: 'absent',
      reason: {
        access: { state: 'public' },
        proof: { state: 'unavailable', code: 'token_missing' },
        dnssec: { state: 'secure', answer: { state: 'absent' } },
      },
    });
  });

  it('takes at most six round trips cold and one warm', async () => {
    const real = callers.open().members.map(({ api }) => api);
    const ports = callers.lab.testnet.layout.members;
    const measure = async (): Promise<void> => {
      const cold = new RoundTrips();
      const warm = new RoundTrips();
      let trips = cold;
      const directory = callers.open({
        fetch: async (url, init) => {
          const place = real.findIndex((api) => url.startsWith(`${api}/`));
          const near = `http://127.0.0.1:${ports[place]!.webPort}${url.slice(real[place]!.length)}`;
          return await trips.over((_url, options) => fetch(near, options))(url, init);
        },
      });
      const first = await directory.lookup(held);
      const believed = { proof: { state: 'proven' }, dnssec: { state: 'secure' } };
      expect(first.reason).toMatchObject(believed);
      trips = warm;
      const second = await directory.lookup(held);
      expect(second.reason).toMatchObject(believed);
      expect(cold.count).toBeLessThanOrEqual(6);
      expect(warm.count).toBe(1);
    };
    // A member that is late costs another trip: what counts is what it takes when none is.
    await vi.waitFor(measure, patientMs);
  });
});

describe('what stands between', () => {
  const faults: readonly (readonly [string, Role])[] = [
    ['a captive portal', portal],
    ['a redirect', redirect],
    ['half an answer', half],
    ['a short answer', short],
  ];

  it.each(faults)('%s before one member: the others answer', async (_name, fault) => {
    callers.cast(fault);
    expect((await callers.open().lookup(held)).state).toBe('published');
    expect((await callers.open().lookup(free)).state).toBe('absent');
    const anyone = await callers.open().lookup(held, { trust: 'any-member' });
    expect(anyone.state).toBe('published');
  });

  it.each(faults)('%s before all: an error with a code, never "no keys"', async (_name, fault) => {
    callers.cast(fault, fault, fault);
    for (const trust of trusts) {
      for (const identifier of [held, free]) {
        const lookup = callers.open().lookup(identifier, { trust });
        await expect(lookup).rejects.toMatchObject({ code: 'directory_unavailable' });
      }
    }
    await expect(callers.open().lookupMany([held, free])).rejects.toMatchObject({
      code: 'directory_unavailable',
    });
    await expect(callers.open().prove(held)).rejects.toMatchObject({
      code: 'directory_unavailable',
    });
  });
});

describe('a member that lies', () => {
  it.each([
    ['gives other keys', lie],
    ['denies the number', denial],
  ])('%s: outvoted, and caught where it is asked alone', async (_name, role) => {
    callers.cast(role);
    const found = await callers.open().lookup(held);
    expect(found).toMatchObject({ binding: { ownershipId: holding.ownershipId } });
    expect(await caughtAlone()).toMatch(/^(members_disagree|zone_differs)$/);
    expect(await caughtAlone({ proof: false })).toBe('zone_differs');
    const all = callers.open().lookup(held, { trust: 'all-members' });
    await expect(all).rejects.toMatchObject({ code: 'members_disagree' });
  });

  it('cannot forge a proof: another member’s is taken, and it is named', async () => {
    callers.cast(
      spoiling(/proof$/, (json: object) => ({
        ...json,
        state: null,
        ownership: null,
        published: null,
        payload: null,
        opening: null,
      })),
    );
    const passedOver = [{ member: 'alpha', code: 'proof_index_invalid' }];
    await unhurried(async () => await callers.open().lookup(held), {
      reason: { proof: { state: 'proven', proof: { member: 'beta', passedOver } } },
    });
  });

  it('cannot forge its zone on the way: another’s is taken; if all are bogus, it says so', async () => {
    const tampering: Role = async (path, pass) => {
      const passed = await pass();
      if (path === '/dns-query') passed.body[passed.body.length - 20]! ^= 1;
      return passed;
    };
    callers.cast(tampering);
    await unhurried(async () => await callers.open().lookup(held), {
      reason: { dnssec: { state: 'secure', member: 'beta' } },
    });
    callers.cast(tampering, tampering, tampering);
    const lookup = callers.open().lookup(held);
    await expect(lookup).rejects.toMatchObject({ code: 'zone_bogus' });
  });
});

describe('a stale mirror', () => {
  it('is outvoted by a quorum that is not, and its old proof is no proof', async () => {
    callers.cast(stale());
    // One directory for all: the roles remember what was asked through them.
    const directory = callers.open();
    expect((await directory.lookup(held)).state).toBe('published');
    holding = await directory.publish(holding, {
      routes: [{ service: 'sip', uri: 'sip:alice@new.example', preference: 10 }],
    });
    // Until the others have it in their index, their proofs differ as well.
    const passedOver = [{ member: 'alpha', code: 'proof_differs' }];
    await unhurried(async () => await directory.lookup(held), {
      state: 'published',
      binding: { seq: 1 },
      reason: { proof: { state: 'proven', proof: { passedOver } }, dnssec: { state: 'secure' } },
    });
    callers.cast();
    await settled(callers.open());
  });
});

describe('a wrong clock', () => {
  it('that is behind is named by what a quorum has signed', async () => {
    const clock = { nowMs: () => Date.now() - 3 * 86_400_000 };
    const error: unknown = await callers
      .open({ clock })
      .lookup(held)
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'clock_wrong' });
  });

  it('that is ahead breaks signatures that have ended, and nothing is "no keys"', async () => {
    const clock = { nowMs: () => Date.now() + 90 * 86_400_000 };
    for (const identifier of [held, free]) {
      await expect(callers.open({ clock }).lookup(identifier)).rejects.toMatchObject({
        code: 'clock_wrong',
        details: { behindSeconds: expect.toSatisfy((s: number) => Math.abs(s + 90 * 86_400) < 60) },
      });
    }
  });

  it('is not named unless a quorum of the members has another time', async () => {
    const aheadMs = 90 * 86_400_000;
    const clock = { nowMs: () => Date.now() + aheadMs };
    const asAhead: Role = async (_path, pass, response) => {
      response.setHeader('date', new Date(Date.now() + aheadMs).toUTCString());
      return await pass();
    };
    callers.cast(undefined, asAhead, asAhead);
    await expect(callers.open({ clock }).lookup(held)).rejects.toMatchObject({
      code: 'zone_bogus',
      details: { validationCode: 'signature_expired' },
    });
  });
});

describe('many', () => {
  const crowd = Array.from(
    { length: 200 },
    (_, n): Identifier => `tel:+4915123${String(n).padStart(6, '0')}`,
  );

  it('are proven in batches, each member some, while one fails and one lies', async () => {
    callers.cast(
      undefined,
      spoiling(/proofs$/, (json: { results: object[] }) => ({
        ...json,
        // Each in the place of another: turned round, the one in the middle would stay where it is.
        results: [...json.results.slice(1), ...json.results.slice(0, 1)],
      })),
      async (path, pass, response) =>
        path === '/v1/proofs' ? await portal(path, pass, response) : await pass(),
    );
    const found = await callers.open().lookupMany([...crowd, held], { proof: true });
    expect(found.map(({ state }) => state)).toEqual([...crowd.map(() => 'absent'), 'published']);
    const withheld = { state: 'unavailable', code: 'token_missing' };
    const proven = { state: 'proven', proof: { member: 'alpha' } };
    for (const one of found) {
      const proof = one.state === 'published' ? proven : withheld;
      expect(one).toMatchObject({ reason: { proof } });
    }
  });
});

describe('another ENUM provider', () => {
  it('is asked where the members have nothing, and only what is validated has keys', async () => {
    await using running = new AsyncDisposableStack();
    running.use(await startUnbound(callers.lab));
    const { resolver, root } = callers.lab.description;
    const ds = (await readFile(root.trustAnchor, 'utf8')).trim().split(/\sDS\s/)[1]!;
    const anchor = parseTrustAnchor('.', [ds])!;
    const dns = socketTransport(resolver);
    callers.cast(denial, denial, denial);
    const suffixes = ['e164.nowhere.test', 'e164.beta.test'];
    const options = { proof: false, dnssec: false };
    // A resolver that knows nothing yet may take longer than an answer is waited for.
    const directory = callers.open({ dns, anchor, suffixes });
    await unhurried(async () => await directory.lookup(held, options), {
      state: 'elsewhere',
      provider: { zone: 'e164.beta.test', verdict: 'secure', binding: { keys: holdingKeys() } },
    });
    // Beta's zone from the charter's own DS, through the same resolver.
    const zone = await callers.open({ dns }).lookupZone(held, 'e164.beta.test');
    expect(zone).toMatchObject({ verdict: 'secure', state: 'published' });
    // IANA's root has not signed this one.
    const foreign = callers.open({ dns, suffixes: ['e164.elsewhere.test'] });
    await expect(foreign.lookup(held, options)).rejects.toMatchObject({ code: 'zone_bogus' });
    const silent = callers.open({ suffixes });
    await expect(silent.lookup(held, options)).rejects.toMatchObject({
      code: 'provider_unavailable',
    });
  });

  function holdingKeys(): object[] {
    return ['identity', 'box', 'sip'].map((use) => ({ use }));
  }
});
