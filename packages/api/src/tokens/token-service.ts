/**
 * Joins what a member needs to issue tokens and to take them: its keys and the statements of all, the budgets
 * of holders, the marks that it keeps. The routes are in `token-routes.ts`.
 */
import {
  activeMembers,
  issuerNameOf,
  parseTokenAuthorization,
  parseTokenOrder,
  parseTokenRequests,
  tokenChallenge,
  tokenOrderErrorMsMax,
  tokenOrderMessage,
} from '@callbook/protocol';
import type { Charter, Clock, Cryptography, NoteSigner, Random } from '@callbook/protocol';
import { setImmediate as turnOfLoop } from 'node:timers/promises';
import { ApiError, apiErrorCodes } from '../errors.ts';
import type { MemberConnections } from '../oblivious/member-connections.ts';
import type { DirectoryPort, TokenHolder, TokenRows } from '../ports.ts';
import { tokenTurnEveryMs } from './limits.ts';
import { Redeemer } from './redeemer.ts';
import { SpentMarks } from './spent-marks.ts';
import { TokenBoard } from './token-board.ts';
import { TokenBudget } from './token-budget.ts';
import { TokenIssuer } from './token-issuer.ts';
import type { OwnTokenKey } from './token-issuer.ts';
import { TokenKeyExchange } from './token-key-exchange.ts';

export interface TokenServiceOptions {
  /** In force now. */
  readonly charter: () => Charter;
  readonly memberName: string;
  readonly signer: NoteSigner;
  readonly rows: TokenRows;
  readonly directory: Pick<DirectoryPort, 'holderOf'>;
  readonly connections: Pick<MemberConnections, 'ask'>;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Cryptography;
}

export class TokenService implements AsyncDisposable {
  readonly board: TokenBoard;
  readonly issuer: TokenIssuer;
  readonly redeemer: Redeemer;
  readonly exchange: TokenKeyExchange;
  readonly #options: TokenServiceOptions;
  readonly #budget: TokenBudget;
  readonly #marks: SpentMarks;
  readonly #parts = new DisposableStack();

  /** One after another, so that no two keys are made. */
  #turned: Promise<void> = Promise.resolve();

  constructor(options: TokenServiceOptions) {
    this.#options = options;
    const { rows } = options;
    this.board = new TokenBoard(options);
    this.issuer = new TokenIssuer({ ...options, board: this.board });
    this.#budget = new TokenBudget(rows);
    this.#marks = new SpentMarks(rows);
    const { board } = this;
    this.exchange = this.#parts.use(new TokenKeyExchange({ ...options, board }));
    const onKeyUnknown = (): void => this.exchange.repair();
    this.redeemer = new Redeemer({ ...options, board, marks: this.#marks, onKeyUnknown });
    // A store that fails is seen by what reads it next.
    const turn = (): void => void this.turn().catch(() => {});
    const turning = setInterval(turn, tokenTurnEveryMs);
    turning.unref();
    this.#parts.defer(() => clearInterval(turning));
    turn();
  }

  /** Makes keys whose time has come, after the others were asked, and forgets what is over. */
  async turn(): Promise<void> {
    const turning = this.#turned.then(async () => {
      if (this.issuer.isWithoutKey) await this.exchange.askAll();
      await this.issuer.turn();
      await this.#marks.forget(this.#options.clock.nowMs());
    });
    this.#turned = turning.catch(() => {});
    await turning;
  }

  /** Host and port of this member's API, by which challenges name it. */
  get issuerName(): string {
    const { charter, memberName } = this.#options;
    const member = charter().members.find(({ name }) => name === memberName);
    return member === undefined ? '' : issuerNameOf(member);
  }

  /** The value of `WWW-Authenticate` where a token would help (RFC 9577 §2.1). */
  get challenge(): string {
    const challenge = tokenChallenge(this.issuerName).toBase64({ alphabet: 'base64url' });
    const { tokenKey } = this.issuer.current?.issuerKey ?? {};
    const key = tokenKey?.toBase64({ alphabet: 'base64url' }) ?? '';
    return `PrivateToken challenge="${challenge}", token-key="${key}"`;
  }

  /**
   * Signs what a holder has blinded: 256 octets for each request. Throws `token_request_malformed`,
   * `token_order_invalid`, `token_key_unknown`, `tokens_exhausted` or `tokens_unavailable`.
   */
  async issue(body: Uint8Array, authorization: string | undefined): Promise<Uint8Array> {
    const requests = parseTokenRequests(body);
    if (requests.verdict !== 'accept') throw new ApiError('token_request_malformed');
    const holder = this.#holderOf(body, authorization);
    const { current } = this.issuer;
    if (current === undefined) throw new ApiError('tokens_unavailable', { retryAfterSeconds: 60 });
    const [first] = requests.value;
    if (first!.truncatedKeyId !== current.truncatedKeyId) throw new ApiError('token_key_unknown');
    await this.#pay(holder, body, requests.value.length);
    const blinded = requests.value.map(({ blindedMessage }) => blindedMessage);
    return await signAll(blinded, current);
  }

  #holderOf(body: Uint8Array, authorization: string | undefined): TokenHolder {
    const { clock, crypto, directory } = this.#options;
    const order = parseTokenOrder(authorization ?? '');
    if (order.verdict !== 'accept') throw new ApiError('token_order_invalid');
    const { ownershipId, atMs, signature } = order.value;
    const isNow = Math.abs(clock.nowMs() - atMs) <= tokenOrderErrorMsMax;
    const holder = isNow ? directory.holderOf(ownershipId) : undefined;
    const of = { issuerName: this.issuerName, body };
    const message = tokenOrderMessage(order.value, of, crypto);
    // One code whatever is wrong: entries stand in the logs for all to read.
    if (holder === undefined || !crypto.ed25519Verify(message, signature, holder.authority)) {
      throw new ApiError('token_order_invalid');
    }
    return holder;
  }

  async #pay(holder: TokenHolder, body: Uint8Array, count: number): Promise<void> {
    const { charter, clock, crypto } = this.#options;
    const waitMs = await this.#budget.take(holder, {
      count,
      requestHash: crypto.sha256(body),
      memberCount: activeMembers(charter()).length,
      nowMs: clock.nowMs(),
    });
    if (waitMs > 0) {
      throw new ApiError('tokens_exhausted', { retryAfterSeconds: Math.ceil(waitMs / 1000) });
    }
  }

  /** Spends the token in an `Authorization` field. Throws like `Redeemer.redeem`, with a challenge. */
  async redeem(authorization: string): Promise<void> {
    const token = parseTokenAuthorization(authorization);
    try {
      if (token.verdict !== 'accept') throw new ApiError('token_invalid');
      await this.redeemer.redeem(token.value);
    } catch (error) {
      const isRefused = error instanceof ApiError && apiErrorCodes[error.code].status === 401;
      throw isRefused ? new ApiError(error.code, { authenticate: this.challenge }) : error;
    }
  }

  /** Ends what has begun: the store may be closed then. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.dispose();
    await this.#turned;
    await this.#marks.settle();
  }
}

async function signAll(
  blinded: readonly Uint8Array[],
  { issuerKey }: OwnTokenKey,
): Promise<Uint8Array> {
  const signed: Uint8Array[] = [];
  for (const message of blinded) {
    const signature = issuerKey.signBlinded(message);
    if (signature === undefined) throw new ApiError('token_request_malformed');
    signed.push(signature);
    // Each takes a third of a millisecond, and others wait.
    await turnOfLoop();
  }
  return Buffer.concat(signed);
}
