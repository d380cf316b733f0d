/**
 * The two steps by which a claimant shows control of an identifier: ask for a code, give the
 * answer. Asking never looks at the directory: until the answer is right, a held identifier and a
 * free one are told apart by nothing, neither text nor status nor time.
 */
import type { Clock, Cryptography, Identifier, Random } from '@callbook/protocol';
import { ApiError } from '../errors.ts';
import type { ApiLimits } from '../limits.ts';
import type { CodeSender } from '../ports.ts';
import { ChallengeStore } from './challenge-store.ts';
import type { PassedChallenge } from './challenge-store.ts';
import { assertHostFits, challengeText } from './challenge-text.ts';
import { sealCode } from './sealed-code.ts';
import type { ChallengeForm, SealedCodeRequest } from './sealed-code.ts';
import { SendBudget } from './send-budget.ts';

/** What carries a code, by the identifier's scheme. */
type ChallengeChannel = 'sms' | 'email' | 'sip';

export interface ChallengeDeskPorts {
  readonly codeSender: CodeSender;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Cryptography;
}

export interface OpenedChallenge {
  readonly challengeId: string;
  readonly expiresAtMs: number;
  /** 32 bytes. */
  readonly enc: Uint8Array;
  readonly channel: ChallengeChannel;
  readonly form: ChallengeForm;
}

export class ChallengeDesk {
  readonly #store: ChallengeStore;
  readonly #budget: SendBudget;
  readonly #ports: ChallengeDeskPorts;
  readonly #host: string;

  /** `host` is the domain that messages name. Throws `host_malformed` or `host_too_long`. */
  constructor(host: string, limits: ApiLimits, ports: ChallengeDeskPorts) {
    assertHostFits(host);
    this.#host = host;
    this.#ports = ports;
    this.#store = new ChallengeStore(limits, ports.random);
    this.#budget = new SendBudget(limits, ports);
  }

  /**
   * Sends a code and opens its challenge.
   *
   * Throws `session_key_invalid`, `challenge_rate_limited` or `channel_unavailable`.
   */
  async open(request: SealedCodeRequest): Promise<OpenedChallenge> {
    const { identifier, authority, form } = request;
    this.#store.assertRoom(this.#ports.clock.nowMs());
    const { enc, code, proof } = await sealCode(request, this.#ports);

    // No await from here to the store: two requests cannot both take the last of the budget.
    const nowMs = this.#ports.clock.nowMs();
    this.#store.assertRoom(nowMs);
    this.#spend(identifier, nowMs);
    const opened = this.#store.open({ identifier, authority, proof }, nowMs);

    await this.#send({ identifier, form, code, challengeId: opened.challengeId });
    return { ...opened, enc, channel: channelOf(identifier), form };
  }

  /** Judges an answer; errors as `ChallengeStore.answer`. */
  answer(challengeId: string, proof: Uint8Array): PassedChallenge {
    return this.#store.answer(challengeId, proof, this.#ports.clock.nowMs());
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
  }

  #spend(identifier: Identifier, nowMs: number): void {
    const waitMs = this.#budget.spend(identifier, nowMs);
    if (waitMs === 0) return;
    throw new ApiError('challenge_rate_limited', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
  }

  async #send(message: {
    readonly identifier: Identifier;
    readonly form: ChallengeForm;
    readonly code: string;
    readonly challengeId: string;
  }): Promise<void> {
    const { identifier, form, code, challengeId } = message;
    const text = challengeText({ form, host: this.#host, code });
    try {
      await this.#ports.codeSender.send({ to: identifier, text, code });
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
