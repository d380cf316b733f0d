/** What is sealed to a published key opens with its secret, for that identifier, and in no other way. */
import { describe, expect, it } from 'vitest';
import { deriveKeys, parseIdentifier, utf8, type Identifier } from '@callbook/protocol';
import { sealedBytesMax } from '../src/limits.ts';
import { publishedKeysOf } from '../src/own-keys.ts';
import { boxKeyOf, open, seal } from '../src/seal.ts';

const identifier = telephone('tel:+34912345678');
const keys = deriveKeys(new Uint8Array(32).fill(7), { labelEpoch: 0, identifier });
const boxKey = boxKeyOf(publishedKeysOf(keys))!;
const { box } = keys;
const otherBox = deriveKeys(new Uint8Array(32), { labelEpoch: 0, identifier }).box;
const plaintext = utf8('Meet me at the old place.');

function telephone(text: string): Identifier {
  const parsed = parseIdentifier(text);
  if (parsed.verdict !== 'accept') throw new Error(parsed.message);
  return parsed.value;
}

describe('what is sealed', () => {
  it('opens with the secret of the published key', async () => {
    const sealed = await seal({ identifier, boxKey }, plaintext);
    expect(sealed.length).toBe(plaintext.length + 49);
    expect(await open({ identifier, box }, sealed)).toStrictEqual(plaintext);
  });

  it('is another text each time', async () => {
    const [a, b] = await Promise.all([1, 2].map(() => seal({ identifier, boxKey }, plaintext)));
    expect(a).not.toStrictEqual(b);
  });

  it('may be nothing at all', async () => {
    const sealed = await seal({ identifier, boxKey }, new Uint8Array());
    expect(await open({ identifier, box }, sealed)).toStrictEqual(new Uint8Array());
  });

  it('does not open for another identifier or another key, nor with any octet changed', async () => {
    const sealed = await seal({ identifier, boxKey }, plaintext);
    const another = { identifier: telephone('tel:+34912345679'), box };
    await expect(open(another, sealed)).rejects.toMatchObject({ code: 'sealed_for_another' });
    const foreign = { identifier, box: otherBox };
    await expect(open(foreign, sealed)).rejects.toMatchObject({ code: 'sealed_for_another' });
    for (let at = 1; at < sealed.length; at += 1) {
      const changed = sealed.map((octet, index) => (index === at ? octet ^ 1 : octet));
      const opened = open({ identifier, box }, changed);
      // X25519 ignores the highest bit of a key, HPKE binds its octets all the same.
      await expect(opened, `octet ${at}`).rejects.toMatchObject({ code: 'sealed_for_another' });
    }
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['another version', new Uint8Array(60).fill(2)],
    ['too little for key and tag', Uint8Array.of(1, ...new Uint8Array(47))],
  ])('is not %s', async (_, sealed) => {
    const opened = open({ identifier, box }, sealed);
    await expect(opened).rejects.toMatchObject({ code: 'sealed_malformed' });
  });

  it('is at most 16 MiB', async () => {
    const largest = new Uint8Array(sealedBytesMax - 49);
    expect(await seal({ identifier, boxKey }, largest)).toHaveLength(sealedBytesMax);
    const larger = seal({ identifier, boxKey }, new Uint8Array(sealedBytesMax - 48));
    await expect(larger).rejects.toMatchObject({ code: 'sealed_too_large' });
  });

  it('needs a key that is a point of large order', async () => {
    for (const bad of [new Uint8Array(31), new Uint8Array(32)]) {
      const sealed = seal({ identifier, boxKey: bad }, plaintext);
      await expect(sealed).rejects.toMatchObject({ code: 'box_key_invalid' });
    }
  });
});
