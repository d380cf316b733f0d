/** Vectors of tile paths, entry bundles and hash tiles. */
import { fixed32 } from './vector-case.ts';
import type { VectorCase } from './vector-case.ts';

/** Returns all vectors about tiles. */
export function tileCases(): VectorCase[] {
  return [...paths(), ...refusedPaths(), ...bundles(), ...refusedBundles(), ...hashTiles()];
}

type Coordinates = readonly [level: number | 'entries', index: number, width: number];

function paths(): VectorCase[] {
  const accepted = (
    name: string,
    path: string,
    [level, index, width]: Coordinates,
  ): VectorCase => ({
    topic: 'tiles',
    name,
    comment: 'a path and what it means',
    expect: 'accept',
    values: { path, tile: { level, index, width } },
  });
  return [
    accepted('path_of_first_tile', 'tile/0/000', [0, 0, 256]),
    accepted('path_of_index_999', 'tile/0/999', [0, 999, 256]),
    accepted('path_of_index_1000', 'tile/0/x001/000', [0, 1000, 256]),
    accepted('path_of_index_1234067', 'tile/1/x001/x234/067', [1, 1_234_067, 256]),
    accepted('path_of_level_62', 'tile/62/000', [62, 0, 256]),
    accepted('path_of_level_63', 'tile/63/000', [63, 0, 256]),
    accepted('path_of_width_1', 'tile/2/000.p/1', [2, 0, 1]),
    accepted('path_of_width_255', 'tile/0/x070/000.p/255', [0, 70_000, 255]),
    accepted('path_of_bundle', 'tile/entries/x001/067', ['entries', 1067, 256]),
    accepted('path_of_partial_bundle', 'tile/entries/000.p/17', ['entries', 0, 17]),
    accepted('path_of_last_index', 'tile/0/x035/x184/x372/x088/831', [0, 35_184_372_088_831, 256]),
  ];
}

function refusedPaths(): VectorCase[] {
  const refused = (name: string, comment: string, path: string): VectorCase => ({
    topic: 'tiles',
    name,
    comment,
    expect: 'tile_path_malformed',
    values: { path },
  });
  return [
    refused('path_empty', 'nothing at all', ''),
    refused('path_with_slash_first', 'relative to the log', '/tile/0/000'),
    refused('path_with_slash_last', 'nothing follows', 'tile/0/000/'),
    refused('path_without_index', 'no index', 'tile/0'),
    refused('path_of_level_64', 'at most 63', 'tile/64/000'),
    refused('path_of_level_00', 'one zero too many', 'tile/00/000'),
    refused('path_of_level_minus_1', 'the old name of entries', 'tile/-1/000'),
    refused('path_of_level_data', 'static-ct-api calls entries so', 'tile/data/000'),
    refused('path_of_width_0', 'empty tiles are not served', 'tile/0/000.p/0'),
    refused('path_of_width_256', 'a full tile has no width', 'tile/0/000.p/256'),
    refused('path_of_width_05', 'one zero too many', 'tile/0/000.p/05'),
    refused('path_without_width', 'nothing after the p', 'tile/0/000.p/'),
    refused('path_of_two_digits', 'groups have three', 'tile/0/00'),
    refused('path_of_four_digits', 'groups have three', 'tile/0/1234'),
    refused('path_with_zero_group', 'no group of zeros first', 'tile/0/x000/001'),
    refused('path_without_x', 'all groups but the last have x', 'tile/0/001/234'),
    refused('path_with_x_last', 'the last group has none', 'tile/0/x001'),
    refused('path_with_capital_x', 'lower case', 'tile/0/X001/234'),
    refused('path_beyond_last_index', 'leaves up to 2^53', 'tile/0/x035/x184/x372/x088/832'),
    refused('path_with_query', 'nothing follows', 'tile/0/000?x'),
    refused('path_with_newline', 'nothing follows', 'tile/0/000\n'),
    refused('path_with_other_digits', 'ASCII digits only', 'tile/0/\u0660\u0660\u0660'),
  ];
}

function bundles(): VectorCase[] {
  const accepted = (name: string, comment: string, leaves: readonly Uint8Array[]): VectorCase => ({
    topic: 'tiles',
    name,
    comment,
    expect: 'accept',
    values: { bundle: bundleHex(leaves), leaves: leaves.map((leaf) => leaf.toHex()) },
  });
  return [
    accepted('bundle_of_one_leaf', 'length, leaf', [fixed32('leaf')]),
    accepted('bundle_with_empty_leaf', 'a length of 0', [new Uint8Array(), fixed32('leaf')]),
    accepted('bundle_of_255_leaves', 'at most 256', manyLeaves(255)),
    accepted('bundle_of_256_leaves', 'at most 256', manyLeaves(256)),
    accepted('leaf_of_2047_bytes', 'at most 2048', [new Uint8Array(2047)]),
    accepted('leaf_of_2048_bytes', 'at most 2048', [new Uint8Array(2048)]),
  ];
}

function refusedBundles(): VectorCase[] {
  const refused = (name: string, comment: string, bundle: string): VectorCase => ({
    topic: 'tiles',
    name,
    comment,
    expect: 'bundle_malformed',
    values: { bundle },
  });
  const whole = bundleHex([fixed32('leaf'), fixed32('other leaf')]);
  return [
    refused('bundle_empty', 'empty tiles are not served', ''),
    refused('bundle_of_257_leaves', 'at most 256', bundleHex(manyLeaves(257))),
    refused('leaf_of_2049_bytes', 'at most 2048', bundleHex([new Uint8Array(2049)])),
    refused('bundle_with_half_a_length', 'one byte after the last leaf', `${whole}00`),
    refused('bundle_with_cut_leaf', 'the last byte is missing', whole.slice(0, -2)),
    refused('bundle_little_endian', 'lengths are big endian', `0100${'00'.repeat(1)}`),
  ];
}

function hashTiles(): VectorCase[] {
  const hashes = [fixed32('a'), fixed32('b'), fixed32('c')].map((hash) => hash.toHex());
  const of = (name: string, comment: string, hashTile: string): VectorCase => ({
    topic: 'tiles',
    name,
    comment,
    expect: 'tile_malformed',
    values: { hashTile, width: 3 },
  });
  const whole = hashes.join('');
  return [
    {
      ...of('hash_tile', 'three hashes', whole),
      expect: 'accept',
      values: { hashTile: whole, width: 3, hashes },
    },
    of('hash_tile_cut', 'the last byte is missing', whole.slice(0, -2)),
    of('hash_tile_too_narrow', 'two hashes for a width of three', whole.slice(0, 128)),
    of('hash_tile_too_wide', 'four hashes for a width of three', whole.concat(hashes[0]!)),
  ];
}

function manyLeaves(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => Uint8Array.of(index & 0xff));
}

function bundleHex(leaves: readonly Uint8Array[]): string {
  return leaves
    .map((leaf) => leaf.length.toString(16).padStart(4, '0').concat(leaf.toHex()))
    .join('');
}
