/** A mirror that lies about a log, and has the tree to fit: only the signature of the log does not. */
import { emptyFrontier, extendFrontier, leafHash, parseEntryBundle } from '@callbook/protocol';

import { encodePosition, parsePosition } from '../../src/log/log-position.ts';
import { positionKey, tileKey } from '../../src/store/row-keys.ts';
import type { Store } from '../../src/store/store.ts';
import { crypto } from './federation.ts';

/** Changes a byte of the last leaf of a log of at most 255 as a store has it, and the tree over it. */
export async function changeLastLeaf(store: Store, origin: string): Promise<void> {
  const prefix = Buffer.from(`p${origin}\0`);
  const end = Buffer.concat([prefix, Buffer.alloc(7, 255)]);
  const [row] = await store.range({ gte: prefix, lt: end, reverse: true, countMax: 1 });
  const [rowKey, value] = row!;
  value[value.length - 1]! ^= 1;
  const bundle = parseEntryBundle(value);
  if (bundle.verdict !== 'accept') throw new Error(bundle.code);
  const tile = store.get(tileKey(origin, 0, 0))!.slice();
  tile.set(leafHash(bundle.value.at(-1)!, crypto), tile.length - 32);
  const hashes = Array.from({ length: tile.length / 32 }, (_, n) =>
    tile.slice(32 * n, 32 * n + 32),
  );
  const frontier = extendFrontier(emptyFrontier, hashes, crypto);
  const position = { ...parsePosition(store.get(positionKey(origin))!), frontier };
  const changes = [
    { rowKey, value },
    { rowKey: tileKey(origin, 0, 0), value: tile },
    { rowKey: positionKey(origin), value: encodePosition(position) },
  ];
  await store.batch(changes, { durable: true });
}
