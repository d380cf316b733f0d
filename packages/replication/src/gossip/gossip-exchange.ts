/**
 * Gossip: one message for each checkpoint of the own log, with the batch it covers when that fits,
 * and the judgement of what the others send. Gossip announces and the tail delivers: whatever is
 * lost, late or too large here only has to wake the follower.
 */
import type { Clock, VerdictCode } from '@callbook/protocol';
import { gossipMessageBytesMax } from '@callbook/protocol';

import { encodeLogBatch, parseLogBatch } from '../batch/log-batch.ts';
import type { LogBatch } from '../batch/log-batch.ts';
import { gossipBytesPerSecondMax, gossipQueueBatchesMax } from '../limits.ts';
import type { GossipVerdict, Network } from '../network/network.ts';
import type { Replica } from '../replica.ts';

export interface GossipContext {
  readonly replica: Replica;
  readonly network: Network;
  readonly clock: Clock;
  /** Looks for more of a log. */
  readonly wake: (origin: string, toldBy: string) => void;
  /** Hears of members that break a rule. */
  readonly onIncident: (memberName: string, code: VerdictCode) => void;
}

export class GossipExchange implements Disposable {
  readonly #context: GossipContext;
  readonly #stopPublishing: () => void;
  /** GossipSub has no outbound back-pressure: this second's bytes, so that there is a bound. */
  #second = 0;
  #secondBytes = 0;
  /** Batches accepted and not yet integrated. */
  #queued = 0;

  constructor(context: GossipContext) {
    this.#context = context;
    context.network.onMessage((message, name) => this.#judge(message, name));
    this.#stopPublishing = context.replica.onAppend((batch) => this.#publish(batch));
  }

  #publish(batch: LogBatch): void {
    const whole = encodeLogBatch(batch);
    const first = batch.first + batch.leaves.length;
    const message = this.#fits(whole.length)
      ? whole
      : encodeLogBatch({ ...batch, first, leaves: [], payloads: [] });
    // Lost where it fails: the next checkpoint, or the next poll, tells as much.
    this.#context.network.publish(message).catch(() => undefined);
  }

  #fits(bytes: number): boolean {
    const second = Math.floor(this.#context.clock.nowMs() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#secondBytes = 0;
    }
    if (bytes > gossipMessageBytesMax) return false;
    if (this.#secondBytes + bytes > gossipBytesPerSecondMax) return false;
    this.#secondBytes += bytes;
    return true;
  }

  /** Validates before anything is passed on: signed by the log, extends it, leads to the root. */
  #judge(message: Uint8Array, name: string): GossipVerdict {
    if (message.length > gossipMessageBytesMax) return this.#reject(name, 'batch_malformed');
    const parsed = parseLogBatch(message);
    if (parsed.verdict !== 'accept') return this.#reject(name, parsed.code);
    const batch = parsed.value;
    return batch.leaves.length === 0 || this.#queued >= gossipQueueBatchesMax
      ? this.#judgeCheckpoint(batch, name)
      : this.#judgeBatch(batch, name);
  }

  #judgeBatch(batch: LogBatch, name: string): GossipVerdict {
    const offered = this.#context.replica.offer(batch);
    if (offered.verdict === 'accept') {
      this.#queued++;
      const done = (): void => {
        this.#queued--;
      };
      offered.value.integrated.then(done, done);
      return 'accept';
    }
    if (offered.verdict === 'reject') return this.#reject(name, offered.code);
    // An "ignore" of GossipSub is final; it is the tail that fetches what a gap hides.
    if (offered.code === 'batch_gap') this.#context.wake(batch.origin, name);
    return 'ignore';
  }

  #judgeCheckpoint({ origin, checkpoint }: LogBatch, name: string): GossipVerdict {
    const { replica, wake } = this.#context;
    const known = replica.signedSize(origin);
    const learned = replica.learn(origin, checkpoint);
    if (learned.verdict === 'reject') return this.#reject(name, learned.code);
    if (learned.verdict !== 'accept' || learned.value.size <= known) return 'ignore';
    wake(origin, name);
    return 'accept';
  }

  #reject(name: string, code: VerdictCode): GossipVerdict {
    this.#context.onIncident(name, code);
    // A fork is the log's doing: whoever passed it on may have seen only this side of it.
    return code === 'log_forked' ? 'ignore' : 'reject';
  }

  [Symbol.dispose](): void {
    this.#stopPublishing();
    this.#context.network.onMessage(() => 'ignore');
  }
}
