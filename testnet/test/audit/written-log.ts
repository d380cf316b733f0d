/** A log written into a folder by whoever has its key: any leaves, under checkpoints that verify. */
import { rmSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  cosignCheckpoint,
  emptyFrontier,
  encodeEntryBundle,
  frontierRoot,
  growFrontier,
  leafHash,
  noteSigner,
  signCheckpoint,
  tilePath,
  tileWidthMax,
} from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { tilesOf } from '../../src/simulation/export-logs.ts';
import type { SimulatedSecrets } from '../../src/simulation/simulated-federation.ts';

type LogKey = Pick<SimulatedSecrets, 'origin' | 'logSecretKey'>;

export interface WrittenLog {
  readonly leaves: readonly Uint8Array[];
  readonly by: LogKey;
  /** Who cosigns the checkpoint, and when; seconds since 1970. */
  readonly cosigned?: { readonly by: readonly LogKey[]; readonly atSeconds: number };
}

/** Writes a log in the place of the one that is there. */
export function writeLog(folder: string, { leaves, by, cosigned }: WrittenLog): void {
  const log = join(folder, 'logs', encodeURIComponent(by.origin));
  rmSync(log, { recursive: true, force: true });
  const hashes = new Map<string, Uint8Array>();
  let frontier = emptyFrontier;
  for (const leaf of leaves) {
    const grown = growFrontier(frontier, [leafHash(leaf, crypto)], crypto);
    for (const { level, index, hash } of grown.stored) hashes.set(`${level} ${index}`, hash);
    frontier = grown.frontier;
  }
  const root = frontierRoot(frontier, crypto);
  const signer = noteSigner(
    { name: by.origin, signer: crypto.ed25519Signer(by.logSecretKey) },
    crypto,
  );
  let note = signCheckpoint({ origin: by.origin, size: leaves.length, root }, signer);
  for (const { origin, logSecretKey } of cosigned?.by ?? []) {
    const cosigner = { name: origin, signer: crypto.ed25519Signer(logSecretKey) };
    note = cosignCheckpoint(note, cosigner, cosigned!.atSeconds);
  }
  write(join(log, 'checkpoint'), note);
  for (const tile of tilesOf(leaves.length)) {
    const { level, index, width } = tile;
    const first = index * tileWidthMax;
    const content =
      level === 'entries'
        ? encodeEntryBundle(leaves.slice(first, first + width))
        : Buffer.concat(
            Array.from({ length: width }, (_, place) =>
              hashes.get(`${8 * level} ${first + place}`)!,
            ),
          );
    write(join(log, tilePath(tile)), content);
  }
}

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
