// The binary bulk look-up, against vectors written out by hand.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  bulkState,
  encodeBulkAnswers,
  encodeBulkRequest,
  parseBulkAnswers,
  parseBulkRequest,
} from '../src/bulk-lookup.ts';
import type { BulkSlot } from '../src/bulk-lookup.ts';
import { readVectors } from './read-vectors.ts';

const vectors = readVectors('bulk');
const requests = vectors.filter(({ content }) => content.request !== undefined);
const answers = vectors.filter(({ content }) => content.answers !== undefined);

function said({ asks, digits }: BulkSlot): string | null {
  if (asks === 'number') return `tel:+${Buffer.from(digits!).toString('latin1')}`;
  return asks === 'nothing' ? null : asks;
}

test.each(requests)('reads $name', ({ content }) => {
  const parsed = parseBulkRequest(Uint8Array.fromHex(content.request));
  expect(parsed.verdict === 'accept' ? 'accept' : parsed.code).toBe(content.expect);
  if (parsed.verdict === 'accept') expect(parsed.value.map(said)).toEqual(content.asks);
});

test.each(requests)('writes $name', ({ content: { asks, request } }) => {
  const numbers = ((asks ?? []) as (string | null)[]).filter((text) => text !== null);
  if (asks === undefined || numbers.includes('malformed')) return;
  const body = encodeBulkRequest(numbers as `tel:${string}`[], asks.length);
  // The empty slots come last, where the vector may have them between the others.
  const slots = (hex: string): string[] => hex.match(/.{32}/g)!.sort();
  expect(slots(body.toHex())).toEqual(slots(request));
});

test.each(answers)('reads and writes $name', ({ content }) => {
  const body = Uint8Array.fromHex(content.answers);
  const parsed = parseBulkAnswers(body, content.asked ?? content.says.length);
  expect(parsed.verdict === 'accept' ? 'accept' : parsed.code).toBe(content.expect);
  if (parsed.verdict !== 'accept') return;
  const readable = parsed.value.map(({ status, state }) =>
    state === undefined ? { status } : { status, state: state.toHex() },
  );
  expect(readable).toEqual(content.says);
  const state = Uint8Array.fromHex(content.entryId);
  expect(bulkState(state).toHex()).toBe(parsed.value[2]!.state!.toHex());
  const whole = parsed.value.map((answer) => (answer.state ? { ...answer, state } : answer));
  expect(encodeBulkAnswers(whole)).toEqual(body);
});

const digits = fc
  .tuple(fc.integer({ min: 1, max: 9 }), fc.stringMatching(/^[0-9]{6,14}$/))
  .map(([first, rest]): `tel:${string}` => `tel:+${first}${rest}`);

test('reads back every number that was written, in its place', () => {
  fc.assert(
    fc.property(fc.array(digits, { maxLength: 16 }), (numbers) => {
      const body = encodeBulkRequest(numbers, 16);
      expect(body).toHaveLength(256);
      const parsed = parseBulkRequest(body);
      if (parsed.verdict !== 'accept') throw new Error(parsed.code);
      expect(parsed.value.map(said).filter((text) => text !== null)).toEqual(numbers);
    }),
  );
});

test('ends every sequence of octets in a verdict', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (body) => {
      const whole = body.length > 0 && body.length % 16 === 0;
      expect(parseBulkRequest(body).verdict).toBe(whole ? 'accept' : 'reject');
      expect(['accept', 'reject']).toContain(parseBulkAnswers(body, body.length / 16).verdict);
    }),
    { numRuns: 1000 },
  );
});

test('keeps nothing of a body that is filled with zeros but the digits it gave', () => {
  const body = encodeBulkRequest(['tel:+4915123456789']);
  const parsed = parseBulkRequest(body);
  if (parsed.verdict !== 'accept') throw new Error(parsed.code);
  parsed.value[0]!.digits!.fill(0);
  expect(body[1]).toBe(0x49);
  body.fill(0);
  expect(parseBulkRequest(body)).toMatchObject({ value: [{ asks: 'nothing' }] });
});

test('takes no number that is none, and no more than there are slots', () => {
  expect(() => encodeBulkRequest(['tel:+123456'])).toThrow();
  expect(() => encodeBulkRequest(['tel:+1234567', 'tel:+1234568'], 1)).toThrow();
  expect(() => encodeBulkRequest([], 1001)).toThrow();
});
