/**
 * Evidence among members: each new piece is told to every connected member, all pieces to one that
 * connects; each verifies for itself. And when a checkpoint does not fit our branch of a log, all
 * others are asked for theirs: whoever is on another branch proves the fork by answering.
 *
 * What a member sends costs it from a small budget, true or not.
 */
import type { Clock, Verdict, VerdictCode } from '@callbook/protocol';
import { ignore } from '@callbook/protocol';

import { PeerChannel } from '../cosign/peer-channel.ts';
import {
  evidenceMessagesBurstMax,
  evidenceMessagesPerSecondMax,
  evidenceTimeoutMs,
  pollIntervalMs,
  tailIdleMs,
} from '../limits.ts';
import type { FrameStream, Network } from '../network/network.ts';
import { encodeRefusal } from '../network/refusal-message.ts';
import { MessageBudgets } from '../peers/message-budgets.ts';
import type { Replica } from '../replica.ts';
import type { Scheduler } from '../scheduler.ts';
import {
  encodeBranchLeaf,
  encodeEvidenceRequest,
  encodeKept,
  evidenceProtocol,
  parseBranchLeaf,
  parseEvidenceRequest,
  parseKept,
} from './evidence-messages.ts';
import type { EvidenceRequest } from './evidence-messages.ts';
import type { Inquiry } from './fork-watch.ts';

export interface EvidenceExchangeContext {
  readonly replica: Replica;
  readonly network: Network;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Hears of members that break a rule. */
  readonly onIncident: (memberName: string, code: VerdictCode) => void;
}

export class EvidenceExchange implements AsyncDisposable {
  readonly #context: EvidenceExchangeContext;
  readonly #stop = new AbortController();
  readonly #channels = new Map<string, PeerChannel>();
  /** Ids of what each member has answered to, since it connected. */
  readonly #told = new Map<string, Set<string>>();
  /** Logs to ask about, each once a round. */
  readonly #inquiries = new Map<string, Inquiry>();
  readonly #budgets: MessageBudgets;
  readonly #stopListening: readonly (() => void)[];
  #awake = new AbortController();
  #running: Promise<void> = Promise.resolve();

  private constructor(context: EvidenceExchangeContext) {
    this.#context = context;
    const { clock, network, replica } = context;
    this.#budgets = new MessageBudgets(clock, {
      burst: evidenceMessagesBurstMax,
      perSecond: evidenceMessagesPerSecondMax,
    });
    this.#stopListening = [
      replica.evidence.onEvidence(() => this.#awake.abort()),
      replica.watch.forks.onInquiry((inquiry) => this.#inquire(inquiry)),
      network.onConnect((name) => {
        this.#told.delete(name);
        this.#awake.abort();
      }),
    ];
  }

  /** Serves the protocol and begins to tell. */
  static async open(context: EvidenceExchangeContext): Promise<EvidenceExchange> {
    const exchange = new EvidenceExchange(context);
    await context.network.serve(evidenceProtocol, (stream, name) => exchange.#serve(stream, name));
    exchange.#running = exchange.#run();
    return exchange;
  }

  #inquire(inquiry: Inquiry): void {
    // A peer can cause this with every page it sends: asked is once a round, whatever it sends.
    this.#inquiries.set(inquiry.origin, inquiry);
  }

  async #run(): Promise<void> {
    const { network, replica, scheduler } = this.#context;
    const { signal } = this.#stop;
    while (!signal.aborted && replica.failure === undefined) {
      this.#awake = new AbortController();
      const inquiries = [...this.#inquiries.values()];
      this.#inquiries.clear();
      await Promise.all(
        network.connected().map(async (name) => {
          for (const inquiry of inquiries) await this.#askBranch(name, inquiry);
          await this.#tell(name);
        }),
      ).catch(() => undefined);
      await scheduler.delay(pollIntervalMs, AbortSignal.any([signal, this.#awake.signal]));
    }
  }

  async #tell(name: string): Promise<void> {
    const told = this.#told.get(name) ?? new Set<string>();
    this.#told.set(name, told);
    for (const { evidenceId, bytes } of this.#context.replica.evidence.all()) {
      if (told.has(evidenceId)) continue;
      const answer = await this.#ask(name, { want: 'keep', evidence: bytes });
      if (answer === undefined) return;
      const kept = parseKept(answer);
      if (kept.verdict !== 'accept' && kept.code === 'member_busy') return;
      // What it refuses for want of a charter, it is told again when it next connects.
      told.add(evidenceId);
    }
  }

  async #askBranch(name: string, inquiry: Inquiry): Promise<void> {
    const { onIncident, replica } = this.#context;
    if (replica.frozen(inquiry.origin)) return;
    const answer = await this.#ask(name, { want: 'branch', ...inquiry });
    if (answer === undefined) return;
    const leaf = parseBranchLeaf(answer);
    if (leaf.verdict === 'accept') {
      const found = await replica.watch.forks.compare(inquiry.origin, leaf.value);
      // Unproven: it is on our branch. Anything else that is rejected is no honest answer.
      if (found?.verdict !== 'reject' || found.code === 'evidence_unproven') return;
      onIncident(name, found.code);
    } else if (leaf.code === 'request_malformed' || leaf.code === 'cbor_malformed') {
      onIncident(name, leaf.code);
    }
  }

  #ask(name: string, request: EvidenceRequest): Promise<Uint8Array | undefined> {
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      const options = { protocol: evidenceProtocol, timeoutMs: evidenceTimeoutMs };
      channel = new PeerChannel(this.#context.network, name, options);
      this.#channels.set(name, channel);
    }
    return channel.ask(encodeEvidenceRequest(request));
  }

  async #serve(stream: FrameStream, name: string): Promise<void> {
    for (;;) {
      const frame = await stream.read(tailIdleMs);
      if (frame === undefined || this.#stop.signal.aborted) return;
      const answer = await this.#answer(frame, name);
      if (answer.verdict === 'reject') this.#context.onIncident(name, answer.code);
      const bytes = answer.verdict === 'accept' ? answer.value : encodeRefusal(answer);
      await stream.write(bytes, evidenceTimeoutMs);
    }
  }

  async #answer(frame: Uint8Array, name: string): Promise<Verdict<Uint8Array>> {
    if (!this.#budgets.take(name)) return ignore('member_busy', 'too many messages in this time');
    const request = parseEvidenceRequest(frame);
    if (request.verdict !== 'accept') return request;
    return request.value.want === 'keep'
      ? this.#keep(request.value.evidence)
      : this.#branch(request.value);
  }

  async #keep(evidence: Uint8Array): Promise<Verdict<Uint8Array>> {
    const noted = await this.#context.replica.evidence.note(evidence);
    if (noted.verdict === 'accept' || noted.code === 'evidence_known') {
      return { verdict: 'accept', value: encodeKept() };
    }
    return noted;
  }

  #branch({ origin, size }: Inquiry): Verdict<Uint8Array> {
    const leaf = this.#context.replica.watch.forks.branchLeaf(origin, size);
    return leaf === undefined
      ? ignore('log_unknown', 'nothing of this log is signed here')
      : { verdict: 'accept', value: encodeBranchLeaf(leaf) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    for (const stop of this.#stopListening) stop();
    for (const channel of this.#channels.values()) channel.close();
    await this.#running;
  }
}
