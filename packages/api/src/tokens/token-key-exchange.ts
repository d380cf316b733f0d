/**
 * Brings the statements of all members to each of them: asks the others for what they hold, often while the
 * key of some member is not known, then every few minutes, and at once where a token of an unknown key comes in.
 */
import { activeMembers, parseTokenBundle, tokenBundleCharactersMax } from '@callbook/protocol';
import type { Charter, CharterMember } from '@callbook/protocol';
import type { MemberConnections } from '../oblivious/member-connections.ts';
import {
  missingTokenKeysAskedEveryMs,
  tokenKeysAskedEveryMs,
  tokenKeysRepairedEveryMs,
} from './limits.ts';
import type { TokenBoard } from './token-board.ts';

export interface TokenKeyExchangeParts {
  readonly charter: () => Charter;
  readonly memberName: string;
  readonly board: TokenBoard;
  readonly connections: Pick<MemberConnections, 'ask'>;
}

export class TokenKeyExchange implements Disposable {
  readonly #parts: TokenKeyExchangeParts;
  readonly #asking = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;
  #stopped = false;

  constructor(parts: TokenKeyExchangeParts) {
    this.#parts = parts;
    this.#again();
  }

  /** Asks all others, unless they were asked just now. */
  repair(): void {
    if (performance.now() - this.#lastMs >= tokenKeysRepairedEveryMs) void this.askAll();
  }

  async askAll(): Promise<void> {
    this.#lastMs = performance.now();
    await Promise.all(this.#others().map(async (member) => await this.#ask(member)));
  }

  #others(): readonly CharterMember[] {
    const { charter, memberName } = this.#parts;
    return activeMembers(charter()).filter(({ name }) => name !== memberName);
  }

  #again(): void {
    if (this.#stopped) return;
    void this.askAll().then(() => {
      // That a member answered is not enough: one that has just started has no key of its own yet.
      const isLacking = this.#parts.board.lacksSome();
      const pauseMs = isLacking ? missingTokenKeysAskedEveryMs : tokenKeysAskedEveryMs;
      if (this.#stopped) return;
      this.#timer = setTimeout(() => this.#again(), pauseMs);
      this.#timer.unref();
    });
  }

  async #ask(member: CharterMember): Promise<void> {
    const asking = this.#asking.get(member.name) ?? this.#askOnce(member);
    this.#asking.set(member.name, asking);
    await asking;
    this.#asking.delete(member.name);
  }

  async #askOnce({ api }: CharterMember): Promise<void> {
    try {
      const { board, connections } = this.#parts;
      const answerBytesMax = tokenBundleCharactersMax;
      const answer = await connections.ask({ api, path: '/v1/token-keys', answerBytesMax });
      const bundle = parseTokenBundle(new TextDecoder().decode(answer.octets));
      if (answer.status !== 200 || bundle.verdict !== 'accept') return;
      for (const note of bundle.value) board.take(note);
    } catch {
      // It is away; it is asked again with the others.
    }
  }

  [Symbol.dispose](): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}
