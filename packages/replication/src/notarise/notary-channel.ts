/**
 * Requests to one member to notarise. What is asked for in one turn goes out in one frame, and streams
 * stay open for the next: opening one costs as much as several requests. While as many frames wait for
 * their answers as there may be streams, requests collect for the next one.
 *
 * A stream that was kept may have ended meanwhile, at its other end or with its connection. Then the
 * frame is sent once more on a new one: asked again, a member answers with the receipt of the same leaf.
 */
import { DirectoryError } from '@callbook/protocol';

import {
  notariseFrameRequestsMax,
  notariseRequestBytesMax,
  notariseStreamsUsed,
  notariseTimeoutMs,
  notariseWaitingMax,
} from '../limits.ts';
import type { FrameStream, Network } from '../network/network.ts';
import type { Scheduler } from '../scheduler.ts';
import {
  encodeNotariseRequests,
  notariseProtocol,
  parseNotariseAnswers,
} from './notarise-messages.ts';

export interface NotaryChannelContext {
  readonly network: Network;
  readonly scheduler: Scheduler;
}

interface Asked {
  readonly request: Uint8Array;
  readonly resolve: (answer: Uint8Array | undefined) => void;
}

export class NotaryChannel {
  readonly #context: NotaryChannelContext;
  readonly #memberName: string;
  #waiting: Asked[] = [];
  /** Streams on which nothing is under way. */
  #kept: FrameStream[] = [];
  /** Streams on which an answer is awaited. */
  readonly #busy = new Set<FrameStream>();
  #exchanges = 0;
  #isSending = false;
  #closed = false;

  constructor(memberName: string, context: NotaryChannelContext) {
    this.#memberName = memberName;
    this.#context = context;
  }

  /** Asks with an encoded request; resolves with the encoded answer, undefined when there is none. */
  ask(request: Uint8Array): Promise<Uint8Array | undefined> {
    if (this.#closed || this.#waiting.length >= notariseWaitingMax) {
      return Promise.resolve(undefined);
    }
    return new Promise((resolve) => {
      this.#waiting.push({ request, resolve });
      void this.#send();
    });
  }

  /** Sends what waits, when everything that is about to ask has done so. */
  async #send(): Promise<void> {
    if (this.#isSending) return;
    this.#isSending = true;
    await this.#context.scheduler.yield();
    this.#isSending = false;
    while (this.#waiting.length > 0 && this.#exchanges < notariseStreamsUsed) {
      const asked = takeFrame(this.#waiting);
      this.#waiting = this.#waiting.slice(asked.length);
      void this.#exchange(asked);
    }
  }

  async #exchange(asked: readonly Asked[]): Promise<void> {
    this.#exchanges++;
    try {
      const frame = encodeNotariseRequests(asked.map(({ request }) => request));
      const answer = await this.#answerTo(frame);
      const answers = answer === undefined ? undefined : parseNotariseAnswers(answer);
      const list = answers?.verdict === 'accept' ? answers.value : [];
      // Answers are matched by their place: too few or too many are none.
      const matched = list.length === asked.length ? list : [];
      for (const [place, { resolve }] of asked.entries()) resolve(matched[place]);
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      this.#giveUp(asked);
    } finally {
      this.#exchanges--;
    }
    if (this.#waiting.length > 0) void this.#send();
  }

  async #answerTo(frame: Uint8Array): Promise<Uint8Array | undefined> {
    const kept = this.#kept.pop();
    if (kept !== undefined) {
      const answer = await this.#answerOn(kept, frame);
      if (answer !== undefined || this.#closed) return answer;
      // What ended this one has ended the others too.
      for (const stream of this.#kept) stream.abort();
      this.#kept = [];
    }
    const stream = await this.#context.network.open(this.#memberName, notariseProtocol);
    return this.#answerOn(stream, frame);
  }

  /** Undefined when the stream has ended. Errors: `peer_timeout`. */
  async #answerOn(stream: FrameStream, frame: Uint8Array): Promise<Uint8Array | undefined> {
    this.#busy.add(stream);
    try {
      if (this.#closed) return undefined;
      await stream.write(frame, notariseTimeoutMs);
      const answer = await stream.read(notariseTimeoutMs);
      if (answer !== undefined && !this.#closed) this.#kept.push(stream);
      else stream.abort();
      return answer;
    } catch (error) {
      stream.abort();
      if (error instanceof DirectoryError && error.code !== 'peer_timeout') return undefined;
      throw error;
    } finally {
      this.#busy.delete(stream);
    }
  }

  /** A member that cannot be reached, or does not answer in time, is not waited for any longer. */
  #giveUp(asked: readonly Asked[]): void {
    const waiting = [...asked, ...this.#waiting];
    this.#waiting = [];
    for (const { resolve } of waiting) resolve(undefined);
  }

  close(): void {
    this.#closed = true;
    for (const stream of [...this.#kept, ...this.#busy]) stream.abort();
    this.#kept = [];
    this.#giveUp([]);
  }
}

/** The requests that fit one frame; the first always does. */
function takeFrame(waiting: readonly Asked[]): readonly Asked[] {
  let bytes = 0;
  let count = 0;
  for (const { request } of waiting) {
    bytes += request.length + requestFramingBytes;
    if (count === notariseFrameRequestsMax) break;
    if (count > 0 && bytes > notariseRequestBytesMax - requestFramingBytes) break;
    count++;
  }
  return waiting.slice(0, count);
}

/** The head of a byte string of up to 64 KiB and more, and of the frame itself. */
const requestFramingBytes = 16;
