/**
 * Reads another member's logs over one `/callbook/tail/1` stream: what checkpoints it has, and the
 * pages that are missing here. While one page is integrated the next are already on their way, never
 * more than four: that is all the back-pressure there is, and all that is needed.
 */
import type { Refusal, Verdict } from '@callbook/protocol';
import { accept, parseCbor } from '@callbook/protocol';

import { parseLogBatch } from '../batch/log-batch.ts';
import type { LogBatch } from '../batch/log-batch.ts';
import { pagesInFlightMax, tailTimeoutMs } from '../limits.ts';
import type { FrameStream } from '../network/network.ts';
import { refusalIn } from '../network/refusal-message.ts';
import type { Replica } from '../replica.ts';
import { encodeTailRequest, parseCheckpoints } from './tail-messages.ts';
import type { NamedCheckpoint, TailRequest } from './tail-messages.ts';

export class TailReader {
  readonly #stream: FrameStream;
  readonly #replica: Replica;

  constructor(stream: FrameStream, replica: Replica) {
    this.#stream = stream;
    this.#replica = replica;
  }

  /** Asks for the newest checkpoints; undefined when the member has ended the stream. */
  async checkpoints(): Promise<Verdict<readonly NamedCheckpoint[]> | undefined> {
    await this.#ask({ want: 'checkpoints' });
    const frame = await this.#stream.read(tailTimeoutMs);
    return frame === undefined ? undefined : parseCheckpoints(frame);
  }

  /**
   * Pulls a log from where it ends here to where it ends there, and resolves when all of it is
   * stored and folded; given `until`, exactly to there at the most. A refusal leaves the stream
   * unusable: pages may still be under way.
   */
  async pull(origin: string, until: number = Infinity): Promise<Refusal | undefined> {
    const first = this.#replica.expectedSize(origin);
    if (first >= until) return undefined;
    const end = until === Infinity ? {} : { until };
    await this.#ask({ want: 'leaves', origin, first, ...end });
    let open = 1;
    let integrated: Promise<void> = Promise.resolve();
    while (open > 0) {
      const page = await this.#readPage();
      open--;
      if (page.verdict !== 'accept') return page;
      if (page.value.leaves.length === 0) continue;
      const offered = this.#replica.offer(page.value);
      // Gossip was faster with these leaves; the page after them may still bring some.
      if (offered.verdict !== 'accept' && offered.code === 'batch_known') continue;
      if (offered.verdict !== 'accept') return offered;
      while (open < pagesInFlightMax && this.#isBehind(origin, until)) {
        await this.#ask({ want: 'leaves', origin, ...end });
        open++;
      }
      // One page is integrated while the next is read, so memory holds a bounded number of them.
      await integrated;
      integrated = offered.value.integrated;
    }
    await integrated;
    return undefined;
  }

  /** Asks for one page, which ends at `until` at the latest. */
  async page(origin: string, first: number, until?: number): Promise<Verdict<LogBatch>> {
    const end = until === undefined ? {} : { until };
    await this.#ask({ want: 'leaves', origin, first, ...end });
    return this.#readPage();
  }

  #isBehind(origin: string, until: number): boolean {
    return this.#replica.expectedSize(origin) < Math.min(this.#replica.signedSize(origin), until);
  }

  async #readPage(): Promise<Verdict<LogBatch>> {
    const frame = await this.#stream.read(tailTimeoutMs);
    if (frame === undefined) return accept(endOfStream);
    const batch = parseLogBatch(frame);
    if (batch.verdict === 'accept') return batch;
    const parsed = parseCbor(frame);
    return (parsed.verdict === 'accept' ? refusalIn(parsed.value) : undefined) ?? batch;
  }

  async #ask(request: TailRequest): Promise<void> {
    await this.#stream.write(encodeTailRequest(request), tailTimeoutMs);
  }

  close(): Promise<void> {
    return this.#stream.close();
  }

  abort(): void {
    this.#stream.abort();
  }
}

const endOfStream: LogBatch = {
  origin: '',
  first: 0,
  leaves: [],
  payloads: [],
  checkpoint: '',
  proof: [],
};
