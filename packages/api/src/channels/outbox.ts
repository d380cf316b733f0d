/**
 * A channel that delivers to a file: for development, the testnet and tests. One line of JSON a
 * message, appended with one write, so that several members can share a file. The file holds numbers
 * and codes in clear, which is why nobody but its owner may read it; a member that serves real people
 * uses a real channel.
 */
import { closeSync, fchmodSync, openSync, writeSync } from 'node:fs';
import type { Clock } from '@callbook/protocol';
import { channelError } from './channel.ts';
import type { Channel, ChannelMessage } from './channel.ts';

const ownerOnly = 0o600;

export interface OutboxOptions {
  readonly path: string;
  readonly clock: Clock;
  /** Who sends, as a telephone names it beside a message. */
  readonly from?: string;
}

/** Opens a channel that appends `{at, from?, to, text, code?}` to the file at `path`, mode 0600. */
export function outboxChannel({ path, clock, from }: OutboxOptions): Channel {
  return {
    submit: async ({ to, text, code }: ChannelMessage) => {
      const line = JSON.stringify({ at: clock.nowMs(), from, to, text, code });
      appendLine(path, `${line}\n`);
    },
    onReceipt: () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

/** At once: what goes to the page cache takes less than handing it to another thread four times. */
function appendLine(path: string, line: string): void {
  // Opened anew for each line: the file may be emptied or removed between two codes.
  const file = openOutbox(path);
  try {
    // O_APPEND and a single write: lines of different processes never interleave.
    const bytes = Buffer.from(line);
    if (writeSync(file, bytes) === bytes.length) return;
  } catch (cause) {
    throw channelError('channel_outcome_unknown', 'the outbox failed while it was written', cause);
  } finally {
    closeSync(file);
  }
  // Without its end of line nobody reads it as a message.
  throw channelError('channel_refused', 'the outbox took only a part of the line');
}

function openOutbox(path: string): number {
  let file: number | undefined;
  try {
    file = openSync(path, 'a', ownerOnly);
    fchmodSync(file, ownerOnly);
    return file;
  } catch (cause) {
    if (file !== undefined) closeSync(file);
    throw channelError('channel_refused', 'the outbox cannot be opened', cause);
  }
}
