/**
 * Brings charters and draft from member to member over `/callbook/draft/1`: with each connected
 * member every two seconds, and at once when one connects or there is news. Both sides tell what they have and what
 * the other lacks, in turn, until neither has anything for the other. A member that was away for
 * three charters is given them one after another in this way.
 *
 * Each message costs its sender from a small budget, whatever it says.
 */
import { bytesEqual, DirectoryError, encodeCbor, ignore, reject } from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import {
  draftMessagesBurstMax,
  draftMessagesPerSecondMax,
  draftPollIntervalMs,
  draftRoundsMax,
  draftTimeoutMs,
} from '../limits.ts';
import type { FrameStream } from '../network/network.ts';
import { encodeRefusal } from '../network/refusal-message.ts';
import { Drafting } from './drafting.ts';
import type { DraftingOptions } from './drafting.ts';
import { draftProtocol, encodeDraftNews, parseDraftNews } from './draft-news.ts';
import type { DraftNews } from './draft-news.ts';

export class DraftExchange implements AsyncDisposable {
  readonly drafting: Drafting;
  readonly #options: DraftingOptions;
  readonly #budgets = new Map<string, { messages: number; atMs: number }>();
  readonly #stop = new AbortController();
  readonly #asking = new Map<string, Promise<void>>();
  /** Streams on which nothing is under way: opening one costs more than the usual exchange. */
  readonly #kept = new Map<string, FrameStream>();
  /** Members to ask again when they have answered. */
  readonly #again = new Set<string>();
  readonly #stopListening: () => void;
  #awake: AbortController;
  #running: Promise<void> = Promise.resolve();

  private constructor(options: DraftingOptions, drafting: Drafting, awake: AbortController) {
    this.#options = options;
    this.drafting = drafting;
    this.#awake = awake;
    this.#stopListening = options.network.onConnect(() => this.wake());
  }

  /** Serves the protocol and begins to ask. */
  static async open(options: DraftingOptions): Promise<DraftExchange> {
    let exchange: DraftExchange | undefined = undefined;
    const drafting = await Drafting.open(options, () => exchange?.wake());
    exchange = new DraftExchange(options, drafting, new AbortController());
    const served = exchange;
    await options.network.serve(draftProtocol, (stream, name) => served.#serve(stream, name));
    served.#running = served.#run();
    return served;
  }

  /** Asks all connected members now; those that are being asked, once more after that. */
  wake(): void {
    for (const name of this.#asking.keys()) this.#again.add(name);
    this.#awake.abort();
  }

  /** Members are asked side by side: one that does not answer keeps nobody else waiting. */
  async #run(): Promise<void> {
    const { network, scheduler } = this.#options;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      this.#awake = new AbortController();
      for (const name of network.connected()) if (!this.#asking.has(name)) this.#begin(name);
      await scheduler.delay(draftPollIntervalMs, AbortSignal.any([signal, this.#awake.signal]));
    }
    await Promise.all(this.#asking.values());
  }

  #begin(name: string): void {
    this.#again.delete(name);
    const asked = this.#ask(name).then((hadNews) => {
      this.#asking.delete(name);
      // What one has brought is news for the others.
      if (hadNews) this.wake();
      if (this.#again.has(name) && !this.#stop.signal.aborted) this.#begin(name);
    });
    this.#asking.set(name, asked);
  }

  /** True when the member had news for us; one that is away is asked again in the next round. */
  async #ask(name: string): Promise<boolean> {
    const kept = this.#kept.get(name);
    this.#kept.delete(name);
    try {
      // A stream that was kept may have ended meanwhile, at its other end or with its connection.
      const asked = kept === undefined ? undefined : await this.#askOn(kept, name);
      if (asked !== undefined && asked !== 'ended') return asked.hadNews;
      const fresh = await this.#askOn(await this.#options.network.open(name, draftProtocol), name);
      return fresh !== 'ended' && fresh.hadNews;
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      return false;
    }
  }

  /**
   * Exchanges with one member until neither lacks anything, and keeps the stream if it got so far.
   * `ended` when the stream ended before any answer.
   */
  async #askOn(
    stream: FrameStream,
    name: string,
  ): Promise<{ readonly hadNews: boolean } | 'ended'> {
    const { signal } = this.#stop;
    const abort = (): void => stream.abort();
    let [hadNews, isWhole] = [false, false];
    let theirs: DraftNews | undefined = undefined;
    signal.addEventListener('abort', abort);
    try {
      let isNew = false;
      for (let round = 0; round < draftRoundsMax && !signal.aborted; round++) {
        const ours: DraftNews = await this.drafting.newsFor(theirs);
        isWhole = theirs !== undefined && !isNew && !hasSomething(ours);
        if (isWhole) break;
        const answer = await this.#tell(stream, name, ours);
        if (answer === undefined) break;
        isNew = await this.drafting.take(answer, name);
        hadNews ||= isNew;
        // It took nothing of what we gave and gave us nothing: more of the same helps neither.
        isWhole = theirs !== undefined && !isNew && isSameStand(theirs, answer);
        if (isWhole) break;
        theirs = answer;
      }
    } catch (error) {
      // The member is away, or we are stopping.
      if (!(error instanceof DirectoryError)) throw error;
      const isEnded = error.code === 'peer_stream_broken' && !signal.aborted;
      if (isEnded && theirs === undefined) return 'ended';
    } finally {
      signal.removeEventListener('abort', abort);
      if (isWhole && !signal.aborted) this.#kept.set(name, stream);
      else await stream.close();
    }
    return { hadNews };
  }

  async #tell(stream: FrameStream, name: string, ours: DraftNews): Promise<DraftNews | undefined> {
    await stream.write(encodeDraftNews(ours), draftTimeoutMs);
    const frame = await stream.read(draftTimeoutMs);
    if (frame === undefined) {
      throw new DirectoryError<ReplicationErrorCode>('peer_stream_broken', 'the stream has ended');
    }
    const answer = parseDraftNews(frame);
    if (answer.verdict === 'accept') return answer.value;
    // A refusal that the member sent is its right; an answer that is none of both is not.
    if (answer.code === 'draft_malformed' || answer.code === 'cbor_malformed') {
      this.#options.onIncident(name, answer.code);
    }
    return undefined;
  }

