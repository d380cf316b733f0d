/**
 * Cosigning among members: gathers cosignatures for the own log, tells what has become agreed, and
 * once a second compares with every connected member how far the logs are agreed and which root the
 * index has. What is lost on the way is made up for by the next comparison.
 */
import type { Clock, Cryptography, VerdictCode } from '@callbook/protocol';
import { DirectoryError } from '@callbook/protocol';

import { agreedPatienceMs, cosignRetryMs, cosignTimeoutMs, pollIntervalMs } from '../limits.ts';
import type { Network } from '../network/network.ts';
import type { Replica } from '../replica.ts';
import type { Scheduler } from '../scheduler.ts';
import { CheckpointGatherer } from './checkpoint-gatherer.ts';
import { cosignProtocol, encodeAgreed, encodeCompare, parseComparison } from './cosign-messages.ts';
import { CosignServer } from './cosign-server.ts';
import { PeerChannel } from './peer-channel.ts';

export interface CosignExchangeContext {
  readonly replica: Replica;
  readonly network: Network;
  readonly crypto: Cryptography;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Looks for more of a log. */
  readonly wake: (origin: string, toldBy: string) => void;
  /** Hears of members that break a rule. */
  readonly onIncident: (memberName: string, code: VerdictCode) => void;
}

export class CosignExchange implements AsyncDisposable {
  readonly #context: CosignExchangeContext;
  readonly #server: CosignServer;
  readonly #channels = new Map<string, PeerChannel>();
  readonly #gatherers = new Map<string, CheckpointGatherer>();
  /** Comparisons that are under way, by member. */
  readonly #comparing = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();
  readonly #stopListening: readonly (() => void)[];
  readonly #running: Promise<unknown>;
  #wake = new AbortController();

