/**
 * Which charters a governance key has signed: a line `<version> <hash>` each, in a file beside the
 * key. A key that signs two charters of one version is evidence against its member, so the file is
 * on disk before a signature leaves the machine: if we crash in between, the same charter can still
 * be signed, and no other.
 */
import { open, readFile } from 'node:fs/promises';
import { DirectoryError } from '@callbook/protocol';
import type { NodeErrorCode } from './errors.ts';

export interface SignedCharter {
  readonly version: number;
  /** 64 hexadecimal digits. */
  readonly hash: string;
}

/**
 * Notes that a key is about to sign a charter. Codes: `charter_version_signed`,
 * `signed_versions_unreadable`.
 */
export async function noteSigning(keyPath: string, charter: SignedCharter): Promise<void> {
  const path = `${keyPath}.signed`;
  const before = (await readSigned(path)).find(({ version }) => version === charter.version);
  if (before?.hash === charter.hash) return;
  if (before !== undefined) {
    throw new DirectoryError<NodeErrorCode>(
      'charter_version_signed',
      `this key has signed another version ${charter.version}, with hash ${before.hash}`,
    );
  }
  try {
    const file = await open(path, 'a', 0o600);
    try {
      await file.writeFile(`${charter.version} ${charter.hash}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function readSigned(path: string): Promise<SignedCharter[]> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw unreadable(path, cause);
  }
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [, version, hash] = /^([1-9]\d{0,15}) ([0-9a-f]{64})$/.exec(line) ?? [];
      if (version === undefined || hash === undefined) throw unreadable(path);
      return { version: Number(version), hash };
    });
}

function unreadable(path: string, cause?: unknown): DirectoryError<NodeErrorCode> {
  const message = `${path} cannot be read or written, or a line of it is damaged`;
  return new DirectoryError('signed_versions_unreadable', message, { cause });
}
