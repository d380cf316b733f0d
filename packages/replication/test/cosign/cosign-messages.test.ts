import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CborValue } from '@callbook/protocol';
import { encodeCbor } from '@callbook/protocol';

import {
  encodeAgreed,
  encodeCompare,
  encodeComparison,
  encodeCosigned,
  encodeCosignRequest,
  parseComparison,
  parseCosigned,
  parseCosignRequest,
} from '../../src/cosign/cosign-messages.ts';

const hash = new Uint8Array(32).fill(7);

describe('messages of cosigning', () => {
  it('are read as they were written', () => {
    const request = { checkpoint: 'note', oldSize: 3, proof: [hash] };
    expect(parseCosignRequest(encodeCosignRequest(request))).toEqual({
      verdict: 'accept',
      value: { kind: 'cosign', ...request },
    });
    expect(parseCosignRequest(encodeAgreed('note'))).toEqual({
      verdict: 'accept',
      value: { kind: 'agreed', agreed: 'note' },
    });
    const sizes = new Map([['api.alpha.test/log', 4]]);
    expect(parseCosignRequest(encodeCompare(null, sizes))).toEqual({
      verdict: 'accept',
      value: { kind: 'compare', root: null, sizes },
    });
    for (const cosigned of [{ line: '— x y\n' }, { lastSize: 9 }]) {
      expect(parseCosigned(encodeCosigned(cosigned))).toEqual({
        verdict: 'accept',
        value: cosigned,
      });
    }
    const comparison = { root: 'root', agreed: ['note'] };
    expect(parseComparison(encodeComparison(comparison))).toEqual({
      verdict: 'accept',
      value: comparison,
    });
  });

  const long = 'x'.repeat(8193);
  it.each<[string, CborValue]>([
    ['not a map', [1]],
    ['another version', { v: 2, agreed: 'note' }],
    ['no field', { v: 1 }],
    ['a field too many', { v: 1, agreed: 'note', root: null }],
    ['an agreed checkpoint too long', { v: 1, agreed: long }],
    ['a checkpoint too long', { v: 1, checkpoint: long, oldSize: 0, proof: [] }],
    ['a negative size', { v: 1, checkpoint: '', oldSize: -1, proof: [] }],
    ['a proof of text', { v: 1, checkpoint: '', oldSize: 0, proof: ['x'] }],
    ['54 hashes', { v: 1, checkpoint: '', oldSize: 0, proof: Array<Uint8Array>(54).fill(hash) }],
    ['17 sizes', { v: 1, root: null, sizes: Array.from({ length: 17 }, () => ['x', 1]) }],
    ['a size of three', { v: 1, root: null, sizes: [['x', 1, 2]] }],
    ['a root that is a number', { v: 1, root: 1, sizes: [] }],
  ])('are refused: %s', (_name, value) => {
    expect(parseCosignRequest(encodeCbor(value))).toMatchObject({ code: 'request_malformed' });
  });

  it('end in a verdict whatever the bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const parse of [parseCosignRequest, parseCosigned, parseComparison]) {
          expect(['accept', 'ignore', 'reject']).toContain(parse(bytes).verdict);
        }
      }),
    );
  });
});
