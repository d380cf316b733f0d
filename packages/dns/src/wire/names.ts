/**
 * Domain names as octet labels. A name is kept as its uncompressed wire form with the case it came
 * with; two names are equal when they are after lower-casing of ASCII letters (RFC 4343). Text forms
 * exist only at the edges: a label may hold any octet, a dot included, so nothing here splits or
 * joins strings to compare names.
 */
import { accept, reject } from '@callbook/protocol';
import type { Verdict } from '@callbook/protocol';
import { compareOctets } from './octets.ts';

/** RFC 1035 §2.3.4: labels 63 octets or less, names 255 octets or less. */
export const labelBytesMax = 63;
export const nameBytesMax = 255;

/** Each octet's lower-cased form: only A–Z change. */
export const lowerCaseOctets: Uint8Array = Uint8Array.from({ length: 256 }, (_, octet) =>
  octet >= 0x41 && octet <= 0x5a ? octet + 0x20 : octet,
);

/** A domain name; always absolute. */
export class DomainName {
  /** Uncompressed wire form with its case kept: length-prefixed labels and the root's zero. */
  readonly wire: Uint8Array;
  private lowerCasedKey: string | undefined;

  /** Takes a well-formed uncompressed wire form, which must not change afterwards. */
  constructor(wire: Uint8Array) {
    this.wire = wire;
    this.lowerCasedKey = undefined;
  }

  /** Labels from the leftmost to the one below the root. */
  get labels(): Uint8Array[] {
    const labels: Uint8Array[] = [];
    for (let at = 0; this.wire[at]! > 0; at += this.wire[at]! + 1)
      labels.push(this.wire.subarray(at + 1, at + 1 + this.wire[at]!));
    return labels;
  }

  /** Number of labels without the root, as in RRSIG. */
  get labelCount(): number {
    let count = 0;
    for (let at = 0; this.wire[at]! > 0; at += this.wire[at]! + 1) count += 1;
    return count;
  }

  /** String that two names share when they are equal; for maps, never for showing. */
  get lookupKey(): string {
    this.lowerCasedKey ??= lowerCasedText(this.wire);
    return this.lowerCasedKey;
  }
}

/** Filled anew for each call; one array for all spares an allocation for each question. */
const characterCodes: number[] = [];

/** Octets as characters of the same codes, ASCII letters lower-cased. */
export function lowerCasedText(octets: Uint8Array): string {
  characterCodes.length = octets.length;
  for (let index = 0; index < octets.length; index += 1)
    characterCodes[index] = lowerCaseOctets[octets[index]!]!;
  return String.fromCharCode.apply(null, characterCodes);
}

/** The name of the root zone. */
export const rootName: DomainName = new DomainName(Uint8Array.of(0));

/** Returns the name with ASCII letters lower-cased: itself, when it has no others. */
export function lowerCasedName(name: DomainName): DomainName {
  // Length octets are at most 63, so they are never taken for letters.
  const { wire } = name;
  for (let index = 0; index < wire.length; index += 1)
    if (lowerCaseOctets[wire[index]!] !== wire[index])
      return new DomainName(lowerCasedFrom(wire, index));
  return name;
}

function lowerCasedFrom(wire: Uint8Array, start: number): Uint8Array {
  const lowerCased = wire.slice();
  for (let index = start; index < wire.length; index += 1)
    lowerCased[index] = lowerCaseOctets[wire[index]!]!;
  return lowerCased;
}

/** Joins labels (leftmost first) before `parent`; undefined when a label or the name is too long. */
export function joinLabels(
  labels: readonly Uint8Array[],
  parent: DomainName = rootName,
): DomainName | undefined {
  const size = labels.reduce((sum, label) => sum + label.length + 1, parent.wire.length);
  if (size > nameBytesMax) return undefined;
  const wire = new Uint8Array(size);
  let at = 0;
  for (const label of labels) {
    if (label.length === 0 || label.length > labelBytesMax) return undefined;
    wire[at] = label.length;
    wire.set(label, at + 1);
    at += label.length + 1;
  }
  wire.set(parent.wire, at);
  return new DomainName(wire);
}

