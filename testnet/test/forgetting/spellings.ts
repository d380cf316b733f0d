/**
 * Every way in which a telephone number can stand in a file or in memory, and a search for all of them
 * at once. What a client sent and what it was answered with are given in addition, where the member
 * knows them only because it was asked: a label, a proof.
 */
import { createHash, randomInt } from 'node:crypto';

/** `+999` belongs to no country; ten digits by chance are in no file and no memory before the test. */
export function freshNumber(): string {
  return `+999${String(randomInt(1_000_000_000, 9_999_999_999))}`;
}

/** Name of a spelling → the octets to look for. */
export type Spellings = ReadonlyMap<string, Buffer>;

/** Returns the spellings of a number, and of octets that only a look-up of it can have brought. */
export function spellingsOf(number: string, traces: Readonly<Record<string, Uint8Array>> = {}) {
  const digits = number.slice(1);
  const reversed = Array.from(digits).reverse();
  const texts: Record<string, string> = {
    digits,
    'digits reversed': reversed.join(''),
    'digits reversed, with dots': reversed.join('.'),
    'digits reversed, as labels': reversed.map((digit) => `\u0001${digit}`).join(''),
    'digits in hexadecimal': Buffer.from(digits).toString('hex'),
    'labels in hexadecimal': reversed
      .map((digit) => `01${digit.charCodeAt(0).toString(16)}`)
      .join(''),
    'digits as octets in decimal': Array.from(digits, (digit) => digit.charCodeAt(0)).join(','),
  };
  const spellings = new Map<string, Buffer>();
  for (const [name, text] of Object.entries(texts)) {
    spellings.set(name, Buffer.from(text, 'latin1'));
    spellings.set(`${name}, UTF-16`, Buffer.from(text, 'utf16le'));
  }
  for (const [name, octets] of [...binaryForms(digits), ...hashesOf(number)]) {
    spellings.set(name, octets);
  }
  for (const [name, octets] of Object.entries(traces)) addTrace(spellings, name, octets);
  return spellings as Spellings;
}

/** Base64 stands at three offsets; its inner characters are the same whatever stands around it. */
function* binaryForms(digits: string): Generator<[string, Buffer]> {
  for (let offset = 0; offset < 3; offset += 1) {
    const padded = Buffer.from(' '.repeat(offset) + digits).toString('base64url');
    const inner = padded.slice(
      Math.ceil((offset * 4) / 3),
      Math.floor(((offset + digits.length) * 4) / 3),
    );
    yield [`digits in base64, offset ${offset}`, Buffer.from(inner)];
  }
  const even = digits.length % 2 === 0 ? digits : `${digits}f`;
  const swapped = even.replace(/(.)(.)/g, '$2$1');
  yield ['BCD', Buffer.from(even.slice(0, digits.length & ~1), 'hex')];
  yield [
    'BCD after a half octet',
    Buffer.from(digits.slice(1, 1 + ((digits.length - 1) & ~1)), 'hex'),
  ];
  yield ['BCD with halves exchanged', Buffer.from(swapped.slice(0, digits.length & ~1), 'hex')];
  const number = Buffer.alloc(8);
  number.writeBigUInt64BE(BigInt(digits));
  yield ['integer, big-endian', Buffer.from(number.subarray(2))];
  number.writeBigUInt64LE(BigInt(digits));
  yield ['integer, little-endian', Buffer.from(number.subarray(0, 6))];
  number.writeDoubleLE(Number(digits));
  yield ['double', Buffer.from(number)];
}

/** Also truncated: what is kept of a hash are its first octets, here at least eight. */
function* hashesOf(number: string): Generator<[string, Buffer]> {
  const forms = [number.slice(1), number, `tel:${number}`];
  for (const form of forms) {
    const hash = createHash('sha256').update(form).digest();
    yield [`SHA-256 of ${form.length} characters`, hash.subarray(0, 8)];
    yield [
      `SHA-256 of ${form.length} characters in hexadecimal`,
      Buffer.from(hash.toString('hex').slice(0, 24)),
    ];
  }
}

function addTrace(spellings: Map<string, Buffer>, name: string, octets: Uint8Array): void {
  const first = Buffer.from(octets.subarray(0, 24));
  spellings.set(name, first);
  spellings.set(`${name} in base64url`, Buffer.from(first.toString('base64url')));
  spellings.set(`${name} in hexadecimal`, Buffer.from(first.toString('hex')));
}

/** Names of the spellings that are in the octets, and how often: `digits ×2`. */
export class Findings {
  readonly #counts = new Map<string, number>();
  readonly #spellings: Spellings;

  constructor(spellings: Spellings) {
    this.#spellings = spellings;
  }

  /** Octets to keep of one chunk before the next, so that nothing is cut in two. */
  get overlap(): number {
    return Math.max(...Array.from(this.#spellings.values(), ({ length }) => length)) - 1;
  }

  /** Looks through octets; `onFound` is told the place of each hit. */
  search(octets: Buffer, onFound?: (name: string, at: number) => void): void {
    for (const [name, spelling] of this.#spellings) {
      for (let at = octets.indexOf(spelling); at >= 0; at = octets.indexOf(spelling, at + 1)) {
        this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
        onFound?.(name, at);
      }
    }
  }

  get list(): readonly string[] {
    return Array.from(this.#counts, ([name, count]) => `${name} ×${count}`);
  }
}

/** Returns the names of the spellings that are in the octets. */
export function foundIn(octets: Buffer, spellings: Spellings): readonly string[] {
  const findings = new Findings(spellings);
  findings.search(octets);
  return findings.list;
}
