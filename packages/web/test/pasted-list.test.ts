// What people paste: address books, spreadsheets, notes.
import { expect, it } from 'vitest';
import { readPastedList } from '../src/lookup/pasted-list.ts';

it.each([
  ['a number a line', '+4915123456789\n+34912345678', 'tel:+4915123456789 tel:+34912345678'],
  ['names before numbers', 'Alice  0151 2345 6789\nBob: 07', 'tel:+4915123456789'],
  ['columns', 'Alice;Main Street 12;+34 912 345 678;1990', 'tel:+34912345678'],
  [
    'tabs and line ends of Windows',
    'Alice\t+34912345678\r\nBob\t+447700900001\r\n',
    'tel:+34912345678 tel:+447700900001',
  ],
  ['the same twice', '+34 912 345 678\n0034912345678', 'tel:+34912345678'],
  [
    'addresses',
    'Alice <Alice@Mail.Example>, sip:bob@sip.example',
    'mailto:alice@mail.example sip:bob@sip.example',
  ],
  ['links of telephone numbers', 'tel:+34-912-345-678', 'tel:+34912345678'],
])('reads %s', (_what, text, expected) => {
  expect(readPastedList(text, 'DE').identifiers.join(' ')).toBe(expected);
});

it.each([
  ['nothing', '', 0],
  ['empty lines', '\n \n\t\n', 0],
  ['prose', 'Dear all,\nsee you on the 5th at 10:30!', 2],
  ['a page of HTML', '<html><body>Not found</body></html>', 1],
  ['octets of a picture', '\u0089PNG\u0000\u0001\u0002', 1],
])('finds no number in %s', (_what, text, skippedCount) => {
  expect(readPastedList(text, 'DE')).toEqual({ identifiers: [], skippedCount });
});

it('reads a very long text in bounds', () => {
  const { identifiers } = readPastedList('+34912345678\n'.repeat(1_000_000), 'DE');
  expect(identifiers).toEqual(['tel:+34912345678']);
});
