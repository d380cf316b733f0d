/**
 * One writer at a time, in the order of arrival: each write reads the rows that the one before it
 * wrote. When a batch fails, nobody knows whether it is on disk, so everything this process believes
 * about the store may be wrong: from then on it writes nothing. The member is restarted and believes
 * what it reads.
 */
import { DirectoryError } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import type { RowChange, Store } from './store.ts';

export type CommitRows = (
  changes: readonly RowChange[],
  options: { readonly durable: boolean },
) => Promise<void>;

export class StoreWriter {
  readonly #store: Store;
  readonly #onFailure: (error: Error) => void;
  #last: Promise<unknown> = Promise.resolve();
  #failure: DirectoryError<ReplicationErrorCode> | undefined;

  constructor(store: Store, onFailure: (error: Error) => void) {
    this.#store = store;
    this.#onFailure = onFailure;
  }

  /** Why nothing is written any more. */
  get failure(): DirectoryError<ReplicationErrorCode> | undefined {
    return this.#failure;
  }

  /** Runs `write` after all writes before it. Errors: `replica_stopped`, `store_failed`. */
  run<T>(write: (commit: CommitRows) => Promise<T>): Promise<T> {
    const result = this.#last.then(() => {
      if (this.#failure !== undefined) throw this.#failure;
      return write(this.#commit);
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Lets the writes that wait end, then refuses all others. */
  async stop(): Promise<void> {
    await this.#last;
    this.#failure ??= stopped('the replica has been stopped');
  }

  readonly #commit: CommitRows = async (changes, options) => {
    try {
      await this.#store.batch(changes, options);
    } catch (cause) {
      throw this.fail('the store failed to write; the member must be restarted', cause);
    }
  };

  /** Refuses all further writes; returns the error that they get. */
  fail(message: string, cause: unknown): DirectoryError<ReplicationErrorCode> {
    if (this.#failure === undefined) {
      this.#failure = stopped(message, cause);
      this.#onFailure(this.#failure);
    }
    return this.#failure;
  }
}

function stopped(message: string, cause?: unknown): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError('replica_stopped', message, { cause });
}
