/**
 * The key store as a folder: `<id>.pem` for each private key, and the state in `keys-<sequence>.json`.
 * A new state is not written over the old one but linked to the next number, which fails where that
 * number is taken: of two writers who knew the same state one wins, without a lock that could be left
 * behind. The newest is the highest number; the one before it is kept for people to look at.
 */
import { hash, randomUUID } from 'node:crypto';
import { link, open, readdir, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { DirectoryError } from '@callbook/protocol';
import { dnsError } from '../errors.ts';
import {
  createKeyDirectory,
  createKeyFile,
  keyPath,
  loadKeyFile,
  syncDirectory,
} from '../sign/zone-keys.ts';
import { generateZonePrivateKey } from '../sign/zone-signer.ts';
import type { ZoneAlgorithm, ZoneSigner } from '../sign/zone-signer.ts';
import { encodeKeyState, parseKeyState } from './key-state.ts';
import type { KeyState } from './key-state.ts';
import type { KeyStore, StoredKeyState } from './key-store.ts';

/** Opens the folder, which need not exist before the first write. */
export function openKeyFolder(directory: string): KeyStore {
  return new KeyFolder(directory);
}

const stateFilePattern = /^keys-(\d{8})\.json$/;
/** A listing may be outdated by two writers in a row; more than a few times is another fault. */
const readAttemptsMax = 5;

class KeyFolder implements KeyStore {
  private readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  async readState(): Promise<StoredKeyState | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      const sequence = (await this.sequences()).at(-1);
      if (sequence === undefined) return undefined;
      try {
        const text = await readFile(this.statePath(sequence), 'utf8');
        return { sequence, state: parseKeyState(text) };
      } catch (cause) {
        if (cause instanceof DirectoryError) throw cause;
        // Replaced twice since the listing: the newest is another.
        if (hasErrno(cause, 'ENOENT') && attempt < readAttemptsMax) continue;
        throw dnsError('dns_key_state_unreadable', 'the state of the zone keys cannot be read', {
          cause,
        });
      }
    }
  }

  async replaceState(next: KeyState, before: number): Promise<boolean> {
    const sequence = before + 1;
    await createKeyDirectory(this.directory);
    try {
      // If we crash in here, a draft is left over that nobody reads, or the new state is there whole.
      if (!(await this.linkNew(this.statePath(sequence), encodeKeyState(next)))) return false;
      // The number may have been free because others have written later ones and cleared it away;
      // then what we have written is not the newest, and nobody will see it.
      const sequences = await this.sequences();
      if (sequences.at(-1) !== sequence) return false;
      const outdated = sequences.filter((other) => other < before);
      if (outdated.length > 0) await this.removeOutdated(outdated, { next, before });
      return true;
    } catch (cause) {
      throw dnsError('dns_key_unwritable', 'the state of the zone keys cannot be written', {
        cause,
      });
    }
  }

  async createKey(id: string, algorithm: ZoneAlgorithm): Promise<ZoneSigner> {
    await createKeyDirectory(this.directory);
    await createKeyFile(this.directory, id, generateZonePrivateKey(algorithm));
    return loadKeyFile(this.directory, id);
  }

  loadKey(id: string): ZoneSigner {
    return loadKeyFile(this.directory, id);
  }

  async destroyKey(id: string): Promise<void> {
    try {
      await unlink(keyPath(this.directory, id)).catch((cause: unknown) => {
        if (!hasErrno(cause, 'ENOENT')) throw cause;
      });
      await syncDirectory(this.directory);
    } catch (cause) {
      const details = { key: id };
      throw dnsError('dns_key_unwritable', `${id}.pem cannot be removed`, { cause, details });
    }
  }

  async readPresigned(name: string): Promise<string> {
    try {
      return await readFile(join(this.directory, name), 'utf8');
    } catch (cause) {
      throw dnsError('dns_key_state_unreadable', `${name} cannot be read`, { cause });
    }
  }

  async writePresigned(text: string): Promise<string> {
    const name = `presigned-${hash('sha256', text).slice(0, 16)}.json`;
    await createKeyDirectory(this.directory);
    try {
      // A file of that name has this content.
      await this.linkNew(join(this.directory, name), text);
      return name;
    } catch (cause) {
      throw dnsError('dns_key_unwritable', `${name} cannot be written`, { cause });
    }
  }

  /**
   * Removes states that are not even the one before, and the pre-signed keys that only they name. A file
   * that no state has named yet is somebody's who is about to. If we crash in here, a state is left
   * whose turn comes next time, or pre-signed keys that nobody reads.
   */
  private async removeOutdated(
    outdated: readonly number[],
    kept: { readonly next: KeyState; readonly before: number },
  ): Promise<void> {
    const presignedOf = async (sequence: number): Promise<string | undefined> => {
      const text = await readFile(this.statePath(sequence), 'utf8').catch(() => undefined);
      return text === undefined ? undefined : parseKeyState(text).presignedFile;
    };
    const inUse = [kept.next.presignedFile, await presignedOf(kept.before)];
    for (const sequence of outdated) {
      const past = await presignedOf(sequence).catch(() => undefined);
      await unlink(this.statePath(sequence)).catch(() => undefined);
      if (past !== undefined && !inUse.includes(past))
        await unlink(join(this.directory, past)).catch(() => undefined);
    }
  }

  /** Makes a whole file durable under a name that is free; returns false when it is not. */
  private async linkNew(path: string, text: string): Promise<boolean> {
    const draftPath = join(this.directory, `.draft-${randomUUID()}.json`);
    try {
      const draft = await open(draftPath, 'wx', 0o600);
      try {
        await draft.writeFile(text);
        await draft.sync();
      } finally {
        await draft.close();
      }
      let isFree = true;
      await link(draftPath, path).catch((cause: unknown) => {
        if (!hasErrno(cause, 'EEXIST')) throw cause;
        isFree = false;
      });
      await syncDirectory(this.directory);
      return isFree;
    } finally {
      await unlink(draftPath).catch(() => undefined);
    }
  }

  private statePath(sequence: number): string {
    return join(this.directory, `keys-${String(sequence).padStart(8, '0')}.json`);
  }

  /** Ascending. */
  private async sequences(): Promise<readonly number[]> {
    const names = await readdir(this.directory).catch((cause: unknown) => {
      if (hasErrno(cause, 'ENOENT')) return [];
      throw dnsError('dns_key_state_unreadable', 'the key directory cannot be read', { cause });
    });
    return names
      .flatMap((name) => stateFilePattern.exec(name)?.slice(1) ?? [])
      .map(Number)
      .sort((left, right) => left - right);
  }
}

function hasErrno(error: unknown, errno: string): boolean {
  return error instanceof Error && 'code' in error && error.code === errno;
}
