/**
 * A channel that delivers to a file: for development, the testnet and tests. One line of JSON a
 * message, appended with one write, so that several members can share a file. The file holds numbers
 * and codes in clear, which is why nobody but its owner may read it; a member that serves real people
 * uses a real channel.
 */
import { open } from 'node:fs/promises';
import type { Clock } from '@callbook/protocol';
import { channelError } from './channel.ts';
import type { Channel, ChannelMessage } from './channel.ts';

const ownerOnly = 0o600;

/** Opens a channel that appends `{at, to, text, code?}` to the file at `path`, mode 0600. */
export function outboxChannel(options: { readonly path: string; readonly clock: Clock }): Channel {
  return {
    submit: async ({ to, text, code }: ChannelMessage) => {
      const line = JSON.stringify({ at: options.clock.nowMs(), to, text, code });
      await appendLine(options.path, `${line}\n`);
    },
    onReceipt: () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

async function appendLine(path: string, line: string): Promise<void> {
  // Opened anew for each line: the file may be emptied or removed between two codes.
  await using file = await openOutbox(path);
  // O_APPEND and a single write: lines of different processes never interleave.
  const bytes = new TextEncoder().encode(line);
  try {
    const { bytesWritten } = await file.write(bytes);
    if (bytesWritten === bytes.length) return;
  } catch (cause) {
    throw channelError('channel_outcome_unknown', 'the outbox failed while it was written', cause);
  }
  // Without its end of line nobody reads it as a message.
  throw channelError('channel_refused', 'the outbox took only a part of the line');
}

async function openOutbox(path: string): ReturnType<typeof open> {
  try {
    const file = await open(path, 'a', ownerOnly);
    await file.chmod(ownerOnly);
    return file;
  } catch (cause) {
    throw channelError('channel_refused', 'the outbox cannot be opened', cause);
  }
}
