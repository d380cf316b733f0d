/**
 * Where the page keeps things: IndexedDB, since that alone keeps keys which no script can read. A browser
 * that refuses it (some private windows, storage switched off) gets a store in memory, and `lasting` says
 * so, since then only the backup outlives the page.
 */
import { webError } from '../errors.ts';

/** Names to values that can be cloned, CryptoKeys among them. */
export interface KeptStore {
  /** Whether what is kept outlives the page. */
  readonly lasting: boolean;
  read(name: string): Promise<unknown>;
  /** Durable when it returns. Throws `storage_full`. */
  write(name: string, value: unknown): Promise<void>;
  erase(name: string): Promise<void>;
  names(): Promise<string[]>;
}

const storeName = 'kept';

/** Opens the browser's store, or one in memory where there is none. */
export async function openKeptStore(): Promise<KeptStore> {
  try {
    const database = await openDatabase();
    const store = browserStore(database);
    // Some browsers open a store that then takes nothing.
    await store.read('probe');
    return store;
  } catch {
    return memoryStore();
  }
}

/** A store that ends with the page. */
export function memoryStore(): KeptStore {
  const kept = new Map<string, unknown>();
  return {
    lasting: false,
    read: async (name) => kept.get(name),
    write: async (name, value) => {
      kept.set(name, structuredClone(value));
    },
    erase: async (name) => {
      kept.delete(name);
    },
    names: async () => [...kept.keys()],
  };
}

async function openDatabase(): Promise<IDBDatabase> {
  const opening = indexedDB.open('callbook', 1);
  opening.addEventListener('upgradeneeded', () => {
    opening.result.createObjectStore(storeName);
  });
  const database = await settled(opening);
  // Another tab with a newer page must be able to change the shape.
  database.addEventListener('versionchange', () => database.close());
  return database;
}

function browserStore(database: IDBDatabase): KeptStore {
  const ask = async <T>(
    mode: IDBTransactionMode,
    question: (store: IDBObjectStore) => IDBRequest<T>,
  ): Promise<T> => {
    // `strict`: what has returned is on the disk, so that an entry is never posted that a crash forgets.
    const transaction = database.transaction(storeName, mode, { durability: 'strict' });
    const done = completed(transaction);
    const [answer] = await Promise.all([
      settled(question(transaction.objectStore(storeName))),
      done,
    ]);
    return answer;
  };
  return {
    lasting: true,
    read: async (name) => await ask<unknown>('readonly', (store) => store.get(name)),
    write: async (name, value) => {
      try {
        await ask('readwrite', (store) => store.put(value, name));
      } catch (cause) {
        throw webError('storage_full', 'the browser did not keep it', { cause });
      }
    },
    erase: async (name) => {
      await ask('readwrite', (store) => store.delete(name));
    },
    names: async () => (await ask('readonly', (store) => store.getAllKeys())).map(String),
  };
}

async function settled<T>(request: IDBRequest<T>): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  request.addEventListener('success', () => resolve(request.result));
  request.addEventListener('error', () => reject(request.error ?? new Error('refused')));
  request.addEventListener('blocked', () => reject(new Error('blocked by another tab')));
  return await promise;
}

async function completed(transaction: IDBTransaction): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  transaction.addEventListener('complete', () => resolve());
  const failed = (): void => reject(transaction.error ?? new Error('aborted'));
  transaction.addEventListener('abort', failed);
  transaction.addEventListener('error', failed);
  await promise;
}
