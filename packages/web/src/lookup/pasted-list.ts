/**
 * Numbers out of whatever was pasted: lines of an address book, columns of a spreadsheet, addresses of mail
 * or SIP among names. Each line gives the identifiers that it has; a line without any is counted.
 */
import { parseIdentifier, type Identifier } from '@callbook/protocol';
import { readTypedNumber } from '../numbers/typed-number.ts';

/** Numbers that one list may have: fewer than a member looks up for one network at once. */
export const listedMax = 1000;
/** Characters that are read of what was pasted. */
const listCharactersMax = 200_000;

export interface PastedList {
  /** Each once, in the order of the list. */
  readonly identifiers: readonly Identifier[];
  /** Lines with text in which nothing could be read. */
  readonly skippedCount: number;
}

/** Reads a pasted text; numbers without country code are of `country`. */
export function readPastedList(text: string, country: string): PastedList {
  const found = new Set<Identifier>();
  let skippedCount = 0;
  for (const line of text.slice(0, listCharactersMax).split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const here = line.split(/[;,\t|"<>]/).flatMap((cell) => readCell(cell.trim(), country));
    for (const identifier of here) found.add(identifier);
    if (here.length === 0) skippedCount += 1;
  }
  return { identifiers: [...found], skippedCount };
}

/** A digit or two in a cell are a house or a line, no number. */
const digitsMin = 6;

function readCell(cell: string, country: string): Identifier[] {
  if (cell.includes('@')) {
    const uri = /^(?:mailto|sip):/i.test(cell) ? cell : `mailto:${cell}`;
    const parsed = parseIdentifier(uri.toLowerCase());
    return parsed.verdict === 'accept' ? [parsed.value] : [];
  }
  // "Alice 0151 2345678": the name before the number is left out.
  const number = /[+(]?\d[^\p{L}]*$/u.exec(cell.replace(/^tel:/i, ''))?.[0] ?? '';
  if (number.replaceAll(/\D/g, '').length < digitsMin) return [];
  const read = readTypedNumber(number, country);
  return read.state === 'good' ? [read.identifier] : [];
}
