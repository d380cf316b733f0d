/** An address that cannot be listened on is told with a code, whoever listens there. */
import { DirectoryError } from '@callbook/protocol';
import type { NodeErrorCode } from './errors.ts';

/** Waits for a server to listen. Code: `listen_failed`, of what cannot. */
export async function orListenFailed(what: string, listening: Promise<unknown>): Promise<void> {
  try {
    await listening;
  } catch (cause) {
    const message = `${what} cannot be served on the configured address`;
    throw new DirectoryError<NodeErrorCode>('listen_failed', message, { cause });
  }
}