  private constructor(context: CosignExchangeContext, server: CosignServer) {
    const { replica, onIncident } = context;
    this.#context = context;
    this.#server = server;
    this.#stopListening = [
      replica.onChange(({ origin, size }) => {
        replica.cosigning.agreed.grown(origin, size);
        if (origin === replica.origin) this.#wake.abort();
      }),
      replica.cosigning.roots.onContradiction(({ memberName }) =>
        onIncident(memberName, 'index_root_differs'),
      ),
    ];
    this.#running = Promise.all([this.#gatherOwn(), this.#compareWithAll()]);
  }

  static async open(context: CosignExchangeContext): Promise<CosignExchange> {
    const server = new CosignServer(context);
    await context.network.serve(cosignProtocol, (stream, name) => server.serve(stream, name));
    return new CosignExchange(context, server);
  }

  /** Gathers for the own log: at most one agreed checkpoint in an interval, and soon after a leaf. */
  async #gatherOwn(): Promise<void> {
    const { clock, replica, scheduler } = this.#context;
    const { signal } = this.#stop;
    const gatherer = this.#gathererOf(replica.origin);
    while (!this.#isStopped) {
      this.#wake = new AbortController();
      if (!gatherer.isBehind) {
        await scheduler.delay(pollIntervalMs, AbortSignal.any([this.#wake.signal, signal]));
        continue;
      }
      const begunAtMs = clock.nowMs();
      const agreed = await this.#gather(gatherer);
      replica.pace.cosigned(clock.nowMs() - begunAtMs);
      await scheduler.delay(agreed ? replica.pace.cosignMs : cosignRetryMs, signal);
    }
  }

  /** One round; true when it has made a checkpoint agreed, and the others are being told. */
  async #gather(gatherer: CheckpointGatherer): Promise<boolean> {
    try {
      const agreed = await gatherer.round(this.#stop.signal);
      if (agreed === undefined) return false;
      const frame = encodeAgreed(agreed);
      for (const name of this.#context.network.connected()) void this.#ask(name, frame);
      return true;
    } catch (error) {
      if (error instanceof DirectoryError) return false;
      throw error;
    }
  }

  async #compareWithAll(): Promise<void> {
    const { network, scheduler } = this.#context;
    const { signal } = this.#stop;
    /** How long each log has had a signed checkpoint that is not agreed, its member being away. */
    const orphanedMs = new Map<string, number>();
    while (!this.#isStopped) {
      await scheduler.delay(pollIntervalMs, signal);
      if (this.#isStopped) return;
      await this.#compareWith(network.connected());
      await this.#gatherForOthers(orphanedMs);
    }
  }

  /**
   * Waits for their answers as long as until the next round: a member that is silent holds up its own
   * comparison, not what is done for members that are away.
   */
  async #compareWith(names: readonly string[]): Promise<void> {
    for (const name of names) {
      if (this.#comparing.has(name)) continue;
      const comparison = this.#compare(name).finally(() => this.#comparing.delete(name));
      this.#comparing.set(name, comparison);
    }
    const answered = new AbortController();
    const under = Promise.allSettled(this.#comparing.values());
    void under.then(() => answered.abort());
    const { scheduler } = this.#context;
    const ended = AbortSignal.any([answered.signal, this.#stop.signal]);
    await scheduler.delay(pollIntervalMs, ended);
  }

  async #compare(name: string): Promise<void> {
    const { onIncident, replica } = this.#context;
    const origin = replica.membership.byName(name)?.logKey.name;
    if (origin === undefined) return;
    const root = replica.indexRoot ?? null;
    if (root !== null) replica.cosigning.roots.offer(replica.origin, root);
    const sizes = new Map(
      replica.logSizes().map((log) => [log.origin, replica.cosigning.agreed.size(log.origin)]),
    );
    const answer = await this.#ask(name, encodeCompare(root, sizes));
    if (answer === undefined) return;
    const comparison = parseComparison(answer);
    if (comparison.verdict !== 'accept') {
      if (comparison.verdict === 'reject') onIncident(name, comparison.code);
      return;
    }
    if (comparison.value.root !== null) {
      const offered = replica.cosigning.roots.offer(origin, comparison.value.root);
      if (offered.verdict === 'reject' && offered.code !== 'index_root_differs') {
        onIncident(name, offered.code);
      }
    }
    for (const note of comparison.value.agreed) await this.#takeAgreed(name, note);
  }

  async #takeAgreed(name: string, note: string): Promise<void> {
    try {
      const verdict = await this.#context.replica.cosigning.agreed.offer(note);
      const honest = verdict.verdict !== 'reject' || mayBeHonest.has(verdict.code);
      if (!honest) this.#context.onIncident(name, verdict.code);
    } catch (error) {
      if (!(error instanceof DirectoryError)) throw error;
    }
  }

  /** Where a log's member is away, its last checkpoints become agreed without it. */
  async #gatherForOthers(orphanedMs: Map<string, number>): Promise<void> {
    const { network, replica } = this.#context;
    const connected = new Set(network.connected());
    for (const { logKey, member } of replica.membership.members) {
      const origin = logKey.name;
      const isAway = member.name !== replica.memberName && !connected.has(member.name);
      if (!isAway || !this.#gathererOf(origin).isBehind) {
        orphanedMs.delete(origin);
        continue;
      }
      const waitedMs = (orphanedMs.get(origin) ?? 0) + pollIntervalMs;
      orphanedMs.set(origin, waitedMs);
      if (waitedMs > agreedPatienceMs) await this.#gather(this.#gathererOf(origin));
    }
  }

  #gathererOf(origin: string): CheckpointGatherer {
    let gatherer = this.#gatherers.get(origin);
    if (gatherer === undefined) {
      const { network } = this.#context;
      gatherer = new CheckpointGatherer(origin, {
        ...this.#context,
        ask: (name, request) => this.#ask(name, request),
        connected: () => network.connected(),
      });
      this.#gatherers.set(origin, gatherer);
    }
    return gatherer;
  }

  #ask(name: string, request: Uint8Array): Promise<Uint8Array | undefined> {
    let channel = this.#channels.get(name);
    if (channel === undefined) {
      const options = { protocol: cosignProtocol, timeoutMs: cosignTimeoutMs };
      channel = new PeerChannel(this.#context.network, name, options);
      this.#channels.set(name, channel);
    }
    return channel.ask(request);
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted || this.#context.replica.failure !== undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#server.stop();
    for (const stopListening of this.#stopListening) stopListening();
    for (const channel of this.#channels.values()) channel.close();
    await this.#running;
    await Promise.allSettled(this.#comparing.values());
  }
}

/** A sender may hold another charter, or have seen another side of a fork. */
const mayBeHonest: ReadonlySet<VerdictCode> = new Set([
  'checkpoint_quorum_missing',
  'log_forked',
  'log_unknown',
]);