/** Returns the name without its leftmost label; the root has no parent. */
export function parentName(name: DomainName): DomainName | undefined {
  const first = name.wire[0]!;
  return first === 0 ? undefined : new DomainName(name.wire.subarray(first + 1));
}

/** Tells whether two names are equal, case aside. */
export function sameName(left: DomainName, right: DomainName): boolean {
  return left.wire.length === right.wire.length && isAtOrBelow(left, right);
}

/** Tells whether `name` is `ancestor` or lies below it. */
export function isAtOrBelow(name: DomainName, ancestor: DomainName): boolean {
  const wire = name.wire;
  const suffix = ancestor.wire;
  const start = wire.length - suffix.length;
  let at = 0;
  while (at < start) at += wire[at]! + 1;
  if (at !== start) return false;
  for (let index = 0; index < suffix.length; index += 1)
    if (lowerCaseOctets[wire[start + index]!] !== lowerCaseOctets[suffix[index]!]) return false;
  return true;
}

/** Orders names canonically (RFC 4034 §6.1): from the rightmost label, lower-cased, as octets. */
export function compareNames(left: DomainName, right: DomainName): number {
  const leftLabels = lowerCasedName(left).labels.reverse();
  const rightLabels = lowerCasedName(right).labels.reverse();
  for (let index = 0; index < Math.min(leftLabels.length, rightLabels.length); index += 1) {
    const order = compareOctets(leftLabels[index]!, rightLabels[index]!);
    if (order !== 0) return order;
  }
  return leftLabels.length - rightLabels.length;
}

/**
 * Parses the presentation form (RFC 1035 §5.1): printable ASCII, `\.` and `\DDD` escapes, the final
 * dot optional. `.` and the empty text are the root. Code: `dns_name_malformed`.
 */
export function parseName(text: string): Verdict<DomainName> {
  if (text === '' || text === '.') return accept(rootName);
  const labels: number[][] = [[]];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at] === '.') {
      if (at + 1 < text.length) labels.push([]);
      continue;
    }
    const octet = parseOctet(text, at);
    if (octet === undefined)
      return reject('dns_name_malformed', 'a name has a character that must be escaped');
    labels.at(-1)!.push(octet.value);
    at += octet.size - 1;
  }
  const name = joinLabels(labels.map((label) => Uint8Array.from(label)));
  if (name === undefined)
    return reject(
      'dns_name_malformed',
      'a name has an empty label, a label over 63 octets or over 255 octets in all',
    );
  return accept(name);
}

function parseOctet(text: string, at: number): { value: number; size: number } | undefined {
  const code = text.charCodeAt(at);
  if (code <= 0x20 || code > 0x7e) return undefined;
  if (text[at] !== '\\') return { value: code, size: 1 };
  const digits = /^\d{3}/.exec(text.slice(at + 1, at + 4))?.[0];
  if (digits !== undefined)
    return Number(digits) > 255 ? undefined : { value: Number(digits), size: 4 };
  const escaped = text.charCodeAt(at + 1);
  return escaped > 0x20 && escaped <= 0x7e ? { value: escaped, size: 2 } : undefined;
}

/** Returns the presentation form with its final dot; `parseName` gives the same name back. */
export function formatName({ wire }: DomainName): string {
  let text = '';
  for (let at = 0; wire[at]! > 0; at += wire[at]! + 1) {
    const end = at + 1 + wire[at]!;
    for (let index = at + 1; index < end; index += 1) text += octetTexts[wire[index]!]!;
    text += '.';
  }
  return text === '' ? '.' : text;
}

/** How each octet of a label is written. */
const octetTexts: readonly string[] = Array.from({ length: 256 }, (_, octet) => formatOctet(octet));

function formatOctet(octet: number): string {
  if (octet <= 0x20 || octet > 0x7e) return `\\${String(octet).padStart(3, '0')}`;
  const character = String.fromCharCode(octet);
  return '."$();@\\'.includes(character) ? `\\${character}` : character;
}
