/**
 * Follows every log through every connected member: asks each for its checkpoints once a second, or
 * at once when gossip says that there is more, and pulls what is missing. A log is pulled from the
 * member that writes it; from a mirror only when that member is away or has not delivered for a
 * while. This alone makes replication correct; gossip only makes it faster.
 */
import type { Clock, Cryptography, VerdictCode } from '@callbook/protocol';
import { DirectoryError } from '@callbook/protocol';

import { mirrorPatienceMs, pollIntervalMs } from '../limits.ts';
import type { Network } from '../network/network.ts';
import type { Replica } from '../replica.ts';
import { OwnLogRestorer } from '../restore/own-log-restorer.ts';
import type { Scheduler } from '../scheduler.ts';
import { tailProtocol } from './tail-messages.ts';
import { TailReader } from './tail-reader.ts';

export interface FollowerContext {
  readonly replica: Replica;
  readonly network: Network;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  readonly crypto: Cryptography;
  /** Hears of members that break a rule. */
  readonly onIncident: (memberName: string, code: VerdictCode) => void;
}

export class LogFollower implements AsyncDisposable {
  readonly #context: FollowerContext;
  readonly #stop = new AbortController();
  /** Loops by member; each sleeps until its signal is aborted or a second has passed. */
  readonly #following = new Map<string, Promise<void>>();
  readonly #sleeping = new Map<string, AbortController>();
  /** Members to look at again as soon as their loop is done with what it is at. */
  readonly #woken = new Set<string>();
  readonly #pulling = new Set<string>();
  /** Since when a log has been known to be longer than what is stored. */
  readonly #behindSinceMs = new Map<string, number>();
  readonly #restorer: OwnLogRestorer;
  readonly #stopListening: () => void;

  constructor(context: FollowerContext) {
    this.#context = context;
    this.#restorer = new OwnLogRestorer(context);
    this.#stopListening = context.network.onConnect((name) => this.#follow(name));
    for (const name of context.network.connected()) this.#follow(name);
  }

  /** Looks at once for more of a log: at its own member, or else at the one that told of it. */
  wake(origin: string, toldBy: string): void {
    const writer = this.#context.replica.membership.byOrigin(origin)?.member.name;
    const name = writer !== undefined && this.#following.has(writer) ? writer : toldBy;
    this.#woken.add(name);
    this.#sleeping.get(name)?.abort();
  }

  #follow(name: string): void {
    if (this.#stop.signal.aborted || this.#following.has(name)) return;
    const loop = this.#followUntilLost(name).finally(() => {
      this.#following.delete(name);
      // A connection that came while the loop before was ending was not begun with.
      const { network, replica } = this.#context;
      if (replica.failure === undefined && network.connected().includes(name)) this.#follow(name);
    });
    this.#following.set(name, loop);
  }

  /** Ends when the connection is lost; the next connection begins anew. */
  async #followUntilLost(name: string): Promise<void> {
    const { network, scheduler } = this.#context;
    const { signal } = this.#stop;
    // The first round asks nobody whether there is a connection: who is told of one may be early.
    do {
      try {
        const reader = new TailReader(
          await network.open(name, tailProtocol),
          this.#context.replica,
        );
        await this.#readUntilBroken(reader, name);
      } catch (error) {
        if (!(error instanceof DirectoryError)) throw error;
        if (this.#context.replica.failure !== undefined) return;
      }
      await scheduler.delay(pollIntervalMs, signal);
    } while (!signal.aborted && network.connected().includes(name));
  }

  async #readUntilBroken(reader: TailReader, name: string): Promise<void> {
    const { signal } = this.#stop;
    const abort = (): void => reader.abort();
    signal.addEventListener('abort', abort);
    try {
      while (!signal.aborted && (await this.#round(reader, name))) await this.#sleep(name);
    } finally {
      signal.removeEventListener('abort', abort);
      // Pages may still be under way, so the stream is not used again.
      reader.abort();
    }
  }

  /** One round: checkpoints, then what is missing. False when the stream is of no more use. */
  async #round(reader: TailReader, name: string): Promise<boolean> {
    const { replica } = this.#context;
    const checkpoints = await reader.checkpoints();
    if (checkpoints === undefined) return false;
    if (checkpoints.verdict !== 'accept') return this.#refused(name, checkpoints);
    const ours = checkpoints.value.find(([origin]) => origin === replica.origin);
    const lost = await this.#restorer.hear(name, ours?.[1], reader);
    if (lost !== undefined) return this.#refused(name, lost);
    for (const [origin, note] of checkpoints.value) {
      if (origin === replica.origin) continue;
      const learned = replica.learn(origin, note);
      if (learned.verdict === 'reject') return this.#refused(name, learned);
      if (learned.verdict === 'ignore' || !this.#mayPull(origin, name)) continue;
      this.#pulling.add(origin);
      try {
        const refusal = await reader.pull(origin);
        if (refusal !== undefined) return this.#refused(name, refusal);
      } finally {
        this.#pulling.delete(origin);
      }
    }
    return true;
  }

  #mayPull(origin: string, name: string): boolean {
    const { clock, replica } = this.#context;
    if (replica.expectedSize(origin) >= replica.signedSize(origin)) {
      this.#behindSinceMs.delete(origin);
      return false;
    }
    if (this.#pulling.has(origin)) return false;
    const writer = replica.membership.byOrigin(origin)?.member.name;
    if (writer === name || writer === undefined || !this.#following.has(writer)) return true;
    const nowMs = clock.nowMs();
    // A clock that was set back must not make the wait longer.
    const sinceMs = Math.min(this.#behindSinceMs.get(origin) ?? nowMs, nowMs);
    this.#behindSinceMs.set(origin, sinceMs);
    return nowMs - sinceMs > mirrorPatienceMs;
  }

  #refused(
    name: string,
    { verdict, code }: { readonly verdict: string; readonly code: VerdictCode },
  ): boolean {
    // What is ignored may be honest: gossip was faster, or the other side is behind.
    if (verdict === 'reject') this.#context.onIncident(name, code);
    return false;
  }

  async #sleep(name: string): Promise<void> {
    if (this.#woken.delete(name)) return;
    const wake = new AbortController();
    this.#sleeping.set(name, wake);
    const signal = AbortSignal.any([wake.signal, this.#stop.signal]);
    await this.#context.scheduler.delay(pollIntervalMs, signal);
    this.#sleeping.delete(name);
    this.#woken.delete(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#stopListening();
    await Promise.allSettled(this.#following.values());
  }
}
