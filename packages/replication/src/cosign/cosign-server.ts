/**
 * Serves `/callbook/cosign/1`: cosigns what other members show, takes in what has become agreed, and
 * compares index roots. A request that breaks a rule costs its sender the stream, after the answer.
 */
import type { Refusal, Verdict, VerdictCode } from '@callbook/protocol';
import { accept, DirectoryError, ignore } from '@callbook/protocol';

import { checkpointPatienceMs, cosignTimeoutMs, tailIdleMs } from '../limits.ts';
import type { FrameStream } from '../network/network.ts';
import { encodeRefusal } from '../network/refusal-message.ts';
import type { Replica } from '../replica.ts';
import type { Scheduler } from '../scheduler.ts';
import {
  encodeComparison,
  encodeCosigned,
  encodeTaken,
  parseCosignRequest,
} from './cosign-messages.ts';
import type { AgreedSizes, CosignRequest } from './cosign-messages.ts';

export interface CosignServerContext {
  readonly replica: Replica;
  readonly scheduler: Scheduler;
  /** Looks for more of a log. */
  readonly wake: (origin: string, toldBy: string) => void;
  /** Hears of members that break a rule. */
  readonly onIncident: (memberName: string, code: VerdictCode) => void;
}

export class CosignServer {
  readonly #context: CosignServerContext;
  readonly #stop = new AbortController();

  constructor(context: CosignServerContext) {
    this.#context = context;
  }

  /** Answers the requests of one stream until it ends or breaks a rule. */
  async serve(stream: FrameStream, name: string): Promise<void> {
    for (;;) {
      const frame = await stream.read(tailIdleMs);
      if (frame === undefined) return;
      const answer = await this.#answer(frame, name);
      const refused = answer.verdict === 'reject';
      const bytes = answer.verdict === 'accept' ? answer.value : encodeRefusal(answer);
      // A fork is the log's doing: whoever shows it may have seen only this side of it.
      if (refused && answer.code !== 'log_forked') this.#context.onIncident(name, answer.code);
      await stream.write(bytes, cosignTimeoutMs);
      if (refused) return;
    }
  }

  async #answer(frame: Uint8Array, name: string): Promise<Verdict<Uint8Array>> {
    const request = parseCosignRequest(frame);
    if (request.verdict !== 'accept') return request;
    try {
      switch (request.value.kind) {
        case 'cosign':
          return await this.#cosign(request.value, name);
        case 'agreed':
          return await this.#takeAgreed(request.value.agreed);
        case 'compare':
          return await this.#compare(request.value, name);
      }
    } catch (error) {
      // The store has failed or the member is stopping: the asker tries elsewhere.
      if (error instanceof DirectoryError) return ignore('member_busy', 'the member is stopping');
      throw error;
    }
  }

  async #cosign(
    request: CosignRequest & { readonly kind: 'cosign' },
    name: string,
  ): Promise<Verdict<Uint8Array>> {
    const { replica } = this.#context;
    const first = await replica.cosigning.cosign(request);
    const isBehind = first.verdict === 'ignore' && first.code === 'checkpoint_not_stored';
    if (isBehind) await this.#stored(request.checkpoint, name);
    const verdict = isBehind ? await replica.cosigning.cosign(request) : first;
    return verdict.verdict === 'accept' ? accept(encodeCosigned(verdict.value)) : verdict;
  }

  /** Waits a while for the leaves: the log's member asks as soon as it has signed them. */
  async #stored(checkpoint: string, name: string): Promise<void> {
    const { replica, scheduler, wake } = this.#context;
    const [origin = '', size = ''] = checkpoint.split('\n', 2);
    const isStored = (): boolean => replica.cosigning.storedSize(origin) >= Number(size);
    const enough = new AbortController();
    const stopListening = replica.onChange(() => isStored() && enough.abort());
    wake(origin, name);
    try {
      const signal = AbortSignal.any([enough.signal, this.#stop.signal]);
      if (!isStored()) await scheduler.delay(checkpointPatienceMs, signal);
    } finally {
      stopListening();
    }
  }

  async #takeAgreed(note: string): Promise<Verdict<Uint8Array>> {
    const refusal = refusalOf(await this.#context.replica.cosigning.agreed.offer(note));
    return refusal ?? accept(encodeTaken());
  }

  async #compare(
    { root, sizes }: { readonly root: string | null; readonly sizes: AgreedSizes },
    name: string,
  ): Promise<Verdict<Uint8Array>> {
    const { replica } = this.#context;
    const origin = replica.membership.byName(name)?.logKey.name;
    const ours = replica.indexRoot ?? null;
    if (ours !== null) replica.cosigning.roots.offer(replica.origin, ours);
    if (root !== null && origin !== undefined) {
      const offered = replica.cosigning.roots.offer(origin, root);
      if (offered.verdict === 'reject' && offered.code !== 'index_root_differs') return offered;
    }
    const agreed = [...sizes].flatMap(([log, size]) => {
      const note = replica.cosigning.agreed.newest(log);
      return note !== undefined && replica.cosigning.agreed.size(log) > size ? [note] : [];
    });
    return accept(encodeComparison({ root: ours, agreed }));
  }

  stop(): void {
    this.#stop.abort();
  }
}

/** What the sender is answered: that a checkpoint is known already, or of an older charter, is honest. */
function refusalOf(verdict: Verdict<unknown>): Refusal | undefined {
  if (verdict.verdict === 'accept' || verdict.code === 'batch_known') return undefined;
  const { code, message } = verdict;
  const mayBeHonest = code === 'checkpoint_quorum_missing' || code === 'log_unknown';
  return mayBeHonest ? ignore(code, message) : verdict;
}
