/** Whatever happens to the octets on their way: a secure verdict is only ever given to what was signed. */
import { recordTypes } from '@callbook/dns/wire';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { enumName } from '../../../dns/test/test-zones.ts';
import { TestChain } from './test-chain.ts';

const published = enumName('4915123456789');
const absent = enumName('4915199999999');

interface Damage {
  /** Which of the answers. */
  readonly answer: number;
  readonly at: number;
  readonly kind: 'flip' | 'zero' | 'cut' | 'insert';
  readonly bit: number;
}

const damage: fc.Arbitrary<Damage> = fc.record({
  answer: fc.nat(9),
  at: fc.nat(2000),
  kind: fc.constantFrom('flip', 'zero', 'cut', 'insert'),
  bit: fc.nat(7),
});

function damaged(octets: Uint8Array, how: Damage): Uint8Array {
  const at = how.at % octets.length;
  if (how.kind === 'cut') return octets.slice(0, at);
  if (how.kind === 'insert')
    return Uint8Array.of(...octets.subarray(0, at), how.bit, ...octets.subarray(at));
  const copy = octets.slice();
  copy[at] = how.kind === 'zero' ? 0 : copy[at]! ^ (1 << how.bit);
  return copy;
}

it('lets no damaged answer say anything else', async () => {
  const chain = new TestChain();
  const sound = await chain.validator().validate(published, recordTypes.NAPTR);
  const expected = sound.rdatas.map((rdata) => rdata.toHex());
  let secureCount = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(damage, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      async (all, isThere) => {
        let count = -1;
        const transport = {
          exchange: async (query: Uint8Array): Promise<Uint8Array> => {
            count += 1;
            const mine = all.filter(({ answer }) => answer === count);
            return mine.reduce(damaged, await chain.exchange(query));
          },
        };
        const name = isThere ? published : absent;
        const found = await chain.validator({ transport }).validate(name, recordTypes.NAPTR);
        if (found.verdict === 'secure') {
          secureCount += 1;
          expect(found.rdatas.map((rdata) => rdata.toHex())).toEqual(isThere ? expected : []);
          expect(found.state).toBe(isThere ? 'records' : 'no_data');
        }
        expect(found.verdict).not.toBe('insecure');
      },
    ),
    { numRuns: 300 },
  );
  // Damage to what nobody needs (a TTL, an unused answer) leaves some of them whole.
  expect(secureCount).toBeGreaterThan(0);
}, 60_000);
