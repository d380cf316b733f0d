/**
 * Key files, in the manners of `age`: comment lines on top, one body below, readable by the owner
 * alone, never overwritten. A file is made before the first code is asked for, and holds the signed
 * entry before any member sees it, so that a crash at any moment loses neither a key nor an entry.
 *
 * The name is the SHA-256 of the identifier; the file itself names it, as it is the holder's own.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, open, readdir, readFile, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import {
  encodeHoldingJson,
  encodePendingJson,
  encodeReplacementJson,
  parseHoldingJson,
  parsePendingJson,
  parseReplacementJson,
  type Holding,
  type PendingEntry,
  type Replacement,
} from '@callbook/client';
import {
  deriveKeys,
  encodeBase64Url,
  parseBase64Url,
  parseIdentifier,
  type Identifier,
} from '@callbook/protocol';
import { cliError } from './errors.ts';

export interface KeyRecord {
  readonly identifier: Identifier;
  /** When the file was made. */
  readonly createdAt: string;
  /** The seed of the claim, 32 bytes; the holding has its own once there is one. */
  readonly seed: Uint8Array;
  readonly labelEpoch: number;
  /** What is held; null until the claim is complete. */
  readonly holding: Holding | null;
  /** Signed and perhaps seen by members, not known to be complete. */
  readonly pending: PendingEntry | null;
  /** A request to replace the holder, from its signing until the commit is complete. */
  readonly replacement: Replacement | null;
  /** Requests that the seed's key has signed and members may have logged. */
  readonly requests: number;
  /** The newest entry that every member refused: kept, as it may hold a seed. */
  readonly refused: PendingEntry | null;
}

/** The seed of what is held, 32 bytes; of the claim where nothing is yet. */
export function seedOf({ holding, seed }: Pick<KeyRecord, 'holding' | 'seed'>): Uint8Array {
  return holding?.seed ?? seed;
}

/** A record with a seed of its own, for a claim that begins. */
export function newRecord(identifier: Identifier, labelEpoch: number): KeyRecord {
  const seed = globalThis.crypto.getRandomValues(new Uint8Array(32));
  const nothing = { holding: null, pending: null, replacement: null, requests: 0, refused: null };
  return { identifier, createdAt: new Date().toISOString(), seed, labelEpoch, ...nothing };
}

const fileMode = 0o600;
const directoryMode = 0o700;

/** The key files of one directory. */
export class KeyStore {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  pathOf(identifier: Identifier): string {
    const hash = createHash('sha256').update(identifier).digest('hex');
    return join(this.#directory, `${hash}.key`);
  }

  /** Reads the record of `identifier`; undefined when there is none. */
  async read(identifier: Identifier): Promise<KeyRecord | undefined> {
    return readRecord(this.pathOf(identifier));
  }

