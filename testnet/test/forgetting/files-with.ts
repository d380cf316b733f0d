/**
 * Looks through the files of a member. Blocks of LevelDB's tables may be compressed, so a table is
 * also searched as it was before.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { tableBlocks } from '@callbook/replication/replica';

import { foundIn } from './spellings.ts';
import type { Spellings } from './spellings.ts';

/** Files below a folder that hold any of the spellings, and which. */
export function filesWith(folder: string, spellings: Spellings): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .flatMap((path) =>
      foundIn(contents(path), spellings).map((found): string => `${path}: ${found}`),
    );
}

function contents(path: string): Buffer {
  const file = readFileSync(path);
  if (!path.endsWith('.ldb')) return file;
  return Buffer.concat([file, ...(tableBlocks(file) ?? [])]);
}
