/**
 * The accounts on disk: a file for each, written whole. All are in memory as well, since every check asks. The
 * name of a file is the SHA-256 of its number; what is in it is no secret, but nobody else's business: the
 * folder is the bridge's alone.
 */
import { hash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sipError } from '../errors.ts';
import { accountsMax, credentialsPerAccountMax } from '../limits.ts';
import { parseNumber, type E164 } from '../number.ts';
import type { Account, IssuedCredential } from './account.ts';

const fileMode = 0o600;
const folderMode = 0o700;
const filesAtOnce = 64;

export class AccountStore {
  readonly #folder: string;
  readonly #accounts: Map<E164, Account>;
  /** The write that is under way for a number; the next one waits for it. */
  readonly #writing = new Map<E164, Promise<unknown>>();

  private constructor(folder: string, accounts: Map<E164, Account>) {
    this.#folder = folder;
    this.#accounts = accounts;
  }

  /** Reads all accounts. Throws `account_store_unusable`, `account_malformed`. */
  static async open(folder: string): Promise<AccountStore> {
    try {
      await mkdir(folder, { recursive: true, mode: folderMode });
      const names = await readdir(folder);
      // A file that was being written when the process ended: what it was to replace is whole.
      const unfinished = names.filter((name) => name.endsWith('.new'));
      await Promise.all(unfinished.map(async (name) => await rm(join(folder, name))));
      const accounts = new Map<E164, Account>();
      const finished = names.filter((name) => name.endsWith('.json'));
      for (let from = 0; from < finished.length; from += filesAtOnce) {
        const paths = finished.slice(from, from + filesAtOnce).map((name) => join(folder, name));
        for (const account of await Promise.all(paths.map(readAccount))) {
          accounts.set(account.number, account);
        }
      }
      return new AccountStore(folder, accounts);
    } catch (cause) {
      if (cause instanceof Error && 'code' in cause && cause.code === 'account_malformed')
        throw cause;
      throw unusable(cause);
    }
  }

  get size(): number {
    return this.#accounts.size;
  }

  get(number: E164): Account | undefined {
    return this.#accounts.get(number);
  }

  numbers(): E164[] {
    return Array.from(this.#accounts.keys());
  }

  /**
   * Changes an account by what it is at that moment; `undefined` deletes it. Changes of one number follow each
   * other. What is returned is durable. Throws `account_store_unusable`.
   */
  async change(
    number: E164,
    next: (account: Account | undefined) => Account | undefined,
  ): Promise<Account | undefined> {
    const before = this.#writing.get(number) ?? Promise.resolve();
    const writing = before.then(() => this.#write(number, next));
    // Whoever waits behind a failure tries for itself.
    const settled = writing.catch(() => undefined);
    this.#writing.set(number, settled);
    try {
      return await writing;
    } finally {
      if (this.#writing.get(number) === settled) this.#writing.delete(number);
    }
  }

  async #write(
    number: E164,
    next: (account: Account | undefined) => Account | undefined,
  ): Promise<Account | undefined> {
    const account = this.#accounts.get(number);
    const changed = next(account);
    if (changed === account) return account;
    if (account === undefined && this.#accounts.size >= accountsMax) throw unusable(undefined);
    try {
      await (changed === undefined
        ? rm(this.#pathOf(number), { force: true })
        : writeWhole(this.#pathOf(number), `${JSON.stringify(changed)}\n`));
      await syncFolder(this.#folder);
    } catch (cause) {
      throw unusable(cause);
    }
    // If we crash before this line the disk is ahead of memory, and the next start reads the disk.
    if (changed === undefined) this.#accounts.delete(number);
    else this.#accounts.set(number, changed);
    return changed;
  }

  #pathOf(number: E164): string {
    return join(this.#folder, `${hash('sha256', number, 'hex')}.json`);
  }
}

/** If we crash here, the file has its old contents or its new ones: rename(2) puts one in place of the other. */
async function writeWhole(path: string, text: string): Promise<void> {
  const unfinished = `${path}.new`;
  {
    await using file = await open(unfinished, 'w', fileMode);
    await file.writeFile(text);
    // Before the rename: otherwise a crash may leave the new name with nothing in it.
    await file.sync();
  }
  await rename(unfinished, path);
}

/** The names in a folder are durable only when the folder is. */
async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}

function unusable(cause: unknown): Error {
  return sipError('account_store_unusable', 'the accounts cannot be read or written', { cause });
}

async function readAccount(path: string): Promise<Account> {
  const account = parseAccount(await readFile(path, 'utf8'));
  if (account !== undefined) return account;
  // The name is a hash of the number: it is not told.
  throw sipError('account_malformed', 'the file of an account cannot be read');
}

/** Parses the text of an account's file; undefined when it is none. */
function parseAccount(text: string): Account | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof json !== 'object' || json === null) return undefined;
  const { number, createdAtMs, arrivedAtMs, leftAtMs, credentials } = json as Record<
    string,
    unknown
  >;
  const parsed = typeof number === 'string' ? parseNumber(number) : undefined;
  if (parsed === undefined || !isTime(createdAtMs)) return undefined;
  if (!(arrivedAtMs === null || isTime(arrivedAtMs))) return undefined;
  if (!(leftAtMs === null || isTime(leftAtMs))) return undefined;
  if (!Array.isArray(credentials) || credentials.length > credentialsPerAccountMax)
    return undefined;
  if (!credentials.every(isCredential)) return undefined;
  return { number: parsed, createdAtMs, arrivedAtMs, leftAtMs, credentials };
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

function isCredential(value: unknown): value is IssuedCredential {
  if (typeof value !== 'object' || value === null) return false;
  const { expiresAtSeconds, spkiDigest } = value as Record<string, unknown>;
  const isDigest = typeof spkiDigest === 'string' && /^[\da-f]{64}$/.test(spkiDigest);
  return isTime(expiresAtSeconds) && isDigest;
}
