/** What a failure of the ledger is called. */
import { DirectoryError } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';

/** Its code; `shared_store_failed` for what has none. */
export function codeOf(error: unknown): ReplicationErrorCode {
  return error instanceof DirectoryError
    ? (error.code as ReplicationErrorCode)
    : 'shared_store_failed';
}
