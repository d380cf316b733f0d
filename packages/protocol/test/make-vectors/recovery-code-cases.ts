/**
 * Vectors of recovery codes, made without the code under test: base32 by big integers, OpenSSL's HKDF
 * and curve.
 */
import { createHash, createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto';
import { fixed32, readable } from './vector-case.ts';
import type { Fields } from './signed-entry.ts';
import type { VectorCase } from './vector-case.ts';

const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const phone = 'tel:+4915123456789';
const secret = fixed32('recovery secret').subarray(0, 16);

/** Returns all cases of `vectors/recovery-codes`. */
export function recoveryCodeCases(): VectorCase[] {
  const code = codeOf(secret);
  const bare = code.replaceAll('-', '');
  return [
    readCase('as_printed', 'eight groups of four', { code }),
    readCase('lower_case', 'either case', { code: code.toLowerCase() }),
    readCase('without_hyphens', 'hyphens are for the eye', { code: bare }),
    readCase('with_spaces', 'spaces anywhere', { code: ` ${bare.match(/.{2}/g)!.join(' ')}\n` }),
    readCase('zeros', 'any 16 bytes are a secret; O is read as 0', {
      code: codeOf(new Uint8Array(16)).replaceAll('0', 'O'),
      secret: new Uint8Array(16),
    }),
    readCase('ones', 'I and L are read as 1', {
      code: codeOf(onesSecret()).replaceAll('1', 'l').replace('l', 'I'),
      secret: onesSecret(),
    }),
    readCase('another_number', 'an identifier has a key of its own', {
      code,
      identifier: 'tel:+34912345678',
    }),
    refused('one_character_wrong', 'one wrong character', { code: withOther(code, 0) }),
    refused('checksum_wrong', 'the checksum is wrong too', { code: withOther(code, 38) }),
    refused('two_swapped', 'two neighbours swapped', { code: swapped(code) }),
    refused('too_short', '31 characters', { code: code.slice(0, -1) }),
    refused('too_long', '33 characters', { code: `${code}0` }),
    refused('with_u', 'U is in no code', { code: `U${code.slice(1)}` }),
    refused('empty', 'nothing', { code: '' }),
  ];
}

function codeOf(of: Uint8Array): string {
  const domain = Buffer.from('callbook/1 recovery code\n');
  const checksum = createHash('sha256').update(domain).update(of).digest().subarray(0, 4);
  let number = BigInt(`0x${of.toHex()}${checksum.toString('hex')}`);
  let text = '';
  for (let place = 0; place < 32; place += 1, number >>= 5n) {
    text = alphabet[Number(number & 31n)]! + text;
  }
  return text.match(/.{4}/g)!.join('-');
}

/** 00001 again and again. */
function onesSecret(): Uint8Array {
  return Uint8Array.fromHex('08421084210842108421084210842108');
}

function withOther(code: string, place: number): string {
  const value = alphabet.indexOf(code[place]!);
  return code.slice(0, place) + alphabet[(value + 1) % 32]! + code.slice(place + 1);
}

function swapped(code: string): string {
  const place = Array.from(code).findIndex(
    (character, at) => /\w/.test(code[at + 1] ?? '-') && character !== code[at + 1],
  );
  return code.slice(0, place) + code[place + 1]! + code[place]! + code.slice(place + 2);
}

function readCase(
  name: string,
  comment: string,
  of: { code: string; secret?: Uint8Array; identifier?: string },
): VectorCase {
  const { code, secret: read = secret, identifier = phone } = of;
  const info = `callbook/1 recovery ${identifier}`;
  const secretKey = new Uint8Array(hkdfSync('sha256', read, '', info, 32));
  const prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
  const der = Buffer.concat([prefix, secretKey]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  const publicKey = new Uint8Array(spki.subarray(-32));
  const recovery = new Uint8Array(createHash('sha256').update(publicKey).digest());
  const values = { code, secret: read, identifier, secretKey, publicKey, recovery };
  const fields = readable(values) as Fields;
  return { topic: 'recovery-codes', name, comment, expect: 'accept', values: fields };
}

function refused(name: string, comment: string, values: { code: string }): VectorCase {
  return { topic: 'recovery-codes', name, comment, expect: 'recovery_code_malformed', values };
}
