/**
 * A wallet in a file, for programs that run side by side: whatever changes it has the file to itself for that
 * moment and reads it anew, since two that spend one token tell that they belong together. The lock is a file
 * beside it; one that is older than any change takes was left by a program that crashed.
 */
import { randomBytes } from 'node:crypto';
import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@callbook/protocol';
import { clientError } from '../errors.ts';
import type { HeldToken } from '../tokens/fetch-tokens.ts';
import type { TokenPurse } from '../tokens/authorized-fetch.ts';
import { TokenWallet, type WalletStore } from '../tokens/token-wallet.ts';

const lockTriesMax = 200;
const lockPauseMs = 25;
const lockLeftMs = 30_000;
const systemClock: Clock = { nowMs: () => Date.now() };

export class FileWallet implements TokenPurse {
  readonly #path: string;
  readonly #clock: Clock;
  #count: number;

  private constructor(path: string, clock: Clock, count: number) {
    this.#path = path;
    this.#clock = clock;
    this.#count = count;
  }

  /** Opens the wallet in this file, which need not be there; it is made for its owner alone. Throws `wallet_unavailable`. */
  static async open(path: string, clock: Clock = systemClock): Promise<FileWallet> {
    const { count } = await TokenWallet.open(storeAt(path), clock);
    return new FileWallet(path, clock, count);
  }

  /** Tokens that were good when this program looked last. */
  get count(): number {
    return this.#count;
  }

  /** Takes one out; it is on disk that it is gone. Throws `wallet_unavailable`. */
  async take(): Promise<string | undefined> {
    return await this.#change(async (wallet) => await wallet.take());
  }

  /** Keeps tokens; they are on disk when it resolves. Throws `wallet_unavailable`. */
  async add(tokens: readonly HeldToken[]): Promise<void> {
    await this.#change(async (wallet) => await wallet.add(tokens));
  }

  async #change<Result>(change: (wallet: TokenWallet) => Promise<Result>): Promise<Result> {
    const lock = `${this.#path}.lock`;
    await takeLock(lock);
    try {
      const wallet = await TokenWallet.open(storeAt(this.#path), this.#clock);
      const result = await change(wallet);
      this.#count = wallet.count;
      return result;
    } finally {
      await rm(lock, { force: true });
    }
  }
}

async function takeLock(path: string): Promise<void> {
  for (let tried = 0; tried < lockTriesMax; tried += 1) {
    try {
      await (await open(path, 'wx', 0o600)).close();
      return;
    } catch (cause) {
      if (codeOf(cause) !== 'EEXIST') throw unavailable('cannot be written', cause);
    }
    const left = await stat(path).catch(() => undefined);
    if (left !== undefined && Date.now() - left.mtimeMs > lockLeftMs)
      await rm(path, { force: true });
    else await sleep(lockPauseMs);
  }
  throw unavailable('is in use by another program');
}

function storeAt(path: string): WalletStore {
  return {
    async read() {
      try {
        return new Uint8Array(await readFile(path));
      } catch (cause) {
        if (codeOf(cause) === 'ENOENT') return undefined;
        throw unavailable('cannot be read', cause);
      }
    },
    async write(octets) {
      const temporary = `${path}.${randomBytes(6).toString('hex')}.new`;
      try {
        const file = await open(temporary, 'wx', 0o600);
        try {
          await file.writeFile(octets);
          await file.sync();
        } finally {
          await file.close();
        }
        // If we crash here, the old file is in force, and no token has left.
        await rename(temporary, path);
      } catch (cause) {
        throw unavailable('cannot be written', cause);
      }
    },
  };
}

function unavailable(what: string, cause?: unknown): Error {
  return clientError('wallet_unavailable', `the wallet ${what}`, { cause });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
