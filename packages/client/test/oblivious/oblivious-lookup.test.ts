/** Look-ups by way of another member: what each sees, and what happens where it cannot be done. */
import { encodeKeyBundle, type Identifier } from '@callbook/protocol';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createDirectory } from '../../src/index.ts';
import type { Directory, DirectoryOptions } from '../../src/index.ts';
import { claimHeld, identifier, patient, stranger } from '../held-number.ts';
import { startFederation, trustTestAuthority, type TestFederation } from '../test-federation.ts';
import { TestGateways } from './test-gateways.ts';

let federation: TestFederation;
let gateways: TestGateways;

beforeAll(trustTestAuthority);
beforeEach(async () => {
  federation = await startFederation();
  await claimHeld(federation);
  gateways = await TestGateways.before(federation);
});
afterEach(async () => {
  await federation[Symbol.asyncDispose]();
});

function open(options: Partial<DirectoryOptions> = {}): Directory {
  const { fetch } = gateways;
  const { charterNote } = federation;
  const defaults = { charterNote, fetch, privacy: 'oblivious', pause: patient } as const;
  return createDirectory({ ...defaults, ...options });
}

/** Does not wait for members to settle. */
const hasty = async (ms: number): Promise<void> =>
  await new Promise((resolve) => setTimeout(resolve, Math.min(ms, 20)));

const noDnssec = { dnssec: false };
const digits = identifier.slice('tel:+'.length);

/** Who was asked plainly for anything but the charter and keys. */
function plainly(): string[] {
  return gateways.seen
    .filter(({ as, path }) => as === 'asked' && !/^\/v1\/(charter|oblivious-keys)/.test(path))
    .map(({ member, path }) => `${member} ${path}`);
}

describe('a look-up', () => {
  it('is answered and proven, and no member is both relay and gateway of it', async () => {
    const found = await open().lookup(identifier, noDnssec);
    expect(found).toMatchObject({
      state: 'published',
      reason: { privacy: { state: 'oblivious', refused: [] }, proof: { state: 'proven' } },
    });
    expect(plainly()).toEqual([]);
    const relays = new Set(gateways.seen.filter(({ as }) => as === 'relay').map(nameOf));
    const asked = new Set(gateways.seen.filter(({ as }) => as === 'gateway').map(nameOf));
    expect([relays.size, asked.size]).toEqual([1, 2]);
    expect(relays.isDisjointFrom(asked)).toBe(true);
    for (const { as, text } of gateways.seen) {
      if (as !== 'gateway') expect(text).not.toContain(digits);
    }
    expect(gateways.seen.some(({ text }) => text.includes(digits))).toBe(true);
  });

  it('that is asked plainly shows the member what is asked, so the test above can fail', async () => {
    await open().lookup(identifier, { ...noDnssec, privacy: 'plain' });
    expect(plainly()).toContain('alpha /v1/lookups');
    expect(gateways.seen.some(({ as, text }) => as === 'asked' && text.includes(digits))).toBe(
      true,
    );
  });

  it('is as long for one number as for another', async () => {
    await open().lookup(stranger, { ...noDnssec, proof: false });
    await open().lookup(identifier, { ...noDnssec, proof: false });
    const sizes = new Set(gateways.seen.flatMap(({ bytes }) => (bytes ? [bytes.join(' ')] : [])));
    expect(sizes.size).toBe(1);
  });

  it('asks whom the caller wants asked first', async () => {
    await open({ members: ['gamma'] }).lookup(identifier, { ...noDnssec, trust: 'any-member' });
    const asked = gateways.seen.filter(({ as }) => as === 'gateway').map(nameOf);
    expect(new Set(asked)).toEqual(new Set(['gamma']));
  });
});

describe('keys', () => {
  it('that a gateway does not have any more are fetched once again', async () => {
    const directory = open({ trust: 'any-member' });
    await directory.lookup(identifier, noDnssec);
    for (const { name } of federation.members) await gateways.newKey(name);
    expect((await directory.lookup(identifier, noDnssec)).state).toBe('published');
  });

  it('that one member shows differently make it unused and are told', async () => {
    const [own, other] = ['alpha', 'beta'].map((name) => gateways.statementOf(name));
    gateways.nowMs += 1000;
    const marked = gateways.statementOf('beta', new Uint8Array(32).fill(9));
    gateways.nowMs -= 1000;
    const rest = gateways.statementOf('gamma');
    gateways.shownBy.set('gamma', encodeKeyBundle([own!, marked, rest]));
    expect(marked).not.toBe(other);
    const found = await open({ pause: hasty }).lookup(identifier, noDnssec);
    expect(found.reason.privacy).toEqual({
      state: 'oblivious',
      refused: [{ member: 'gamma', code: 'oblivious_keys_disagree' }],
    });
    const used = gateways.seen.filter(({ as }) => as !== 'asked').map(nameOf);
    expect(used).not.toContain('gamma');
  });

  it('that no two members show alike leave nobody to ask, and nothing is asked plainly', async () => {
    for (const [place, name] of ['alpha', 'beta', 'gamma'].entries()) {
      gateways.nowMs += 1000 * (place + 1);
      const shown = federation.members.map((member) => gateways.statementOf(member.name));
      gateways.shownBy.set(name, encodeKeyBundle(shown));
    }
    await expect(open({ pause: hasty }).lookup(identifier)).rejects.toMatchObject({
      code: 'oblivious_keys_disagree',
    });
    expect(plainly()).toEqual([]);
  });

  it('of a federation without gateways are an error, and nothing is asked plainly', async () => {
    for (const { name } of federation.members) gateways.shownBy.set(name, encodeKeyBundle([]));
    await expect(open().lookupMany([identifier])).rejects.toMatchObject({
      code: 'oblivious_unavailable',
    });
    expect(plainly()).toEqual([]);
  });

  it('that are all too old are the fault of this clock', async () => {
    const clock = { nowMs: () => Date.now() + 3 * 86_400_000 };
    await expect(open({ clock }).lookup(identifier)).rejects.toMatchObject({ code: 'clock_wrong' });
  });
});

