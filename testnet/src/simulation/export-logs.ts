/**
 * Writes what a simulated member stores into a folder, as an auditor would have fetched it: charters,
 * and each log's newest signed checkpoint, cosigned where it is, with all tiles under it. Software that knows nothing of the
 * simulation can then read it.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { tilePath, tileWidthMax } from '@callbook/protocol';
import type { CharterSet, TileCoordinates } from '@callbook/protocol';
import type { Replica } from '@callbook/replication';
import { signedSize } from './stored-leaves.ts';

/** Writes `charters/<n>` and `logs/<origin>/…` below `folder`. */
export function exportLogs(folder: string, replica: Replica, charters: CharterSet): void {
  for (const { charter, note } of charters.all) {
    write(join(folder, 'charters', String(charter.version)), note);
  }
  for (const { origin } of replica.logSizes()) {
    const [newest, agreed] = [replica.checkpoint(origin), replica.agreedCheckpoint(origin)];
    if (newest === undefined) continue;
    const note = signedSize(agreed) === signedSize(newest) ? agreed! : newest;
    const log = join(folder, 'logs', encodeURIComponent(origin));
    write(join(log, 'checkpoint'), note);
    for (const tile of tilesOf(signedSize(note))) {
      const content = replica.tile({ origin, ...tile });
      if (content === undefined) throw new Error(`a tile of ${origin} is missing`);
      write(join(log, tilePath(tile)), content);
    }
  }
}

/** All tiles of a tree, and its entry bundles. */
export function* tilesOf(size: number): Generator<TileCoordinates> {
  for (const tile of row(size)) yield { level: 'entries', ...tile };
  for (let level = 0, count = size; count > 0; level++) {
    for (const tile of row(count)) yield { level, ...tile };
    count = Math.floor(count / tileWidthMax);
  }
}

function* row(count: number): Generator<{ readonly index: number; readonly width: number }> {
  for (let first = 0; first < count; first += tileWidthMax) {
    yield { index: first / tileWidthMax, width: Math.min(tileWidthMax, count - first) };
  }
}

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
