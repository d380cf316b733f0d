/**
 * Asks the other members how long this member's own log is at theirs, and fetches back what is
 * missing. It rides on the rounds of the follower, which asks every connected member for its
 * checkpoints once a second anyway; so it also notices, at any time later, what the store has lost.
 */
import type { Clock, Cryptography, Refusal, VerifierKey } from '@callbook/protocol';
import { ignore, reject } from '@callbook/protocol';

import { ownLeavesPatienceMs, ownLogPatienceMs } from '../limits.ts';
import type { Network } from '../network/network.ts';
import type { Replica } from '../replica.ts';
import { tailProtocol } from '../tail/tail-messages.ts';
import { TailReader } from '../tail/tail-reader.ts';
import { searchBranch } from './branch-search.ts';

export interface OwnLogRestorerContext {
  readonly replica: Replica;
  readonly network: Network;
  readonly clock: Clock;
  readonly crypto: Cryptography;
}

export class OwnLogRestorer {
  readonly #context: OwnLogRestorerContext;
  /** True while leaves come back: from one member at a time. */
  #fetching = false;
  /** Since when enough members have told. */
  #completeSinceMs: number | undefined;
  /** Since when leaves have been missing that nobody has given. */
  #missingSinceMs: number | undefined;

  constructor(context: OwnLogRestorerContext) {
    this.#context = context;
  }

  /**
   * Hears the newest checkpoint of our log that a member has, or undefined when it has none. Answers
   * with a refusal when the reader's stream is of no more use.
   */
  async hear(
    memberName: string,
    note: string | undefined,
    reader: TailReader,
  ): Promise<Refusal | undefined> {
    const { ownLog } = this.#context.replica;
    if (note !== undefined && note !== ownLog.log.checkpoint) {
      const compared = await ownLog.compare(note);
      if (compared.verdict !== 'accept') return compared;
      const { size } = compared.value;
      if (size > ownLog.log.size) {
        const refusal = await this.#fetch(memberName, note, reader);
        if (refusal !== undefined) return refusal;
      }
      if (size > ownLog.log.size) {
        this.#noteMissing();
        return undefined;
      }
      this.#missingSinceMs = undefined;
    }
    if (ownLog.state !== 'unconfirmed') return undefined;
    ownLog.told(memberName);
    if (this.#isDue()) await ownLog.confirm();
    return undefined;
  }

  /** A member knows of leaves that it has not got itself; somebody else may, and is asked in turn. */
  #noteMissing(): void {
    const { clock, replica } = this.#context;
    const nowMs = clock.nowMs();
    // A clock that was set back must not make the wait longer.
    this.#missingSinceMs = Math.min(this.#missingSinceMs ?? nowMs, nowMs);
    if (nowMs - this.#missingSinceMs >= ownLeavesPatienceMs) replica.ownLog.giveUp();
  }

  async #fetch(memberName: string, note: string, reader: TailReader): Promise<Refusal | undefined> {
    const { replica } = this.#context;
    if (this.#fetching) return undefined;
    this.#fetching = true;
    try {
      const learned = replica.learn(replica.origin, note);
      // Two members show two roots that we have signed for one size.
      if (learned.verdict === 'reject' && learned.code === 'log_forked') {
        await replica.ownLog.contradict(note);
      }
      if (learned.verdict !== 'accept') return learned;
      const refusal = await reader.pull(replica.origin);
      return refusal?.code === 'batch_root_mismatch' ? await this.#judge(memberName) : refusal;
    } finally {
      this.#fetching = false;
    }
  }

  /** Finds out who is wrong: the member's leaves do not follow on ours. */
  async #judge(memberName: string): Promise<Refusal> {
    const { network, replica, crypto } = this.#context;
    const { ownLog, origin } = replica;
    // On a stream of its own: pages that were asked for may still be under way on the other.
    const reader = new TailReader(await network.open(memberName, tailProtocol), replica);
    try {
      const { logKey } = replica.membership.byOrigin(origin) as { logKey: VerifierKey };
      const page = (first: number) => reader.page(origin, first);
      const branch = await searchBranch(page, { log: ownLog.log, logKey, crypto });
      if (branch === undefined) {
        return reject('batch_root_mismatch', 'the member shows leaves that our log never had');
      }
      await ownLog.contradict(branch);
      return ignore('own_log_contradicted', 'our own log has another branch');
    } finally {
      reader.abort();
    }
  }

  /** The others are waited for a moment longer, although enough have told: these may be behind. */
  #isDue(): boolean {
    const { replica, clock } = this.#context;
    if (!replica.ownLog.isComplete) {
      this.#completeSinceMs = undefined;
      return false;
    }
    const nowMs = clock.nowMs();
    // A clock that was set back must not make the wait longer.
    this.#completeSinceMs = Math.min(this.#completeSinceMs ?? nowMs, nowMs);
    const { members } = replica.membership;
    const others = members.filter(({ member }) => member.name !== replica.memberName);
    if (others.every(({ member }) => replica.ownLog.hasTold(member.name))) return true;
    return nowMs - this.#completeSinceMs >= ownLogPatienceMs;
  }
}