describe('a relay', () => {
  it('that fails is passed over for another, and never for the gateway itself', async () => {
    const failed: string[] = [];
    gateways.relayRole = (relay, gateway) => {
      expect(relay).not.toBe(gateway);
      if (failed.length > 0 && failed[0] !== relay) return Promise.resolve(undefined);
      failed.push(relay);
      return Promise.reject(new TypeError('fetch failed'));
    };
    const found = await open().lookup(identifier, noDnssec);
    expect(found).toMatchObject({ state: 'published' });
    expect(failed.length).toBeGreaterThan(0);
  });

  it.each([
    ['a page of a network', () => new Response('<html>Log in</html>')],
    ['an answer that does not open', () => sealedResponse(new Uint8Array(500))],
    ['an answer without end', () => sealedResponse(new Uint8Array(300_000))],
    ['a problem of its own', () => Response.json({ code: 'relay_busy' }, { status: 503 })],
    ['a problem in the gateway’s name', () => Response.json({ code: 'absent' }, { status: 404 })],
  ])('that answers with %s brings no answer, and nothing is asked plainly', async (_what, make) => {
    gateways.relayRole = () => Promise.resolve(make());
    await expect(open().lookup(identifier, noDnssec)).rejects.toMatchObject({
      code: 'directory_unavailable',
      details: { firstCode: 'relay_failed' },
    });
    expect(plainly()).toEqual([]);
  });

  it('that asks for patience is told', async () => {
    const headers = { 'retry-after': '7' };
    gateways.relayRole = () => Promise.resolve(new Response('{}', { status: 429, headers }));
    await expect(open().lookup(identifier, noDnssec)).rejects.toMatchObject({
      code: 'rate_limited',
      details: { retryAfterSeconds: 7 },
    });
  });
});

describe('an address book', () => {
  const crowd = Array.from(
    { length: 100 },
    (_, n): Identifier => `tel:+4915123${String(n).padStart(6, '0')}`,
  );

  it('goes 16 numbers at a time, hit or miss alike, and hits are proven', async () => {
    const done: number[] = [];
    const found = await open().lookupMany([...crowd, identifier, 'mailto:alice@mail.example'], {
      proof: 'published',
      onDone: (count) => done.push(count),
    });
    expect(found.slice(0, 100).every(({ state }) => state === 'absent')).toBe(true);
    expect(found[0]).toMatchObject({ reason: { proof: { state: 'not_asked' } } });
    expect(found[100]).toMatchObject({
      state: 'published',
      reason: { proof: { state: 'proven' }, agreement: { agreeing: 2 } },
    });
    expect(found[101]).toMatchObject({ state: 'absent' });
    expect(plainly()).toEqual([]);
    const bulk = gateways.seen.filter(({ path }) => path === '/v1/bulk');
    expect(bulk.every(({ text }) => text.length === 256)).toBe(true);
    // Two members are asked about each of 101 numbers, with seven chunks each.
    expect(bulk).toHaveLength(14);
    expect(done.at(-1)).toBe(102);
    const sizes = gateways.seen.flatMap(({ as, bytes }) => (as === 'relay' ? [bytes![0]] : []));
    expect(Math.max(...sizes)).toBeLessThan(1200);
  });

  it('is shuffled into chunks that differ from member to member', async () => {
    await open().lookupMany(crowd);
    const chunks = gateways.seen.filter(({ path }) => path === '/v1/bulk').map(({ text }) => text);
    expect(new Set(chunks).size).toBe(chunks.length);
    const firstOf = (text: string): string[] => text.match(/[^]{16}/g)!;
    const slots = chunks.flatMap(firstOf).filter((slot) => slot !== '\0'.repeat(16));
    expect(new Set(slots).size).toBe(100);
    expect(slots).toHaveLength(200);
  });

  it('waits for a member whose budget is spent', async () => {
    let refused = 0;
    const headers = { 'retry-after': '1' };
    gateways.relayRole = () =>
      Promise.resolve(refused++ < 3 ? new Response('{}', { status: 429, headers }) : undefined);
    const found = await open({ pause: hasty }).lookupMany(crowd);
    expect(found.every(({ state }) => state === 'absent')).toBe(true);
    expect(refused).toBeGreaterThan(3);
    expect(found[0]).toMatchObject({ reason: { agreement: { asked: 2, agreeing: 2 } } });
  });

  it('survives a gateway that nobody reaches', async () => {
    gateways.relayRole = (_relay, gateway) =>
      Promise.resolve(gateway === 'beta' ? new Response(null, { status: 502 }) : undefined);
    const found = await open().lookupMany([...crowd, identifier]);
    expect(found.filter(({ state }) => state === 'absent')).toHaveLength(100);
    expect(found.at(-1)).toMatchObject({ state: 'published' });
  });
});

function sealedResponse(body: Uint8Array<ArrayBuffer>): Response {
  return new Response(body, { headers: { 'content-type': 'message/ohttp-res' } });
}

function nameOf({ member }: { readonly member: string }): string {
  return member;
}
