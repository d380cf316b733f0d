/**
 * Takes tokens in: verifies them under the issuers' stated keys, and has each marked as spent by the one
 * member that keeps its mark. Where that member cannot be asked, the token is not taken: a federation in two
 * halves would otherwise take every token twice. Whoever asks tries another token, most of which have other
 * keepers.
 *
 * A member is asked to mark a token by being shown the token itself: whoever has a good one may spend it, so
 * nothing has to say who asks. The keeper learns that some token was spent, and not on what.
 */
import { concatBytes, encodeToken, keeperOf, parseToken, spentIdOf } from '@callbook/protocol';
import type { Charter, Cryptography, Random, Token } from '@callbook/protocol';
import { ApiError } from '../errors.ts';
import type { MemberConnections } from '../oblivious/member-connections.ts';
import { verifyToken } from './issuer-key.ts';
import { keeperAnswerMsMax, redemptionBytes } from './limits.ts';
import type { SpentMarks } from './spent-marks.ts';
import type { BoardKey, TokenBoard } from './token-board.ts';

export interface RedeemerParts {
  readonly charter: () => Charter;
  readonly memberName: string;
  readonly board: TokenBoard;
  readonly marks: SpentMarks;
  readonly connections: Pick<MemberConnections, 'ask'>;
  readonly crypto: Cryptography;
  readonly random: Random;
  /** Told of a token whose key is not known: it may have been stated since. */
  readonly onKeyUnknown: () => void;
}

export const spentTokenMediaType = 'application/callbook-spent-token';

export class Redeemer {
  readonly #parts: RedeemerParts;

  constructor(parts: RedeemerParts) {
    this.#parts = parts;
  }

  /** Spends a token. Throws `token_invalid`, `token_spent` or `token_unchecked`. */
  async redeem(token: Token): Promise<void> {
    const { charter, crypto, memberName, random } = this.#parts;
    const { period } = this.#verified(token);
    const spentId = spentIdOf(token, crypto);
    const keeper = keeperOf(spentId, charter(), crypto);
    const redemption = random.bytes(redemptionBytes);
    const isFirst =
      keeper.name === memberName
        ? await this.#parts.marks.spend({ period, spentId, redemption })
        : await this.#askKeeper(keeper.api, token, redemption);
    if (!isFirst) throw new ApiError('token_spent');
  }

  /**
   * Marks a token that another member was given, by what that member sends; true when it was not marked
   * before. Throws `token_invalid`, or `token_unchecked` where another member keeps the mark.
   */
  async spendFor(octets: Uint8Array): Promise<boolean> {
    const { charter, crypto, marks, memberName } = this.#parts;
    const at = octets.length - redemptionBytes;
    const token = parseToken(octets.slice(0, Math.max(0, at)));
    if (token.verdict !== 'accept') throw new ApiError('token_invalid');
    const { period } = this.#verified(token.value);
    const spentId = spentIdOf(token.value, crypto);
    // For a moment, members may go by different charters.
    if (keeperOf(spentId, charter(), crypto).name !== memberName) throw unchecked();
    return await marks.spend({ period, spentId, redemption: octets.slice(at) });
  }

  #verified(token: Token): BoardKey {
    const boardKey = this.#parts.board.keyOf(token.tokenKeyId);
    if (boardKey === undefined) this.#parts.onKeyUnknown();
    const isGood =
      boardKey !== undefined &&
      boardKey.challengeDigest.toHex() === token.challengeDigest.toHex() &&
      verifyToken(token, boardKey.verifier);
    if (!isGood) throw new ApiError('token_invalid');
    return boardKey;
  }

  async #askKeeper(api: string, token: Token, redemption: Uint8Array): Promise<boolean> {
    const octets = concatBytes(encodeToken(token), redemption);
    const asked = this.#parts.connections.ask({
      api,
      path: '/v1/spent-tokens',
      content: { mediaType: spentTokenMediaType, octets },
      answerBytesMax: 1024,
    });
    const answer = await within(asked, keeperAnswerMsMax);
    const [isFirst] = answer?.octets ?? [];
    if (answer?.status !== 200 || answer.octets.length !== 1 || isFirst === undefined) {
      throw unchecked();
    }
    return isFirst === 1;
  }
}

function unchecked(): ApiError {
  return new ApiError('token_unchecked', { retryAfterSeconds: 2 });
}

/** Resolves with nothing where the other fails, or takes too long. */
async function within<Value>(asked: Promise<Value>, msMax: number): Promise<Value | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), msMax);
  try {
    return await Promise.race([asked.catch(() => undefined), promise]);
  } finally {
    clearTimeout(timer);
  }
}
