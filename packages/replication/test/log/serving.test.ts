/** Tiles, bundles and proofs of a stored log, own and mirrored, across bundles and a restart. */
import type { Receipt } from '@callbook/protocol';
import {
  leafHash,
  parseEntryBundle,
  parseVerifierKey,
  tiledHashReader,
  verifyCheckpoint,
  verifyReceipt,
  inclusionProof,
} from '@callbook/protocol';
import { afterAll, beforeAll, expect, it } from 'vitest';

import type { Replica } from '../../src/replica.ts';
import { memoryStore } from '../../src/store/memory-store.ts';
import { crypto, foundFederation, openReplica } from '../support/federation.ts';
import { Holder, submissionOf } from '../support/holder.ts';

const stores = { alpha: memoryStore(), beta: memoryStore() };
let alpha: Replica;
let beta: Replica;
let receipts: Receipt[];
const leavesCount = 601;
const origin = 'api.alpha.test/log';

beforeAll(async () => {
  const federation = await foundFederation();
  alpha = await openReplica(federation, 'alpha', { store: stores.alpha });
  const made = await Promise.all(
    Array.from({ length: leavesCount - 1 }, (_, i) =>
      new Holder(`tel:+3491234${1000 + i}`).register(),
    ),
  );
  receipts = await Promise.all(
    made.map(async (entry) => {
      const verdict = await alpha.log(submissionOf(entry, 'challenged'));
      if (verdict.verdict !== 'accept') throw new Error(verdict.code);
      return verdict.value;
    }),
  );
  await alpha[Symbol.asyncDispose]();
  alpha = await openReplica(federation, 'alpha', { store: stores.alpha });
  beta = await openReplica(federation, 'beta', { store: stores.beta });
  for (;;) {
    const page = await alpha.page(origin, beta.expectedSize(origin));
    if (page === undefined || page.leaves.length === 0) break;
    await beta.ingest(page);
  }
});
afterAll(async () => {
  await alpha[Symbol.asyncDispose]();
  await beta[Symbol.asyncDispose]();
});

const leavesIn = (replica: Replica, index: number, width: number) => {
  const bundle = replica.tile({ origin, level: 'entries', index, width });
  const parsed = bundle === undefined ? undefined : parseEntryBundle(bundle);
  return parsed?.verdict === 'accept' ? parsed.value : undefined;
};

it('gives the same log at its writer and at a mirror', () => {
  expect(beta.checkpoint(origin)).toBe(alpha.checkpoint(origin));
  for (const level of ['entries', 0] as const) {
    for (const [index, width] of [
      [0, 256],
      [1, 256],
      [2, 89],
    ] as const) {
      const tile = alpha.tile({ origin, level, index, width });
      expect(tile).toBeDefined();
      expect(Buffer.compare(tile!, beta.tile({ origin, level, index, width })!)).toBe(0);
    }
  }
  expect(alpha.tile({ origin, level: 1, index: 0, width: 2 })).toHaveLength(64);
});

it('serves partial tiles of every width that is stored, and no wider', () => {
  for (const width of [1, 88, 89]) {
    expect(alpha.tile({ origin, level: 0, index: 2, width })).toHaveLength(32 * width);
    expect(leavesIn(beta, 2, width)).toHaveLength(width);
  }
  expect(leavesIn(alpha, 0, 3)).toEqual(leavesIn(alpha, 0, 256)!.slice(0, 3));
  for (const level of [0, 'entries'] as const) {
    expect(alpha.tile({ origin, level, index: 2, width: 90 })).toBeUndefined();
    expect(alpha.tile({ origin, level, index: 3, width: 1 })).toBeUndefined();
  }
  expect(
    alpha.tile({ origin: 'api.nobody.test/log', level: 0, index: 0, width: 1 }),
  ).toBeUndefined();
});

it('gave receipts that verify and stand at their index', async () => {
  const federation = await foundFederation();
  const key = parseVerifierKey(federation.charter.members[0]!.logKey);
  if (key.verdict !== 'accept') throw new Error(key.code);
  for (const receipt of receipts) {
    expect(verifyReceipt(receipt, key.value, crypto).verdict).toBe('accept');
  }
  expect(new Set(receipts.map(({ index }) => index)).size).toBe(leavesCount - 1);
});

it('has tiles from which anybody makes the proofs that it makes', async () => {
  const federation = await foundFederation();
  const key = parseVerifierKey(federation.charter.members[0]!.logKey);
  if (key.verdict !== 'accept') throw new Error(key.code);
  const checkpoint = verifyCheckpoint(alpha.checkpoint(origin)!, key.value, crypto);
  if (checkpoint.verdict !== 'accept') throw new Error(checkpoint.code);
  const { size } = checkpoint.value;
  expect(size).toBe(leavesCount);
  const read = tiledHashReader(
    {
      size,
      tile: ({ level, index, width }) => {
        const tile = beta.tile({ origin, level, index, width })!;
        return Array.from({ length: width }, (_, i) => tile.slice(i * 32, i * 32 + 32));
      },
    },
    crypto,
  );
  for (const index of [0, 255, 256, 300, 600]) {
    const leaf = leavesIn(alpha, Math.floor(index / 256), (index % 256) + 1)!.at(-1)!;
    const proof = inclusionProof({ index, treeSize: size }, read, crypto);
    const receipt = { origin, index, leaf, checkpoint: alpha.checkpoint(origin)!, proof };
    expect(verifyReceipt(receipt, key.value, crypto).verdict).toBe('accept');
    expect(leafHash(leaf, crypto)).toHaveLength(32);
  }
});
