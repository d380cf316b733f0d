/**
 * Serves `/callbook/snapshot/1`: to a newcomer all that this member holds of every label, at one
 * moment. An open snapshot keeps old rows on the disk, so there are few at once and each ends with
 * its stream.
 */
import type { Verdict, VerdictCode } from '@callbook/protocol';
import { accept, ignore, reject } from '@callbook/protocol';

import { snapshotIdleMs, snapshotsOpenMax, snapshotTimeoutMs } from '../limits.ts';
import type { FrameStream, Network } from '../network/network.ts';
import { encodeRefusal } from '../network/refusal-message.ts';
import type { Replica } from '../replica.ts';
import type { OpenSnapshot } from './open-snapshot.ts';
import {
  encodeSnapshotPage,
  encodeSnapshotRoot,
  parseSnapshotRequest,
  snapshotProtocol,
} from './snapshot-messages.ts';
import type { SnapshotWant } from './snapshot-messages.ts';
import { SnapshotPages } from './snapshot-pages.ts';

export interface SnapshotServerContext {
  readonly replica: Replica;
  readonly network: Network;
  /** Hears of members that break a rule. */
  readonly onIncident: (memberName: string, code: VerdictCode) => void;
}

export async function serveSnapshots(context: SnapshotServerContext): Promise<void> {
  const opened = { count: 0 };
  await context.network.serve(snapshotProtocol, async (stream, name) => {
    await using session = new SnapshotSession(context.replica, opened);
    const code = await serveStream(stream, session);
    if (code !== undefined) context.onIncident(name, code);
  });
}

/** Answers until the stream ends; returns the code of a request that broke a rule. */
async function serveStream(
  stream: FrameStream,
  session: SnapshotSession,
): Promise<VerdictCode | undefined> {
  for (;;) {
    const frame = await stream.read(snapshotIdleMs);
    if (frame === undefined) return undefined;
    const request = parseSnapshotRequest(frame);
    const answer = request.verdict === 'accept' ? await session.answer(request.value) : request;
    const bytes = answer.verdict === 'accept' ? answer.value : encodeRefusal(answer);
    await stream.write(bytes, snapshotTimeoutMs);
    if (answer.verdict === 'reject') return answer.code;
  }
}

/** What one stream has open. */
class SnapshotSession implements AsyncDisposable {
  readonly #replica: Replica;
  readonly #opened: { count: number };
  #snapshot: OpenSnapshot | undefined;
  #pages: SnapshotPages | undefined;

  constructor(replica: Replica, opened: { count: number }) {
    this.#replica = replica;
    this.#opened = opened;
  }

  async answer(want: SnapshotWant): Promise<Verdict<Uint8Array>> {
    if (want === 'open') return this.#open();
    if (want === 'labels') {
      return this.#pages === undefined
        ? reject('request_malformed', 'no snapshot is open on this stream')
        : accept(encodeSnapshotPage(await this.#pages.next()));
    }
    const root = this.#replica.indexRoot;
    return root === undefined ? unavailable() : accept(encodeSnapshotRoot(root));
  }

  async #open(): Promise<Verdict<Uint8Array>> {
    if (this.#snapshot !== undefined) return reject('request_malformed', 'a snapshot is open');
    if (this.#opened.count >= snapshotsOpenMax) return unavailable();
    this.#opened.count++;
    try {
      this.#snapshot = await this.#replica.openSnapshot();
    } finally {
      if (this.#snapshot === undefined) this.#opened.count--;
    }
    if (this.#snapshot === undefined) return unavailable();
    this.#pages = new SnapshotPages(this.#snapshot.rows);
    return accept(encodeSnapshotRoot(this.#snapshot.root));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#snapshot === undefined) return;
    this.#opened.count--;
    await this.#snapshot.rows.close();
  }
}

function unavailable(): Verdict<never> {
  return ignore('snapshot_unavailable', 'there is no snapshot to be had here now');
}
