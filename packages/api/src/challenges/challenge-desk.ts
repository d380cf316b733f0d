/**
 * The two steps by which a claimant shows control of an identifier: ask for a code, give the
 * answer. Asking never looks at the directory: until the answer is right, a held identifier and a
 * free one are told apart by nothing, neither text nor status nor time.
 */
import { encodeBase64Url } from '@callbook/protocol';
import type { Clock, Cryptography, Identifier, Random } from '@callbook/protocol';
import { ApiError } from '../errors.ts';
import type { ApiLimits } from '../limits.ts';
import type { CodeSender, IdentifierLabel } from '../ports.ts';
import { ChallengeStore } from './challenge-store.ts';
import type { PassedChallenge } from './challenge-store.ts';
import { assertHostFits, challengeText } from './challenge-text.ts';
import { sealCode } from './sealed-code.ts';
import type { ChallengeForm, SealedCodeRequest } from './sealed-code.ts';
import { SendBudget } from './send-budget.ts';
import type { SendGuard } from './send-guard.ts';
import { WrongAnswers } from './wrong-answers.ts';

/** What carries a code, by the identifier's scheme. */
type ChallengeChannel = 'sms' | 'email' | 'sip';

export interface ChallengeDeskPorts {
  readonly codeSender: CodeSender;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Cryptography;
  /** Where codes to numbers cost money. */
  readonly sendGuard?: SendGuard | undefined;
}

export interface OpenedChallenge {
  readonly challengeId: string;
  readonly expiresAtMs: number;
  /** 32 bytes. */
  readonly enc: Uint8Array;
  readonly channel: ChallengeChannel;
  readonly form: ChallengeForm;
}

export interface ChallengeRequest extends SealedCodeRequest {
  /** An Android app that reads the SMS; other channels have no use for it. */
  readonly appHash?: string | undefined;
}

export class ChallengeDesk {
  readonly #store: ChallengeStore;
  readonly #budget: SendBudget;
  readonly #wrongAnswers: WrongAnswers;
  readonly #ports: ChallengeDeskPorts;
  readonly #host: string;

  /** `host` is the domain that messages name. Throws `host_malformed` or `host_too_long`. */
  constructor(host: string, limits: ApiLimits, ports: ChallengeDeskPorts) {
    assertHostFits(host);
    this.#host = host;
    this.#ports = ports;
    this.#store = new ChallengeStore(limits, ports.random);
    this.#budget = new SendBudget(limits, ports);
    this.#wrongAnswers = new WrongAnswers(limits.wrongAnswersPerHourMax);
    ports.codeSender.onReceipt?.(({ sendId, isDelivered }) => {
      // A delivered code is not an answered one.
      if (!isDelivered) ports.sendGuard?.settle(sendId, false, ports.clock.nowMs());
    });
  }

  /**
   * Sends a code and opens its challenge.
   *
   * Throws `session_key_invalid`, `identifier_not_served`, `challenge_rate_limited` or
   * `channel_unavailable`.
   */
  async open(request: ChallengeRequest): Promise<OpenedChallenge> {
    const { identifier, authority, form, appHash } = request;
    // No await from here to the store: two requests cannot both take the last of the budget.
    const nowMs = this.#ports.clock.nowMs();
    this.#assertSendable(request, nowMs);
    const { enc, code, proof } = sealCode(request, this.#ports);
    this.#assertNoWait(this.#budget.spend(identifier, nowMs));
    const opened = this.#store.open({ identifier, authority, form, proof }, nowMs);
    const { challengeId } = opened;
    this.#ports.sendGuard?.take(identifier, this.#sendIdOf(challengeId), nowMs);

    await this.#send({ identifier, form, code, appHash, challengeId });
    return { ...opened, enc, channel: channelOf(identifier), form };
  }

  /**
   * Judges an answer; errors as `ChallengeStore.answer`, and `challenge_rate_limited` while digits are
   * guessed at this member: the right ones would tell whoever guesses.
   */
  answer(challengeId: string, proof: Uint8Array): PassedChallenge {
    const nowMs = this.#ports.clock.nowMs();
    const { identifier, form } = this.#store.peek(challengeId, nowMs);
    if (form === 'digits') this.#assertNoWait(this.#wrongAnswers.waitMs(identifier, nowMs));
    try {
      const passed = this.#store.answer(challengeId, proof, nowMs);
      this.#ports.sendGuard?.settle(this.#sendIdOf(challengeId), true, nowMs);
      return passed;
    } catch (error) {
      const isWrong = error instanceof ApiError && error.code === 'challenge_answer_wrong';
      if (isWrong && form === 'digits') this.#wrongAnswers.count(identifier, nowMs);
      throw error;
    }
  }

  /** Keeps what a right answer was answered with: the entry to come is held against it. */
  tell(challengeId: string, told: IdentifierLabel): void {
    this.#store.tell(challengeId, told);
  }

  /** Binds passed challenges to an entry; errors as `ChallengeStore.claim`. */
  claim(challengeIds: readonly string[], entryId: Uint8Array): void {
    this.#store.claim(challengeIds, entryId, this.#ports.clock.nowMs());
  }

  /** Reads a passed challenge; errors as `ChallengeStore.passed`. */
  passed(challengeId: string): PassedChallenge {
    return this.#store.passed(challengeId, this.#ports.clock.nowMs());
  }

  /** Frees a challenge whose entry was refused. */
  unclaim(challengeId: string, entryId: Uint8Array): void {
    this.#store.unclaim(challengeId, entryId);
  }

  /** Drops what is over, so that an idle member does not keep identifiers in memory. */
  forget(): void {
    const nowMs = this.#ports.clock.nowMs();
    this.#store.forget(nowMs);
    this.#budget.forget(nowMs);
    this.#ports.sendGuard?.forget(nowMs);
  }

  /** Everything that speaks against sending now; takes nothing. */
  #assertSendable({ identifier, form }: SealedCodeRequest, nowMs: number): void {
    this.#store.assertRoom(nowMs);
    this.#assertNoWait(this.#ports.sendGuard?.waitMs(identifier, nowMs) ?? 0);
    if (form === 'digits') this.#assertNoWait(this.#wrongAnswers.waitMs(identifier, nowMs));
  }

  #assertNoWait(waitMs: number): void {
    if (waitMs <= 0) return;
    throw new ApiError('challenge_rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
  }

  /** What gateways see: the id of the challenge cannot be read from it. */
  #sendIdOf(challengeId: string): string {
    const name = new TextEncoder().encode(`callbook/1 send\n${challengeId}`);
    return encodeBase64Url(this.#ports.crypto.sha256(name).subarray(0, 16));
  }

  async #send(message: {
    readonly identifier: Identifier;
    readonly form: ChallengeForm;
    readonly code: string;
    readonly appHash: string | undefined;
    readonly challengeId: string;
  }): Promise<void> {
    const { identifier, form, code, challengeId } = message;
    const appHash = identifier.startsWith('tel:') ? message.appHash : undefined;
    const text = challengeText({ form, host: this.#host, code, appHash });
    const sendId = this.#sendIdOf(challengeId);
    try {
      await this.#ports.sendGuard?.secure();
      await this.#ports.codeSender.send({ to: identifier, text, code, sendId });
    } catch (cause) {
      this.#store.drop(challengeId);
      throw new ApiError('channel_unavailable', { cause });
    }
  }
}

function channelOf(identifier: Identifier): ChallengeChannel {
  if (identifier.startsWith('tel:')) return 'sms';
  return identifier.startsWith('mailto:') ? 'email' : 'sip';
}
