import { expect, it } from 'vitest';
import { encodeBulkRequest } from '@callbook/protocol';
import { LookupSketch } from '../../src/lookups/lookup-sketch.ts';
import { crypto, number, startMember } from '../harness.ts';
import type { TestMember } from '../harness.ts';

const random = { bytes: (size: number) => new Uint8Array(size).fill(size) };

async function lookUp({ api }: TestMember, remoteAddress: string, count = 10): Promise<number> {
  const payload = { identifiers: Array<string>(count).fill(number) };
  const asked = { method: 'POST' as const, url: '/v1/lookups', payload, remoteAddress };
  return (await api.inject(asked)).statusCode;
}

async function bulk({ api }: TestMember, remoteAddress: string, count: number): Promise<number> {
  const payload = Buffer.from(encodeBulkRequest([], count));
  const headers = { 'content-type': 'application/callbook-bulk' };
  const asked = { method: 'POST' as const, url: '/v1/bulk', payload, headers, remoteAddress };
  return (await api.inject(asked)).statusCode;
}

it('counts look-ups of a network together, however they are asked, and refills with time', async () => {
  const member = await startMember({ networkLookupsBurstMax: 30, networkLookupsPerSecondMax: 1 });
  expect(await lookUp(member, '203.0.113.7')).toBe(200);
  expect(await bulk(member, '203.0.113.200', 16)).toBe(200);
  expect(await lookUp(member, '203.0.113.8')).toBe(429);
  expect(await lookUp(member, '203.0.114.8')).toBe(200);
  expect(await lookUp(member, '127.0.0.1', 1000)).toBe(200);
  member.clockMs += 6000;
  expect(await lookUp(member, '203.0.113.8')).toBe(200);
  expect(member.logged()).toBe('');
});

it('counts all capsules together', async () => {
  const member = await startMember({ capsuleLookupsBurstMax: 20, capsuleLookupsPerSecondMax: 1 });
  expect(await bulk(member, 'capsule', 16)).toBe(200);
  expect(await bulk(member, 'capsule', 16)).toBe(429);
  expect(await bulk(member, '203.0.113.7', 16)).toBe(200);
});

it('takes 16 slots in a capsule, no more and no less', async () => {
  const member = await startMember();
  for (const slots of [1, 15, 17, 1000]) expect(await bulk(member, 'capsule', slots)).toBe(400);
  expect(await bulk(member, 'capsule', 16)).toBe(200);
});

it('keeps names apart, however many there are', () => {
  const sketch = new LookupSketch({ perSecond: 1, burst: 10 }, { crypto, random });
  let refused = 0;
  for (let name = 0; name < 2000; name += 1) {
    if (sketch.spend(`10.${name >> 8}.${name & 255}`, 10, 0) > 0) refused += 1;
  }
  // Each has filled its buckets: of 16 384 a row, 2 000 others fill an eighth.
  expect(refused).toBeLessThan(10);
  expect(sketch.spend('10.0.0', 1, 0)).toBe(1000);
  expect(sketch.spend('10.0.0', 5, 5000)).toBe(0);
  expect(sketch.spend('10.0.0', 1, 5000)).toBe(1000);
});

it('empties nothing when the clock is set back', () => {
  const sketch = new LookupSketch({ perSecond: 1, burst: 10 }, { crypto, random });
  expect(sketch.spend('a', 10, 60_000)).toBe(0);
  expect(sketch.spend('a', 1, 0)).toBe(1000);
});
