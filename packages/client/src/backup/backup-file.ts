/**
 * Seeds as a file that a passphrase opens, in the format of `age` (age-encryption.org/v1, scrypt), so
 * that the file can be read by other software than ours and without this project. One line for each
 * identifier: a space between it and its seed in base64url; lines that begin with `#` are comments.
 */
import { armor, Decrypter, Encrypter } from 'age-encryption';
import {
  encodeBase64Url,
  parseBase64Url,
  parseIdentifier,
  type Identifier,
} from '@callbook/protocol';
import { clientError } from '../errors.ts';
import { backupFileBytesMax, backupScryptLog2 } from '../limits.ts';

/** An identifier and the seed of its keys. */
export interface BackedUpSeed {
  readonly identifier: Identifier;
  /** 32 bytes, secret. */
  readonly seed: Uint8Array;
}

const firstLine = '# callbook backup: whoever can read it controls the numbers';

/** Returns the armored file. */
export async function encodeBackupFile(
  seeds: readonly BackedUpSeed[],
  passphrase: string,
): Promise<string> {
  const lines = seeds.map(({ identifier, seed }) => `${identifier} ${encodeBase64Url(seed)}`);
  const encrypter = new Encrypter();
  encrypter.setScryptWorkFactor(backupScryptLog2);
  encrypter.setPassphrase(passphrase);
  return armor.encode(await encrypter.encrypt([firstLine, ...lines, ''].join('\n')));
}

/** Opens such a file. Throws `backup_file_malformed`, `backup_passphrase_wrong`. */
export async function parseBackupFile(file: string, passphrase: string): Promise<BackedUpSeed[]> {
  return parseSeeds(await decrypt(decodeArmor(file), passphrase));
}

function decodeArmor(file: string): Uint8Array {
  if (file.length > backupFileBytesMax) {
    throw malformed(`file is ${file.length} characters, at most ${backupFileBytesMax}`);
  }
  try {
    return armor.decode(file);
  } catch {
    throw malformed('file is not armored as age does it');
  }
}

async function decrypt(bytes: Uint8Array, passphrase: string): Promise<string> {
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  try {
    return await decrypter.decrypt(bytes, 'text');
  } catch (error) {
    // The library has one kind of error. A header that no passphrase of ours opens says so.
    const isWrong = error instanceof Error && error.message.startsWith('no identity matched');
    if (!isWrong) throw malformed('file is damaged, or no file of age');
    throw clientError('backup_passphrase_wrong', 'passphrase does not open the file');
  }
}

function parseSeeds(text: string): BackedUpSeed[] {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return lines.map((line, index) => {
    const [name = '', secret = '', ...rest] = line.split(' ');
    const identifier = parseIdentifier(name);
    const seed = parseBase64Url(secret);
    if (identifier.verdict !== 'accept' || seed?.length !== 32 || rest.length > 0) {
      throw malformed(`seed ${index + 1} of the file cannot be read`);
    }
    return { identifier: identifier.value, seed };
  });
}

function malformed(message: string): Error {
  return clientError('backup_file_malformed', message);
}
