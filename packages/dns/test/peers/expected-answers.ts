/**
 * Questions to the zones of `test-zones.ts` and what every validating resolver must say to them.
 */
import { ownerHash } from '@callbook/dns/wire';
import { directoryApex, enumName } from '../test-zones.ts';

/** Name of a number with every kind of record. */
export const published: string = enumName('4915123456789');
/** Where that number's certificate is. */
export const openpgpName: string = `${ownerHash('tel:+4915123456789')}._openpgpkey.${directoryApex}`;

/** Name, type and a part of the answer; the algorithm, where there is one, is 13. */
export const positives: readonly (readonly [name: string, type: string, text: string])[] = [
  [published, 'NAPTR', '"!^.*$!sip:alice@sip.example!"'],
  [published, 'TXT', '"v=callbook1"'],
  [`_sip-client.${published}`, 'TLSA', '3 1 1 '],
  [openpgpName, 'OPENPGPKEY', 'BwcHBw'],
  [directoryApex, 'TXT', 'charter='],
  [directoryApex, 'CDS', ' 13 2 '],
  [directoryApex, 'DS', ' 13 2 '],
  [`api.${directoryApex}`, 'A', '192.0.2.'],
  ['www.deep.test.', 'A', '192.0.2.80'],
];

/** What is denied, and the question. */
export const denials: readonly (readonly [what: string, name: string, type: string])[] = [
  ['a missing type', published, 'A'],
  ['an unregistered number', enumName('4915123456780'), 'NAPTR'],
  ['an empty prefix', enumName('491512345678'), 'NAPTR'],
  ['a prefix without numbers', enumName('8199'), 'NAPTR'],
  ['a number whose holder chose the API', enumName('34912345678'), 'NAPTR'],
  ['a name outside the directory', `www.${directoryApex}`, 'A'],
];
