/**
 * A code sender that delivers to a file: for development, the testnet and tests. One line of JSON
 * a message, appended with one write, so that several members can share a file. The file holds
 * numbers and codes in clear, which is why nobody but its owner may read it; a member that serves
 * real people uses a real channel.
 */
import { open } from 'node:fs/promises';
import type { Clock } from '@callbook/protocol';
import type { CodeMessage, CodeSender } from '../ports.ts';

const ownerOnly = 0o600;

/** Returns a sender that appends `{at, to, text, code}` to the file at `path`, mode 0600. */
export function fileOutbox(options: { readonly path: string; readonly clock: Clock }): CodeSender {
  return {
    async send({ to, text, code }: CodeMessage): Promise<void> {
      const line = JSON.stringify({ at: options.clock.nowMs(), to, text, code });
      await appendLine(options.path, `${line}\n`);
    },
  };
}

async function appendLine(path: string, line: string): Promise<void> {
  // Opened anew for each line: the file may be emptied or removed between two codes.
  await using file = await open(path, 'a', ownerOnly);
  await file.chmod(ownerOnly);
  // O_APPEND and a single write: lines of different processes never interleave.
  const bytes = new TextEncoder().encode(line);
  const { bytesWritten } = await file.write(bytes);
  if (bytesWritten !== bytes.length) {
    throw new Error(`outbox took ${bytesWritten} bytes of ${bytes.length}`);
  }
}
