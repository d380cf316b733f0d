import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sipHash24 } from '../../src/cookie/sip-hash.ts';

const path = new URL('../../../../vectors/dns-cookies/siphash-2-4.json', import.meta.url);
const vectors = JSON.parse(readFileSync(path, 'utf8')) as { key: string; hashes: string[] };

describe('SipHash-2-4', () => {
  it.each(vectors.hashes.map((hash, size) => [size, hash] as const))(
    'of %i octets is that of the reference',
    (size, hash) => {
      const out = new Uint8Array(8);
      const octets = Uint8Array.from({ length: size }, (_, index) => index);
      sipHash24(Uint8Array.fromHex(vectors.key), octets, out);
      expect(out.toHex()).toBe(hash);
    },
  );

  it('wants a key of 16 octets', () => {
    const out = new Uint8Array(8);
    expect(() => sipHash24(new Uint8Array(15), out, out)).toThrow('16 octets');
  });
});
