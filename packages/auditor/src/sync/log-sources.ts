/**
 * Where the parts of one log come from: the log's member first, then its mirrors. Whatever does not
 * fit what the log has signed is a finding about whoever served it, and the next source is asked; the
 * audit goes on as long as one of them has the part.
 */
import { leafHash, parseEntryBundle, tilePath } from '@callbook/protocol';
import type { Cryptography, TileCoordinates } from '@callbook/protocol';
import type { CacheFolder } from '../cache/cache-folder.ts';
import { auditorError } from '../errors.ts';
import type { Findings } from '../findings.ts';
import { bundleBytesMax } from '../limits.ts';
import type { AuditedMember, MemberFiles } from './member-files.ts';
import type { GetTiles, TileProblem } from './verified-tiles.ts';

export interface SourcesContext {
  readonly folder: CacheFolder;
  readonly files: MemberFiles;
  readonly findings: Findings;
  readonly crypto: Cryptography;
  /** Who serves the log, the log's own member first. */
  readonly members: readonly AuditedMember[];
  readonly origin: string;
}

/** A part that does not fit, and who served it. */
export interface Misfit {
  readonly member: string;
  readonly problem: TileProblem;
  readonly tile: TileCoordinates;
  readonly bytes: Uint8Array;
}

export class LogSources {
  readonly #context: SourcesContext;
  /** Parts that did not fit; what proves it is written when the right part is known. */
  readonly misfits: Misfit[] = [];

  constructor(context: SourcesContext) {
    this.#context = context;
  }

  /** Gets tiles that pass the check. Throws `audit_log_unavailable`. */
  readonly get: GetTiles = async (tiles, check) => {
    const { members, findings, origin } = this.#context;
    if (tiles.length === 0) return;
    for (const member of members) {
      const given = await this.#from(member, tiles);
      if (given === undefined) continue;
      const problem = check(given);
      if (problem === undefined) return;
      const place = placeOf(tiles, problem);
      this.misfits.push({
        member: member.name,
        problem,
        tile: tiles[place]!,
        bytes: given[place]!,
      });
    }
    findings.add({ code: 'log_unavailable', member: members[0]!.name, log: origin });
    throw auditorError('audit_log_unavailable', 'nobody gives a part of a log that is signed', {
      details: { log: origin },
    });
  };

  /** Gets a bundle whose leaves have these hashes. */
  async bundle(tile: TileCoordinates, hashes: readonly Uint8Array[]): Promise<Uint8Array> {
    let good: Uint8Array | undefined;
    await this.get([tile], ([bytes]) => {
      const problem = problemInBundle(bytes!, { tile, hashes, crypto: this.#context.crypto });
      if (problem === undefined) good = bytes;
      return problem;
    });
    return good!;
  }

  async #from(
    member: AuditedMember,
    tiles: readonly TileCoordinates[],
  ): Promise<readonly Uint8Array[] | undefined> {
    const { files, findings, origin } = this.#context;
    const given: Uint8Array[] = [];
    for (const tile of tiles) {
      const bytesMax = tile.level === 'entries' ? bundleBytesMax : 256 * 32;
      const file = await files.get(member, `/log/${origin}/${tilePath(tile)}`, bytesMax);
      if (!('bytes' in file)) {
        const code = 'failure' in file ? file.failure : 'answer_invalid';
        findings.add({ code, member: member.name, log: origin });
        return undefined;
      }
      given.push(file.bytes);
    }
    return given;
  }
}

/** Says what is wrong with a bundle, or nothing. */
export function problemInBundle(
  bytes: Uint8Array,
  of: {
    readonly tile: TileCoordinates;
    readonly hashes: readonly Uint8Array[];
    readonly crypto: Cryptography;
  },
): TileProblem | undefined {
  const { tile, hashes, crypto } = of;
  const first = tile.index * 256;
  const leaves = parseEntryBundle(bytes);
  if (leaves.verdict !== 'accept') return { code: 'leaf_differs', index: first };
  const differs = hashes.findIndex((hash, place) => {
    const leaf = leaves.value[place];
    return leaf === undefined || Buffer.compare(leafHash(leaf, crypto), hash) !== 0;
  });
  if (differs >= 0) return { code: 'leaf_differs', index: first + differs };
  return leaves.value.length === tile.width
    ? undefined
    : { code: 'leaf_differs', index: first + hashes.length };
}

/** Which of several tiles a problem is about: the lowest of an edge, as nobody can tell. */
function placeOf(tiles: readonly TileCoordinates[], { code }: TileProblem): number {
  return code === 'tile_differs' ? 0 : tiles.length - 1;
}
