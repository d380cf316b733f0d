/**
 * What was known of peers when they were met last, so that keys which vanish or change are noticed. One
 * file for each peer, named by the SHA-256 of its identifier, and in it nothing but public keys.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SeenPeer } from '@callbook/client';
import {
  encodeBase64Url,
  parseBase64Url,
  type Identifier,
  type PublishedKey,
} from '@callbook/protocol';
import { cliError } from './errors.ts';

export class SeenPeers {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** undefined for who is met for the first time. Throws `peer_file_malformed`. */
  async read(identifier: Identifier): Promise<SeenPeer | undefined> {
    const path = this.#pathOf(identifier);
    let file: string;
    try {
      file = await readFile(path, 'utf8');
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
      throw cliError('peer_file_malformed', `cannot read ${path}`, { cause });
    }
    const keys = parseKeys(file);
    // Who forgets what it cannot read lets itself be downgraded by a damaged file.
    if (keys === undefined) throw cliError('peer_file_malformed', `${path} is damaged`);
    return { keys };
  }

  async write(identifier: Identifier, { keys }: SeenPeer): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const path = this.#pathOf(identifier);
    const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
    const list = keys.map(({ use, algorithm, key }) => ({
      use,
      algorithm,
      key: encodeBase64Url(key),
    }));
    // If we crash here, the old file is in force.
    await writeFile(temporary, JSON.stringify(list), { mode: 0o600 });
    await rename(temporary, path);
  }

  #pathOf(identifier: Identifier): string {
    return join(this.#directory, `${createHash('sha256').update(identifier).digest('hex')}.json`);
  }
}

function parseKeys(file: string): PublishedKey[] | undefined {
  try {
    const list = JSON.parse(file) as readonly Readonly<Record<string, string>>[];
    const keys = list.map(({ use, algorithm, key = '' }) => ({
      use,
      algorithm,
      key: parseBase64Url(key),
    }));
    return keys.every(({ key }) => key !== undefined) ? (keys as PublishedKey[]) : undefined;
  } catch {
    return undefined;
  }
}
