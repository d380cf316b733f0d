/** Which keys of gateways are used: what two members show alike, and their own zone does not contradict. */
import { nobleCryptography as crypto } from '@callbook/protocol/crypto/noble';
import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import { listMembers } from '../../src/member.ts';
import { GatewayKeys, type KnownKeys } from '../../src/oblivious/gateway-keys.ts';
import type { ZoneWord } from '../../src/oblivious/zone-hash.ts';
import { startFederation, trustTestAuthority, type TestFederation } from '../test-federation.ts';
import { TestGateways } from './test-gateways.ts';

let federation: TestFederation;
let gateways: TestGateways;
let nowMs: number;

beforeAll(trustTestAuthority);
beforeEach(async () => {
  federation = await startFederation();
  gateways = await TestGateways.before(federation);
  nowMs = Date.now();
});
afterEach(async () => await federation[Symbol.asyncDispose]());

function openKeys(zoneWord: (member: string) => ZoneWord = () => 'agrees'): GatewayKeys {
  const members = listMembers(federation.charter);
  return new GatewayKeys({
    fetch: gateways.fetch,
    random: { bytes: (size) => globalThis.crypto.getRandomValues(new Uint8Array(size)) },
    clock: { nowMs: () => nowMs },
    crypto,
    pause: () => Promise.resolve(),
    charter: () => federation.charter,
    members: () => members,
    zoneWord: ({ name }) => Promise.resolve(zoneWord(name)),
  });
}

const namesOf = ({ keys }: KnownKeys): string[] => [...keys.keys()].sort();

it('uses what all show, whether or not a zone can be asked', async () => {
  const known = await openKeys((name) => (name === 'beta' ? 'unasked' : 'agrees')).known();
  expect(namesOf(known)).toEqual(['alpha', 'beta', 'gamma']);
  expect([...known.refused]).toEqual([]);
});

it('does not use a key whose zone publishes the hash of another', async () => {
  const known = await openKeys((name) => (name === 'beta' ? 'differs' : 'agrees')).known();
  expect(namesOf(known)).toEqual(['alpha', 'gamma']);
  expect([...known.refused]).toEqual([['beta', 'oblivious_keys_disagree']]);
});

it('does not use what a single member shows', async () => {
  gateways.shownBy.set('gamma', '{"statements":[]}');
  gateways.shownBy.set('alpha', 'no bundle at all');
  const known = await openKeys().known();
  expect(namesOf(known)).toEqual([]);
  expect(known.isHeard).toBe(true);
});

it('asks once an hour, at once where the key is needed anew, and never twice at a time', async () => {
  const keys = openKeys();
  const asked = (): number => gateways.seen.filter(({ as }) => as === 'asked').length;
  const known = await keys.known();
  await Promise.all([keys.known(), keys.known()]);
  expect(asked()).toBe(3);
  const [one, other] = await Promise.all([keys.newer(known), keys.newer(known)]);
  expect(one).toBe(other);
  expect(asked()).toBe(6);
  expect(await keys.newer(known)).toBe(one);
  nowMs += 3_600_001;
  await keys.known();
  expect(asked()).toBe(9);
});
