import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { passChallenge, submissionOf } from './claim-flow.ts';
import { startMember } from './harness.ts';
import type { Answer } from './harness.ts';

const routes = [
  '/v1/challenges',
  '/v1/challenges/AAAAAAAAAAAAAAAAAAAAAA/answer',
  '/v1/entries',
  '/v1/lookups',
  '/v1/bulk',
  '/log/witness/add-checkpoint',
] as const;

function expectProblem(answer: Answer): void {
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.status).toBeGreaterThanOrEqual(400);
  expect(answer.status).toBeLessThan(500);
}

const fieldNames = ['identifier', 'authority', 'session', 'form', 'entry', 'payload', 'opening'];
const moreNames = ['challenge', 'receipts', 'proof', '__proto__', 'constructor', ''];

/** Objects with our own field names, so that requests get past the first check. */
const nearMiss = fc.dictionary(
  fc.constantFrom(...fieldNames, ...moreNames),
  fc.oneof(fc.jsonValue(), fc.base64String(), fc.constantFrom('app', 'tel:+4915123456789')),
);

it('answers any JSON with a problem and never fails', { timeout: 60_000 }, async () => {
  const member = await startMember();
  const body = fc.oneof(fc.jsonValue(), nearMiss);
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...routes), body, async (route, value) => {
      expectProblem(await member.call('POST', route, JSON.stringify(value)));
    }),
    { numRuns: 2000 },
  );
  expect(member.logged()).toBe('');
});

it('answers any octets with a problem and never fails', { timeout: 60_000 }, async () => {
  const member = await startMember();
  const mediaTypes = fc.oneof(
    fc.constantFrom('application/json', 'application/json; charset=latin1', 'text/plain', '*/*'),
    fc.stringMatching(/^[ -~]{1,40}$/).filter((text) => text.trim() !== ''),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...routes),
      fc.uint8Array({ maxLength: 300 }),
      mediaTypes,
      async (route, body, mediaType) => {
        const response = await fetch(`${member.url}${route}`, {
          method: 'POST',
          headers: { 'content-type': mediaType },
          body,
        });
        expect(response.headers.get('content-type')).toBe('application/problem+json');
        expect(Math.floor(response.status / 100)).toBe(4);
      },
    ),
    { numRuns: 1000 },
  );
});

it('answers any path with a problem or what is there', { timeout: 60_000 }, async () => {
  const member = await startMember();
  const segment = fc.oneof(
    fc.constantFrom('v1', 'log', 'tile', 'entries', '000', 'alpha.test', '..', '%zz', '%00', '%2f'),
    fc.webSegment(),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(segment, { maxLength: 7 }), async (segments) => {
      const response = await fetch(`${member.url}/${segments.join('/')}`);
      expect(response.status).toBeLessThan(500);
      await response.bytes();
    }),
    { numRuns: 1000 },
  );
});

it('answers an entry with any octet changed with 422', { timeout: 60_000 }, async () => {
  const member = await startMember();
  const { signed, challenge } = await passChallenge(member);
  await fc.assert(
    fc.asyncProperty(
      fc.nat(signed.entry.length - 1),
      fc.integer({ min: 1, max: 255 }),
      async (at, flip) => {
        const entry = signed.entry.slice();
        entry[at]! ^= flip;
        const body = submissionOf({ ...signed, entry }, challenge);
        const answer = await member.call('POST', '/v1/entries', body);
        expect(answer.status).toBe(422);
      },
    ),
    { numRuns: 300 },
  );
});
