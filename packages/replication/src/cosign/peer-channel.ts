/**
 * Requests to one member over one stream, one after another. The stream is opened when it is first
 * needed and again after it broke. What is asked for too fast is not queued but left out: every
 * request of this protocol is made again, with newer content, a moment later.
 */
import { DirectoryError } from '@callbook/protocol';

import { cosignWaitingMax } from '../limits.ts';
import type { FrameStream, Network, StreamProtocol } from '../network/network.ts';

export class PeerChannel {
  readonly #network: Network;
  readonly #memberName: string;
  readonly #protocol: StreamProtocol;
  readonly #timeoutMs: number;
  #stream: FrameStream | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #closed = false;

  constructor(
    network: Network,
    memberName: string,
    options: { readonly protocol: StreamProtocol; readonly timeoutMs: number },
  ) {
    this.#network = network;
    this.#memberName = memberName;
    this.#protocol = options.protocol;
    this.#timeoutMs = options.timeoutMs;
  }

  /** Asks and resolves with the answer; undefined when there is none to be had now. */
  ask(request: Uint8Array): Promise<Uint8Array | undefined> {
    if (this.#closed || this.#waiting >= cosignWaitingMax) return Promise.resolve(undefined);
    this.#waiting++;
    const answer = this.#last.then(() => this.#exchange(request));
    this.#last = answer.finally(() => {
      this.#waiting--;
    });
    return answer;
  }

  async #exchange(request: Uint8Array): Promise<Uint8Array | undefined> {
    if (this.#closed) return undefined;
    try {
      this.#stream ??= await this.#network.open(this.#memberName, this.#protocol);
      await this.#stream.write(request, this.#timeoutMs);
      const answer = await this.#stream.read(this.#timeoutMs);
      if (answer === undefined) this.#giveUp();
      return answer;
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
      this.#giveUp();
      return undefined;
    }
  }

  #giveUp(): void {
    this.#stream?.abort();
    this.#stream = undefined;
  }

  close(): void {
    this.#closed = true;
    this.#giveUp();
  }
}
