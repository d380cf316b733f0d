/**
 * Notarising is logging. This member asks the others to log an entry and gathers their receipts; and
 * it logs, as a witness, what others ask of it, when the rules of admission allow.
 */
import type { LeafMention, Receipt, Verdict, VerdictCode } from '@callbook/protocol';
import { accept, DirectoryError, ignore } from '@callbook/protocol';

import { notariseConcurrentMax, notariseIdleMs, notariseTimeoutMs } from '../limits.ts';
import type { FrameStream, Network } from '../network/network.ts';
import { encodeRefusal } from '../network/refusal-message.ts';
import type { Replica } from '../replica.ts';
import type { Scheduler } from '../scheduler.ts';
import {
  encodeNotariseAnswer,
  encodeNotariseAnswers,
  encodeNotariseRequest,
  notariseProtocol,
  parseNotariseAnswer,
  parseNotariseRequest,
  parseNotariseRequests,
} from './notarise-messages.ts';
import { NotaryChannel } from './notary-channel.ts';
import type { NotariseRequest } from './notarise-messages.ts';

export interface NotaryContext {
  readonly replica: Replica;
  readonly network: Network;
  readonly scheduler: Scheduler;
  /** Hears of members that break a rule. */
  readonly onIncident: (memberName: string, code: VerdictCode) => void;
}

export class Notary implements Disposable {
  readonly #context: NotaryContext;
  readonly #channels = new Map<string, NotaryChannel>();
  #serving = 0;

  private constructor(context: NotaryContext) {
    this.#context = context;
  }

  static async open(context: NotaryContext): Promise<Notary> {
    const notary = new Notary(context);
    await context.network.serve(notariseProtocol, (stream, name) => notary.#serve(stream, name));
    return notary;
  }

  /**
   * Asks every connected active member of whom no receipt is in the request to log the entry; resolves
   * with their receipts, verified, when all have answered or `enough` have. Members that do not answer in time, or refuse, are
   * missing from the list; a client sends the same entry again.
   */
  async gather(request: NotariseRequest, enough: number = Infinity): Promise<Receipt[]> {
    const { network, replica } = this.#context;
    const connected = new Set(network.connected());
    const receipted = new Set(request.receipts.map(({ origin }) => origin));
    const asked = replica.membership.members.filter(
      ({ member, logKey }) =>
        member.state === 'active' && connected.has(member.name) && !receipted.has(logKey.name),
    );
    const receipts: Receipt[] = [];
    const frame = encodeNotariseRequest(request);
    await new Promise<void>((resolve) => {
      if (asked.length === 0 || enough <= 0) resolve();
      let open = asked.length;
      for (const { member } of asked) {
        const take = (receipt: Receipt | undefined): void => {
          if (receipt !== undefined) receipts.push(receipt);
          if (--open === 0 || receipts.length >= enough) resolve();
        };
        this.#ask(member.name, request, frame).then(take, () => take(undefined));
      }
    });
    // What arrives from now on is not the caller's any more.
    return [...receipts];
  }

  async #ask(
    name: string,
    { entry }: NotariseRequest,
    request: Uint8Array,
  ): Promise<Receipt | undefined> {
    const { onIncident, replica } = this.#context;
    const answer = await this.#channelTo(name).ask(request);
    if (answer === undefined) return undefined;
    const receipt = parseNotariseAnswer(answer);
    if (receipt.verdict !== 'accept') return undefined;
    const leaf = replica.receipted(entry, receipt.value);
    const isTheirs = replica.membership.byName(name)?.logKey.name === receipt.value.origin;
    if (leaf.verdict === 'accept' && isTheirs) {
      replica.watch.receipts([receipt.value]);
      return receipt.value;
    }
    if (leaf.verdict === 'accept') onIncident(name, 'receipt_unfit');
    if (leaf.verdict === 'reject') onIncident(name, leaf.code);
    return undefined;
  }

  #channelTo(name: string): NotaryChannel {
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      channel = new NotaryChannel(name, this.#context);
      this.#channels.set(name, channel);
    }
    return channel;
  }

  /** Answers the frames of one stream, one after another, until it ends or one of them is malformed. */
  async #serve(stream: FrameStream, name: string): Promise<void> {
    for (;;) {
      const frame = await stream.read(notariseIdleMs);
      if (frame === undefined) return;
      const requests = parseNotariseRequests(frame);
      if (requests.verdict !== 'accept') {
        if (requests.verdict === 'reject') this.#context.onIncident(name, requests.code);
        return stream.write(encodeRefusal(requests), notariseTimeoutMs);
      }
      // Side by side, so that their leaves share a batch of the log.
      const answers = requests.value.map((request) => this.#answer(request, name));
      const frames = encodeNotariseAnswers(await Promise.all(answers));
      await stream.write(frames, notariseTimeoutMs);
    }
  }

  async #answer(request: Uint8Array, name: string): Promise<Uint8Array> {
    const answer = await this.#judge(request);
    if (answer.verdict === 'reject') this.#context.onIncident(name, answer.code);
    return answer.verdict === 'accept' ? encodeNotariseAnswer(answer.value) : encodeRefusal(answer);
  }

  async #judge(frame: Uint8Array): Promise<Verdict<Receipt>> {
    if (this.#serving >= notariseConcurrentMax) {
      return ignore('member_busy', `${this.#serving} requests are being served`);
    }
    this.#serving++;
    try {
      const request = parseNotariseRequest(frame);
      return request.verdict === 'accept' ? await this.#log(request.value) : request;
    } catch (error) {
      // The store has failed or the member is stopping: the asker tries elsewhere.
      if (error instanceof DirectoryError) return ignore('member_busy', 'the member is stopping');
      throw error;
    } finally {
      this.#serving--;
    }
  }

  async #log({ entry, opened, receipts }: NotariseRequest): Promise<Verdict<Receipt>> {
    const receipted = this.#verifyReceipts(entry, receipts);
    if (receipted.verdict !== 'accept') return receipted;
    const { replica } = this.#context;
    const submission = { entry, role: 'witnessed', receipted: receipted.value } as const;
    return replica.log(opened === undefined ? submission : { ...submission, opened });
  }

  #verifyReceipts(entry: Uint8Array, receipts: readonly Receipt[]): Verdict<LeafMention[]> {
    const { replica } = this.#context;
    const mentions: LeafMention[] = [];
    for (const receipt of receipts) {
      const mention = replica.receipted(entry, receipt);
      if (mention.verdict !== 'accept') return mention;
      mentions.push(mention.value);
    }
    replica.watch.receipts(receipts);
    return accept(mentions);
  }

  [Symbol.dispose](): void {
    for (const channel of this.#channels.values()) channel.close();
  }
}