  /** Reads every record, in the order of their identifiers. */
  async readAll(): Promise<KeyRecord[]> {
    const names = await readdir(this.#directory).catch((cause: unknown) => {
      if (isErrno(cause, 'ENOENT')) return [];
      throw cliError('key_file_malformed', 'cannot read the directory of key files', { cause });
    });
    const paths = names.filter((name) => /^[0-9a-f]{64}\.key$/.test(name));
    const records = await Promise.all(paths.map((name) => readRecord(join(this.#directory, name))));
    return records
      .filter((record) => record !== undefined)
      .sort((a, b) => (a.identifier < b.identifier ? -1 : 1));
  }

  /** Makes the file of a new record. Throws `key_file_exists` rather than overwrite one. */
  async create(record: KeyRecord): Promise<void> {
    await this.#makeDirectory();
    const path = this.pathOf(record.identifier);
    try {
      await writeDurably(path, record);
    } catch (cause) {
      if (isErrno(cause, 'EEXIST'))
        throw cliError('key_file_exists', 'there is a key file', { cause });
      throw cliError('key_file_unwritable', `cannot write ${path}`, { cause });
    }
    await this.#syncDirectory();
  }

  /** Replaces the record in its file at once: a crash leaves the old one or the new one. */
  async update(record: KeyRecord): Promise<void> {
    const path = this.pathOf(record.identifier);
    const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
    try {
      await writeDurably(temporary, record);
      // If we crash here, the old record is in force and the temporary file is never read.
      await rename(temporary, path);
    } catch (cause) {
      await unlink(temporary).catch(() => undefined);
      throw cliError('key_file_unwritable', `cannot write ${path}`, { cause });
    }
    await this.#syncDirectory();
  }

  /** Puts the file of a number that is held no more aside, so that it may be claimed afresh. */
  async retire(record: KeyRecord, why: 'released' | 'replaced' = 'released'): Promise<string> {
    const path = this.pathOf(record.identifier);
    const retired = `${path}.${why}-${randomBytes(6).toString('hex')}`;
    await rename(path, retired);
    await this.#syncDirectory();
    return retired;
  }

  /** Removes the file of a record whose key has signed nothing. */
  async discard(record: KeyRecord): Promise<void> {
    await unlink(this.pathOf(record.identifier));
    await this.#syncDirectory();
  }

  async #makeDirectory(): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: directoryMode });
    const { mode } = await stat(this.#directory);
    if ((mode & 0o077) !== 0) await chmod(this.#directory, directoryMode);
  }

  async #syncDirectory(): Promise<void> {
    const handle = await open(this.#directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
}

async function writeDurably(path: string, record: KeyRecord): Promise<void> {
  const handle = await open(path, 'wx', fileMode);
  try {
    await handle.writeFile(encodeRecord(record));
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function readRecord(path: string): Promise<KeyRecord | undefined> {
  let text: string;
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      throw cliError('key_file_exposed', `${path} may be read or written by others`);
    }
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if (isErrno(cause, 'ENOENT')) return undefined;
    if (!isErrno(cause)) throw cause;
    throw cliError('key_file_malformed', `cannot read ${path}`, { cause });
  }
  return parseRecord(path, text);
}

function encodeRecord(record: KeyRecord): string {
  const {
    identifier,
    createdAt,
    seed,
    labelEpoch,
    holding,
    pending,
    replacement,
    requests,
    refused,
  } = record;
  const derived = deriveKeys(seed, { labelEpoch, identifier }).authority.publicKey;
  const body = {
    v: 1,
    identifier,
    createdAt,
    seed: encodeBase64Url(seed),
    labelEpoch,
    holding: holding === null ? null : encodeHoldingJson(holding),
    pending: pending === null ? null : encodePendingJson(pending),
    replacement: replacement === null ? null : encodeReplacementJson(replacement),
    requests,
    refused: refused === null ? null : encodePendingJson(refused),
  };
  return [
    '# callbook key file: whoever can read it controls the number',
    `# identifier: ${identifier}`,
    `# created: ${createdAt}`,
    `# public key: ${encodeBase64Url(holding?.authorityKey ?? derived)}`,
    JSON.stringify(body),
    '',
  ].join('\n');
}

function parseRecord(path: string, text: string): KeyRecord {
  const body = text.replaceAll(/^#.*\n/gm, '');
  try {
    const json = JSON.parse(body) as Readonly<Record<string, unknown>>;
    const identifier = parseIdentifier(String(json['identifier']));
    const seed = parseBase64Url(String(json['seed']));
    const labelEpoch = Number(json['labelEpoch']);
    const wellFormed = json['v'] === 1 && seed?.length === 32 && Number.isSafeInteger(labelEpoch);
    if (identifier.verdict !== 'accept' || !wellFormed) throw new TypeError('fields are missing');
    return {
      identifier: identifier.value,
      createdAt: String(json['createdAt']),
      seed,
      labelEpoch,
      holding: json['holding'] === null ? null : parseHoldingJson(json['holding']),
      pending: json['pending'] === null ? null : parsePendingJson(json['pending']),
      replacement: json['replacement'] == null ? null : parseReplacementJson(json['replacement']),
      requests: Number(json['requests'] ?? 0),
      refused: json['refused'] === null ? null : parsePendingJson(json['refused']),
    };
  } catch {
    // No cause: the parser's message may quote the body, which holds the seed.
    throw cliError('key_file_malformed', `${path} is not a key file of this version`);
  }
}

function isErrno(error: unknown, code?: string): boolean {
  if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) return false;
  return code === undefined || error.code === code;
}
