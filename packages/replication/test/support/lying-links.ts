/** A node that gets other snapshots from some members than these have sent: as if they lied. */
import type { FrameStream, StreamProtocol } from '../../src/network/network.ts';
import { snapshotProtocol } from '../../src/snapshot/snapshot-messages.ts';
import { MemoryNetwork } from './memory-network.ts';

/** What a member would have sent instead of an answer. */
export type Lie = (frame: Uint8Array) => Uint8Array;

export class LyingLinks extends MemoryNetwork {
  readonly #lies: Readonly<Record<string, Lie>>;

  constructor(name: string, lies: Readonly<Record<string, Lie>>) {
    super(name);
    this.#lies = lies;
  }

  override async open(memberName: string, protocol: StreamProtocol): Promise<FrameStream> {
    const stream = await super.open(memberName, protocol);
    const lie = this.#lies[memberName];
    if (lie === undefined || protocol.name !== snapshotProtocol.name) return stream;
    return {
      ...stream,
      read: async (timeoutMs) => {
        const frame = await stream.read(timeoutMs);
        return frame === undefined ? undefined : lie(frame);
      },
    };
  }
}
