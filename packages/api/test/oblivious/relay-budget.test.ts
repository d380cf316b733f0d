/** What a relay counts: capsules by network, whoever is in it, and no address. */
import { expect, it } from 'vitest';
import { RelayBudget } from '../../src/oblivious/relay-budget.ts';
import { apiLimits } from '../../src/limits.ts';
import { crypto } from '../harness.ts';
import { relayedFrom, startObliviousMembers } from './oblivious-members.ts';

const limits = { networkCapsulesBurstMax: 3, networkCapsulesPerSecondMax: 1 };

it('counts what a network has relayed, and says the same to everybody who has had too much', async () => {
  const [alpha] = await startObliviousMembers(['alpha', 'beta'], { limits });
  // The gateway does not open such capsules: what counts is that they were brought there.
  const brought = [1, 2, 3].map(async (host) => await relayedFrom(alpha!, `203.0.113.${host}`));
  expect((await Promise.all(brought)).map(({ json }) => json)).toMatchObject(
    Array.from({ length: 3 }, () => ({ code: 'capsule_key_unknown' })),
  );
  const refused = await relayedFrom(alpha!, '::ffff:203.0.113.4');
  expect([refused.status, refused.headers['retry-after'], refused.json]).toEqual([
    429,
    '10',
    {
      type: 'about:blank',
      title: 'Too Many Requests',
      status: 429,
      code: 'relay_rate_limited',
      detail: 'too many requests to relay came from one network; see Retry-After',
    },
  ]);

  // Another network, and this machine, are not touched by it.
  expect((await relayedFrom(alpha!, '2001:db8:1:100::1')).status).toBe(400);
  for (let count = 0; count < 4; count += 1) {
    expect((await relayedFrom(alpha!, '127.0.0.9')).status).toBe(400);
  }
  const others = [2, 3, 4].map(
    async (host) => await relayedFrom(alpha!, `2001:db8:1:1ff::${host}`),
  );
  const other = (await Promise.all(others)).find(({ status }) => status === 429);
  expect(other?.text).toBe(refused.text);
  expect(Object.keys(other!.headers)).toEqual(Object.keys(refused.headers));

  // One goes through again after a second, for the whole network.
  alpha!.clockMs += 1000;
  expect((await relayedFrom(alpha!, '203.0.113.250')).status).toBe(400);
  expect((await relayedFrom(alpha!, '203.0.113.1')).status).toBe(429);
  expect(alpha!.logged()).not.toMatch(/203\.0|2001:db8/);
});

it('keeps nothing by which a network could be known', () => {
  const random = { bytes: (size: number) => new Uint8Array(size).fill(7) };
  const seen: string[] = [];
  const hmacSha256: typeof crypto.hmacSha256 = (key, message) => {
    seen.push(Buffer.from(message).toString());
    return crypto.hmacSha256(key, message);
  };
  const ports = { clock: { nowMs: () => 0 }, crypto: { ...crypto, hmacSha256 }, random };
  const budget = new RelayBudget({ ...apiLimits, ...limits }, ports);
  for (let host = 1; host <= 3; host += 1) budget.spend(`198.51.100.${host}`);
  expect(() => budget.spend('198.51.100.9')).toThrow('too many requests to relay');
  // The network alone is hashed, never the address, and what is left is in no field that has a name.
  expect(new Set(seen)).toEqual(new Set(['198.51.100']));
  expect(JSON.stringify(budget)).toBe('{}');
});
