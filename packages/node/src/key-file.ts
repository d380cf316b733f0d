/**
 * Secret keys on disk: 32 raw bytes in a file that nobody else can read. A file with wider
 * permissions is refused, not repaired: whoever could read it may have done so already.
 */
import { open, readFile, stat } from 'node:fs/promises';
import { DirectoryError } from '@callbook/protocol';
import { isCredential, secretInVariable } from './configuration/secret-sources.ts';
import type { NodeErrorCode } from './errors.ts';

const secretKeySize = 32;

/** Reads a 32-byte secret key; throws `key_file_unreadable | _exposed | _malformed`. */
export async function readSecretKey(path: string): Promise<Uint8Array> {
  const bytes = await readSecretFile(path);
  if (bytes.length !== secretKeySize) {
    throw new DirectoryError<NodeErrorCode>(
      'key_file_malformed',
      `${path} has ${bytes.length} bytes, a key ${secretKeySize}`,
    );
  }
  return bytes;
}

/** Reads a file of secret bytes, refusing one that other users can read; or a variable in its place. */
export async function readSecretFile(path: string): Promise<Uint8Array> {
  const inVariable = secretInVariable(path);
  if (inVariable !== undefined) return inVariable;
  try {
    const { mode } = await stat(path);
    if ((mode & (isCredential(path) ? 0o007 : 0o077)) !== 0) {
      throw new DirectoryError<NodeErrorCode>(
        'key_file_exposed',
        `${path} has mode ${(mode & 0o777).toString(8)}, at most 600: chmod 600 it, or better replace the key`,
      );
    }
    return new Uint8Array(await readFile(path));
  } catch (cause) {
    if (cause instanceof DirectoryError) throw cause;
    throw new DirectoryError<NodeErrorCode>('key_file_unreadable', `cannot read ${path}`, {
      cause,
    });
  }
}

/** Writes a new file of secret bytes with mode 0600; never overwrites one. */
export async function writeSecretFile(path: string, bytes: Uint8Array): Promise<void> {
  if (secretInVariable(path) !== undefined) {
    const message = `${path} is a variable, which no file is written for: unset it`;
    throw new DirectoryError<NodeErrorCode>('output_unwritable', message);
  }
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}
