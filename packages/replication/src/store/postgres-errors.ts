/**
 * What a failure of a database on PostgreSQL's protocol means to us. The message of the database is not
 * kept: it may quote a row. Codes of SQLSTATE are those of PostgreSQL's appendix A, which CockroachDB and
 * YugabyteDB use too.
 */
import { DirectoryError } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';

type SharedStoreCode = Extract<ReplicationErrorCode, `shared_store_${string}` | 'store_closed'>;

const messages = {
  shared_store_unavailable: 'the shared database cannot be reached',
  shared_store_slow: 'the shared database did not answer in time',
  shared_store_read_only: 'the shared database does not take writes',
  shared_store_failed: 'the shared database refused a statement',
} as const;

/** Classes and codes of SQLSTATE, the longest that fits first. */
const sqlStates: readonly (readonly [string, keyof typeof messages])[] = [
  ['25006', 'shared_store_read_only'],
  // `permission denied`: the role may only read.
  ['42501', 'shared_store_read_only'],
  // `canceling statement due to statement timeout`
  ['57014', 'shared_store_slow'],
  ['55P03', 'shared_store_slow'],
  // We were too slow ourselves: the database ended a transaction that stood idle, or was too long.
  ['25P03', 'shared_store_slow'],
  ['25P04', 'shared_store_slow'],
  ['08', 'shared_store_unavailable'],
  ['53', 'shared_store_unavailable'],
  ['57', 'shared_store_unavailable'],
];

/** Serialization failures and deadlocks: nothing was applied, and the same may be tried again at once. */
export function isContention(cause: unknown): boolean {
  return codeOf(cause).startsWith('40');
}

/** Gives the operating error that a failure is. */
export function sharedStoreError(cause: unknown): DirectoryError<ReplicationErrorCode> {
  if (cause instanceof DirectoryError) return cause as DirectoryError<ReplicationErrorCode>;
  const code = sharedStoreCode(cause);
  const state = codeOf(cause);
  return new DirectoryError<SharedStoreCode>(code, messages[code], {
    ...(state !== '' && { details: { state } }),
  });
}

function sharedStoreCode(cause: unknown): keyof typeof messages {
  const state = codeOf(cause);
  if (/^[0-9A-Z]{5}$/.test(state)) {
    return sqlStates.find(([prefix]) => state.startsWith(prefix))?.[1] ?? 'shared_store_failed';
  }
  const message = cause instanceof Error ? cause.message : '';
  // Words of `pg` for its own limits of time; it has no codes for them.
  if (/timeout/i.test(message)) return 'shared_store_slow';
  return 'shared_store_unavailable';
}

function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string'
    ? cause.code
    : '';
}
