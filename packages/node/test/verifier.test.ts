/** Verdicts of the verifier's threads are those of the own thread, and its failures cost time alone. */
import { encodeLeaf, signEntry } from '@callbook/protocol';
import type { EntryDraft } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { LeafVerdicts } from '@callbook/replication';
import { leafVerifies } from '@callbook/replication/leaf-verifier';
import { afterEach, describe, expect, it } from 'vitest';
import { startVerifier } from '../src/verifier.ts';
import type { ThreadVerifier, VerifierOptions } from '../src/verifier.ts';

const started: ThreadVerifier[] = [];
afterEach(async () => {
  for (const verifier of started.splice(0)) await verifier[Symbol.asyncDispose]();
});

function start(options: VerifierOptions = {}): ThreadVerifier {
  const verifier = startVerifier({ threads: 2, ...options })!;
  started.push(verifier);
  return verifier;
}

/** Has every leaf looked at by the verifier alone. */
async function verified(
  verifier: ThreadVerifier,
  leaves: readonly Uint8Array[],
): Promise<boolean[]> {
  const verdicts = new LeafVerdicts(leaves.length);
  await verifier.verify(leaves, verdicts);
  return leaves.map((_, place) => verdicts.isGood(place));
}

const hash = crypto.sha256(new Uint8Array(0));
const [signer, other] = [1, 2].map((byte) => crypto.ed25519Signer(new Uint8Array(32).fill(byte)));

async function leafOf(part: Partial<EntryDraft> = {}): Promise<Uint8Array> {
  const draft: EntryDraft = {
    v: 1,
    kind: 'update',
    labelEpoch: 1,
    label: hash,
    epoch: 0,
    seq: 1,
    prev: hash,
    authority: signer!.publicKey,
    commitment: hash,
    recovery: null,
    lock: false,
    email: null,
    ...part,
  };
  const entry = await signEntry(draft, {
    authority: draft.kind === 'rotate' ? other! : signer!,
    ...(draft.kind === 'rotate' && { newAuthority: signer! }),
  });
  return encodeLeaf({ v: 1, at: 1_767_225_600_000, charter: hash, role: 'received', entry });
}

/** Leaves of several kinds, and each of them once more for every 37th byte, with that byte changed. */
async function goodAndBad(): Promise<Uint8Array[]> {
  const good = [
    await leafOf(),
    await leafOf({ seq: 2 }),
    await leafOf({ kind: 'register', prev: null, seq: 0 }),
    await leafOf({ kind: 'rotate', seq: 0 }),
  ];
  const changed = good.flatMap((leaf) =>
    Array.from({ length: Math.ceil(leaf.length / 37) }, (_, place) => {
      const bytes = leaf.slice();
      bytes[place * 37]! ^= 1;
      return bytes;
    }),
  );
  const withoutEntry = encodeLeaf({ v: 1, at: 0, charter: hash, role: 'charter' });
  return [...good, ...changed, withoutEntry, new Uint8Array(0), good[0]!.subarray(1)];
}

describe('the verifier', () => {
  it('finds what the own thread finds', async () => {
    const leaves = await goodAndBad();
    const expected = leaves.map((leaf) => leafVerifies(leaf, crypto));
    expect(new Set(expected)).toEqual(new Set([true, false]));
    const verifier = start();
    const orders = [leaves, leaves.toReversed()];
    const answers = await Promise.all(orders.map((order) => verified(verifier, order)));
    expect(answers).toEqual([expected, expected.toReversed()]);
  });

  it('leaves a leaf alone that another thread has taken, and all after it', async () => {
    const leaf = await leafOf();
    const verdicts = new LeafVerdicts(4);
    verdicts.take(2);
    await start().verify([leaf, leaf, leaf, leaf], verdicts);
    const found = [0, 1, 2, 3].map((place) => verdicts.isGood(place));
    expect(found).toEqual([true, true, false, false]);
    expect(verdicts.take(3)).toBe(true);
  });

  it('refuses, and goes on refusing for a while, when its threads end', async () => {
    const workerUrl = new URL('ending-verifier-worker.ts', import.meta.url);
    const verifier = start({ workerUrl, threads: 1 });
    const leaf = await leafOf();
    const both = await Promise.allSettled([verified(verifier, [leaf]), verified(verifier, [leaf])]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    await expect(verified(verifier, [leaf])).rejects.toThrow('not running');
  });

  it('takes in no more than it may keep', async () => {
    const verifier = start({ threads: 1 });
    const leaf = await leafOf();
    const many = Array.from({ length: 1024 }, () => leaf);
    const found = await Promise.allSettled(
      Array.from({ length: 8 }, () => verified(verifier, many)),
    );
    expect(found.filter(({ status }) => status === 'fulfilled').length).toBeGreaterThan(2);
    expect(found.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
  });

  it('is not there on one core, and ends what it has begun when it is stopped', async () => {
    expect(startVerifier({ threads: 0 })).toBeUndefined();
    const verifier = start();
    const leaf = await leafOf();
    const many = Array.from({ length: 1000 }, () => leaf);
    const found = verified(verifier, many);
    await Promise.all([expect(found).rejects.toThrow('ended'), verifier[Symbol.asyncDispose]()]);
    await expect(verified(verifier, [leaf])).rejects.toThrow('not running');
  });
});
