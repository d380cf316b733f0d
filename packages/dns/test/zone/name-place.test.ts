/** Which part of a directory zone a name belongs to. */
import { describe, expect, it } from 'vitest';
import { placeName } from '../../src/zone/name-place.ts';
import { nameOf } from '../test-zones.ts';

const apex = nameOf('e164.example');
const hash = 'ab'.repeat(28);

describe('placeName', () => {
  it.each([
    ['', { kind: 'apex' }],
    ['4.', { kind: 'number', digits: '4', part: 'binding' }],
    ['3.2.1.', { kind: 'number', digits: '123', part: 'binding' }],
    ['_sip-client.3.2.1.', { kind: 'number', digits: '123', part: 'sipClient' }],
    ['_SIP-Client.3.2.1.', { kind: 'number', digits: '123', part: 'sipClient' }],
    [`${hash}._openpgpkey.`, { kind: 'hash', hash, scope: 'number', part: 'openpgpkey' }],
    [`${hash.toUpperCase()}._OPENPGPKEY.`, { kind: 'hash', hash, scope: 'number' }],
    [`${hash}.id.`, { kind: 'hash', hash, scope: 'address', part: 'binding' }],
    [`_sip-client.${hash}.id.`, { kind: 'hash', hash, scope: 'address', part: 'sipClient' }],
    [`${hash}._openpgpkey.id.`, { kind: 'hash', hash, scope: 'address', part: 'openpgpkey' }],
    ['id.', { kind: 'reserved' }],
    ['_openpgpkey.', { kind: 'reserved' }],
    ['_openpgpkey.id.', { kind: 'reserved' }],
    [`${hash.slice(2)}.id.`, { kind: 'reserved' }],
    [`x.${hash}.id.`, { kind: 'reserved' }],
    ['5.id.', { kind: 'reserved' }],
    ['_sip-client.', { kind: 'other' }],
    ['12.3.', { kind: 'other' }],
    ['a.3.2.', { kind: 'other' }],
    ['3.a.2.', { kind: 'other' }],
    ['x._sip-client.3.2.1.', { kind: 'other' }],
    ['id.3.', { kind: 'other' }],
    ['api.', { kind: 'other' }],
    [String.raw`1\001.`, { kind: 'other' }],
  ])('places %s', (relative, place) => {
    expect(placeName(nameOf(`${relative}e164.example`), apex)).toMatchObject(place);
  });
});