  async #serve(stream: FrameStream, name: string): Promise<void> {
    for (;;) {
      const frame = await stream.read(draftTimeoutMs);
      if (frame === undefined) return;
      const answer = await this.#answer(frame, name);
      await stream.write(answer.bytes, draftTimeoutMs);
      if (answer.isLast) return;
    }
  }

  async #answer(frame: Uint8Array, name: string): Promise<{ bytes: Uint8Array; isLast: boolean }> {
    const { onIncident } = this.#options;
    if (!this.#spend(name)) {
      onIncident(name, 'draft_flood');
      const refusal = reject('draft_flood', 'more messages than a member may send');
      return { bytes: encodeRefusal(refusal), isLast: true };
    }
    const news = parseDraftNews(frame);
    if (news.verdict !== 'accept') {
      if (news.verdict === 'reject') onIncident(name, news.code);
      return { bytes: encodeRefusal(news), isLast: true };
    }
    try {
      if (await this.drafting.take(news.value, name)) this.wake();
      return { bytes: encodeDraftNews(await this.drafting.newsFor(news.value)), isLast: false };
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      return {
        bytes: encodeRefusal(ignore('member_busy', 'the member is stopping')),
        isLast: true,
      };
    }
  }

  /** Takes one message from a member's budget; false when it has none left. */
  #spend(name: string): boolean {
    const nowMs = this.#options.clock.nowMs();
    const budget = this.#budgets.get(name) ?? { messages: draftMessagesBurstMax, atMs: nowMs };
    const gained = (Math.max(0, nowMs - budget.atMs) / 1000) * draftMessagesPerSecondMax;
    const messages = Math.min(draftMessagesBurstMax, budget.messages + gained);
    this.#budgets.set(name, { messages: Math.max(0, messages - 1), atMs: nowMs });
    return messages >= 1;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#stopListening();
    await this.#running;
    for (const stream of this.#kept.values()) stream.abort();
    await this.drafting[Symbol.asyncDispose]();
  }
}

/** Tells whether news have more in them than where a member stands; words cost nothing to repeat. */
function hasSomething({ charter, forks, changes }: DraftNews): boolean {
  return charter !== null || forks.length > 0 || changes.length > 0;
}

function isSameStand(a: DraftNews, b: DraftNews): boolean {
  const [one, other] = [a, b].map(({ version, base, excluded, held }) =>
    encodeCbor([version, base, excluded, held]),
  );
  return bytesEqual(one!, other!);
}
