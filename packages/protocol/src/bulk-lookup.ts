/**
 * The binary bulk look-up: 16 octets for each telephone number asked, 16 for each answer, the same for a
 * number that somebody has as for one that nobody has. Numbers are read as bytes and stay bytes: a string
 * stays in the heap until the collector comes by, and a body that is filled with zeros does not.
 *
 * An answer says which entry is in force, by its first 15 octets; routes, keys and the proof of it are
 * asked for afterwards. Other identifiers than telephone numbers have no slot.
 */
import { assert } from './assert.ts';
import { lookupIdentifiersMax } from './limits.ts';
import { accept, reject } from './verdict.ts';
import type { Verdict } from './verdict.ts';

/** Octets of a slot, asked and answered. */
export const bulkSlotBytes = 16;
/** Slots of every request inside OHTTP, asked and answered. */
export const obliviousBulkSlots = 16;
/** Octets of an entry id that an answer carries. */
const bulkStateBytes = 15;

/** Media type of question and answer. */
export const bulkMediaType = 'application/callbook-bulk';

const emptyKind = 0;
const telephoneKind = 1;
const digitsAt = 1;
const digitsMin = 7;
const digitsMax = 15;
/** Half an octet where no digit is left. */
const noDigit = 0xf;

/** What one slot asks for. `digits` are its ASCII codes, without the plus; it is undefined in the others. */
export interface BulkSlot {
  readonly asks: 'nothing' | 'number' | 'malformed';
  readonly digits?: Uint8Array;
}

const statuses = ['nothing', 'absent', 'published', 'malformed'] as const;

/** What a member says to a slot; `state` is the first 15 octets of the id of the entry in force. */
export interface BulkAnswer {
  readonly status: (typeof statuses)[number];
  readonly state?: Uint8Array;
}

/**
 * Encodes telephone numbers, each `tel:+` and 7 to 15 digits, and fills up to `slots` with empty ones. Whoever
 * asks keeps the body to itself, and fills it with zeros when it is sent.
 */
export function encodeBulkRequest(
  numbers: readonly `tel:${string}`[],
  slots: number = numbers.length,
): Uint8Array {
  assert(
    numbers.length <= slots && slots <= lookupIdentifiersMax,
    'a bulk request has a slot for each',
  );
  const body = new Uint8Array(slots * bulkSlotBytes);
  for (const [place, number] of numbers.entries()) {
    writeNumber(body.subarray(place * bulkSlotBytes, (place + 1) * bulkSlotBytes), number);
  }
  return body;
}

function writeNumber(slot: Uint8Array, number: string): void {
  const first = 'tel:+'.length;
  const count = number.length - first;
  assert(number.startsWith('tel:+') && isCount(count), 'a slot takes a telephone number');
  slot[0] = telephoneKind;
  for (let index = 0; index <= digitsMax; index += 1) {
    const digit = index < count ? number.charCodeAt(first + index) - 0x30 : noDigit;
    slot[digitsAt + (index >> 1)]! |= index % 2 === 0 ? digit << 4 : digit;
  }
}

/**
 * Parses a request of 1 to 1 000 slots. A slot of another kind, or with digits that are none, spoils no other.
 * Code `bulk_malformed`. Zeros in `body` afterwards leave nothing but the digits of the slots.
 */
export function parseBulkRequest(body: Uint8Array): Verdict<BulkSlot[]> {
  const slots = body.length / bulkSlotBytes;
  if (!Number.isInteger(slots) || slots < 1 || slots > lookupIdentifiersMax) {
    return reject(
      'bulk_malformed',
      `${body.length} octets are not 1 to ${lookupIdentifiersMax} times ${bulkSlotBytes}`,
    );
  }
  const asked: BulkSlot[] = [];
  for (let at = 0; at < body.length; at += bulkSlotBytes) asked.push(parseSlot(body, at));
  return accept(asked);
}

const nothing: BulkSlot = { asks: 'nothing' };
const malformed: BulkSlot = { asks: 'malformed' };

function parseSlot(body: Uint8Array, at: number): BulkSlot {
  if (body[at] === emptyKind) return isZero(body, at + 1, at + bulkSlotBytes) ? nothing : malformed;
  if (body[at] !== telephoneKind) return malformed;
  const count = digitCount(body, at + digitsAt);
  const end = at + digitsAt + (digitsMax + 1) / 2;
  if (!isCount(count) || !isZero(body, end, at + bulkSlotBytes)) return malformed;
  const digits = new Uint8Array(count);
  for (let index = 0; index < count; index += 1) {
    digits[index] = 0x30 + halfOctet(body, at + digitsAt, index);
  }
  // E.164: a country code never begins with 0.
  return digits[0] === 0x30 ? malformed : { asks: 'number', digits };
}

/** Digits before the first half octet that is none; 0 where one comes after that, or is neither. */
function digitCount(body: Uint8Array, from: number): number {
  let count = 0;
  while (count <= digitsMax && halfOctet(body, from, count) <= 9) count += 1;
  for (let index = count; index <= digitsMax; index += 1) {
    if (halfOctet(body, from, index) !== noDigit) return 0;
  }
  return count;
}

function halfOctet(body: Uint8Array, from: number, index: number): number {
  const octet = body[from + (index >> 1)]!;
  return index % 2 === 0 ? octet >> 4 : octet & 0xf;
}

function isCount(count: number): boolean {
  return count >= digitsMin && count <= digitsMax;
}

function isZero(body: Uint8Array, from: number, end: number): boolean {
  for (let at = from; at < end; at += 1) if (body[at] !== 0) return false;
  return true;
}

/** Encodes the answers of a request's slots, in their order. */
export function encodeBulkAnswers(answers: readonly BulkAnswer[]): Uint8Array {
  const body = new Uint8Array(answers.length * bulkSlotBytes);
  for (const [place, { status, state }] of answers.entries()) {
    body[place * bulkSlotBytes] = statuses.indexOf(status);
    if (state !== undefined) body.set(bulkState(state), place * bulkSlotBytes + 1);
  }
  return body;
}

/** Parses what a member says to `slots` slots. Code `bulk_malformed`. */
export function parseBulkAnswers(body: Uint8Array, slots: number): Verdict<BulkAnswer[]> {
  if (body.length !== slots * bulkSlotBytes) {
    return reject('bulk_malformed', `${body.length} octets answer ${slots} slots`);
  }
  const answers: BulkAnswer[] = [];
  for (let at = 0; at < body.length; at += bulkSlotBytes) {
    const status = statuses[body[at]!];
    const isPublished = status === 'published';
    const states = body.slice(at + 1, at + bulkSlotBytes);
    if (status === undefined || isPublished === isZero(states, 0, bulkStateBytes)) {
      return reject('bulk_malformed', 'an answer is not a status and a state that go together');
    }
    answers.push(isPublished ? { status, state: states } : { status });
  }
  return accept(answers);
}

/** Returns what an answer carries of the id of the entry in force: its first 15 octets. */
export function bulkState(entryId: Uint8Array): Uint8Array {
  return entryId.subarray(0, bulkStateBytes);
}
