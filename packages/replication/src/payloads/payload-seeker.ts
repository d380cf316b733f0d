/**
 * Asks other members for payloads that are missing here: of entries in force whose leaf came without
 * one, because its sender had none or kept it back. What is missing stands in rows of the store, so
 * nothing is forgotten by a restart; what a member said it has not is remembered for a while.
 */
import type { Clock, VerdictCode } from '@callbook/protocol';
import { DirectoryError } from '@callbook/protocol';

import {
  payloadAskAgainMs,
  payloadRefusalsKeptMax,
  payloadRoundMs,
  payloadsPerRoundMax,
  payloadsTimeoutMs,
  payloadsWantedMax,
} from '../limits.ts';
import type { Network } from '../network/network.ts';
import type { Replica } from '../replica.ts';
import type { Scheduler } from '../scheduler.ts';
import {
  encodePayloadsRequest,
  parsePayloadsAnswer,
  payloadsProtocol,
} from './payload-messages.ts';
import type { WantedPayload } from './payload-messages.ts';

export interface PayloadSeekerContext {
  readonly replica: Replica;
  readonly network: Network;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Hears of members that break a rule. */
  readonly onIncident: (memberName: string, code: VerdictCode) => void;
}

export class PayloadSeeker implements AsyncDisposable {
  readonly #context: PayloadSeekerContext;
  readonly #stop = new AbortController();
  readonly #seeking: Promise<void>;
  /** Until when a member is not asked again for a payload, oldest first. */
  readonly #refusedUntilMs = new Map<string, number>();
  /** Label after which the next round begins. */
  #after: Uint8Array | undefined;
  /** Member that is asked first, so that each gets its share. */
  #turn = 0;

  constructor(context: PayloadSeekerContext) {
    this.#context = context;
    this.#seeking = this.#seek();
  }

  async #seek(): Promise<void> {
    const { replica, scheduler } = this.#context;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await scheduler.delay(payloadRoundMs, signal);
      if (signal.aborted || replica.failure !== undefined) return;
      await this.#round();
    }
  }

  /** One stretch of what is missing, asked of each connected member until somebody has it. */
  async #round(): Promise<void> {
    const { network, replica } = this.#context;
    const connected = network.connected();
    if (connected.length === 0) return;
    let wanted: readonly WantedPayload[] = await replica.payloads.missing(
      this.#after,
      payloadsPerRoundMax,
    );
    this.#after = wanted.length < payloadsPerRoundMax ? undefined : wanted.at(-1)!.label;
    this.#turn++;
    for (let offset = 0; offset < connected.length && wanted.length > 0; offset++) {
      const name = connected[(this.#turn + offset) % connected.length]!;
      wanted = await this.#askFor(wanted, name);
    }
  }

  /** Asks one member, a request at a time; returns what is still missing. */
  async #askFor(wanted: readonly WantedPayload[], name: string): Promise<readonly WantedPayload[]> {
    const nowMs = this.#context.clock.nowMs();
    const refused = wanted.filter((one) => this.#isRefused(name, one, nowMs));
    const asked = wanted.filter((one) => !refused.includes(one));
    const missing = [...refused];
    for (let start = 0; start < asked.length && !this.#stop.signal.aborted;) {
      const group = asked.slice(start, start + payloadsWantedMax);
      start += group.length;
      try {
        missing.push(...(await this.#ask(group, name)));
      } catch (error) {
        if (!(error instanceof DirectoryError)) throw error;
        // The member is away or the store has failed: nothing is learned of the payloads.
        return [...missing, ...group, ...asked.slice(start)];
      }
    }
    return missing;
  }

  async #ask(group: readonly WantedPayload[], name: string): Promise<WantedPayload[]> {
    const { network, replica, onIncident } = this.#context;
    const stream = await network.open(name, payloadsProtocol);
    try {
      await stream.write(encodePayloadsRequest(group), payloadsTimeoutMs);
      const frame = await stream.read(payloadsTimeoutMs);
      if (frame === undefined) return [...group];
      const answer = parsePayloadsAnswer(frame, group.length);
      if (answer.verdict === 'reject') onIncident(name, answer.code);
      const missing: WantedPayload[] = [];
      for (const [position, wanted] of group.entries()) {
        const opened = answer.verdict === 'accept' ? answer.value[position] : null;
        const supplied = opened == null ? undefined : await replica.payloads.supply(wanted, opened);
        if (supplied?.verdict === 'accept') continue;
        // "One that fails is treated as missing": of it, too, this member is not asked again soon.
        if (supplied?.verdict === 'reject') onIncident(name, supplied.code);
        this.#refuse(name, wanted);
        missing.push(wanted);
      }
      return missing;
    } finally {
      await stream.close();
    }
  }

  #isRefused(name: string, wanted: WantedPayload, nowMs: number): boolean {
    const leftMs = (this.#refusedUntilMs.get(refusalName(name, wanted)) ?? nowMs) - nowMs;
    // A clock that was set back must not make the wait longer.
    return leftMs > 0 && leftMs <= payloadAskAgainMs;
  }

  #refuse(name: string, wanted: WantedPayload): void {
    const key = refusalName(name, wanted);
    this.#refusedUntilMs.delete(key);
    this.#refusedUntilMs.set(key, this.#context.clock.nowMs() + payloadAskAgainMs);
    if (this.#refusedUntilMs.size > payloadRefusalsKeptMax) {
      this.#refusedUntilMs.delete(this.#refusedUntilMs.keys().next().value!);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#seeking;
  }
}

function refusalName(name: string, { commitment }: WantedPayload): string {
  return `${name} ${commitment.toHex()}`;
}
