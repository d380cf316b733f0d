/** What private look-ups cost, and whether they tell: an address book, hit against miss, plain bulk, tokens. */
import type { Measurement } from './measurement.ts';
import { benchBook } from './private-book.ts';
import { benchBulk } from './private-bulk.ts';
import { withPrivateFederation } from './private-federation.ts';
import { benchHits } from './private-hits.ts';
import { benchOblivious } from './private-oblivious.ts';
import { benchTokens } from './private-tokens.ts';

/** Measures all of it, one part after the other. */
export async function benchPrivate(say: (line: string) => void): Promise<Measurement[]> {
  const atMembers = await withPrivateFederation(say, async (testnet) => [
    ...(await benchBook(testnet, say)),
    ...(await benchOblivious(testnet, say)),
    ...(await benchHits(testnet, say)),
  ]);
  return [...atMembers, ...(await benchBulk(say)), ...(await benchTokens(say))];
}
