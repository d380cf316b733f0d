/**
 * Vectors of the bulk look-up, written out by hand: slots as hexadecimal digits. `request` cases say what
 * each slot asks for, `answers` cases what each says.
 */
import { fixed32 } from './vector-case.ts';
import type { VectorCase } from './vector-case.ts';

const zeros = '0'.repeat(32);
const number = (digits: string): string => `01${digits.padEnd(16, 'f')}`.padEnd(32, '0');
const state = fixed32('entry in force').toHex().slice(0, 30);

/** Returns all cases of `vectors/bulk`. */
export function bulkCases(): VectorCase[] {
  return [...requestCases(), ...slotCases(), ...answerCases(), ...refusedCases()];
}

function requestCases(): VectorCase[] {
  const asked = ['tel:+34912345678', 'tel:+4915123456789', null, 'tel:+447700900001'];
  const known = [number('34912345678'), number('4915123456789'), zeros, number('447700900001')];
  const many = (count: number) => ({ request: zeros.repeat(count), asks: Array(count).fill(null) });
  return [
    accepted('request_of_16', 'the form inside OHTTP: empty slots up to 16', {
      request: known.join('') + zeros.repeat(12),
      asks: [...asked, ...Array<null>(12).fill(null)],
    }),
    accepted('request_of_1', 'one slot', { request: number('1234567'), asks: ['tel:+1234567'] }),
    accepted('request_of_999', 'at most 1000 slots', many(999)),
    accepted('request_of_1000', 'at most 1000 slots', many(1000)),
  ];
}

/** What one slot asks for: a number, nothing, or what is none, which spoils no other. */
function slotCases(): VectorCase[] {
  const texts: readonly (readonly [name: string, slot: string, asks: string | null])[] = [
    ['of_7_digits', number('1234567'), 'tel:+1234567'],
    ['of_8_digits', number('12345678'), 'tel:+12345678'],
    ['of_14_digits', number('12345678901234'), 'tel:+12345678901234'],
    ['of_15_digits', number('123456789012345'), 'tel:+123456789012345'],
    ['of_6_digits', number('123456'), 'malformed'],
    ['of_16_digits', number('1234567890123456'), 'malformed'],
    ['of_country_code_0', number('0912345678'), 'malformed'],
    ['with_digit_after_the_end', number('1234567f9'), 'malformed'],
    ['with_digit_ten', number('12345a78'), 'malformed'],
    ['with_filling_ten', number('12345678a'), 'malformed'],
    ['with_octet_behind', `${number('12345678').slice(0, 30)}01`, 'malformed'],
    ['of_kind_2', `02${number('12345678').slice(2)}`, 'malformed'],
    ['empty', zeros, null],
    ['empty_with_octet', `${zeros.slice(0, 30)}01`, 'malformed'],
  ];
  return texts.map(([name, slot, asks]) =>
    accepted(`slot_${name}`, 'digits are half octets, and what is left is f, then zeros', {
      request: slot + number('34912345678'),
      asks: [asks, 'tel:+34912345678'],
    }),
  );
}

function answerCases(): VectorCase[] {
  const absent = `01${'0'.repeat(30)}`;
  const answers = `${zeros}${absent}02${state}03${'0'.repeat(30)}`;
  const says = [
    { status: 'nothing' },
    { status: 'absent' },
    { status: 'published', state },
    { status: 'malformed' },
  ];
  const entryId = fixed32('entry in force').toHex();
  return [
    accepted('answers', 'status and the first 15 octets of an id', { answers, says, entryId }),
  ];
}

function refusedCases(): VectorCase[] {
  const one = number('34912345678');
  const answered = { asked: 1 };
  return [
    refused('request_empty', 'a request has a slot', { request: '' }),
    refused('request_of_1001', 'at most 1000 slots', { request: zeros.repeat(1001) }),
    refused('request_of_15_octets', 'whole slots', { request: one.slice(2) }),
    refused('request_of_17_octets', 'whole slots', { request: `${one}00` }),
    refused('answers_too_many', 'a slot for each', { ...answered, answers: zeros.repeat(2) }),
    refused('answers_too_few', 'a slot for each', { ...answered, answers: '' }),
    refused('answer_of_status_4', 'four statuses', { ...answered, answers: `04${zeros.slice(2)}` }),
    refused('answer_published_without_state', 'a state with published', {
      ...answered,
      answers: `02${zeros.slice(2)}`,
    }),
    refused('answer_absent_with_state', 'no state with the others', {
      ...answered,
      answers: `01${state}`,
    }),
  ];
}

function accepted(name: string, comment: string, values: VectorCase['values']): VectorCase {
  return { topic: 'bulk', name, comment, expect: 'accept', values };
}

function refused(name: string, comment: string, values: VectorCase['values']): VectorCase {
  return { topic: 'bulk', name, comment, expect: 'bulk_malformed', values };
}
