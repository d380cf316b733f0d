/**
 * Keeps the statements of all members the same at all of them: asks each of the others for what it knows,
 * every few seconds, more often while it has not heard of all, and at once the one whose key a capsule did not fit. What they say is verified by
 * the board; a member that answers nonsense, or nothing, is asked again with the others.
 */
import { activeMembers, keyBundleCharactersMax, parseKeyBundle } from '@callbook/protocol';
import type { Charter, CharterMember } from '@callbook/protocol';
import type { KeyBoard } from './key-board.ts';
import { keysAskedEveryMs, keysRepairedEveryMs, missingKeysAskedEveryMs } from './limits.ts';
import type { MemberConnections } from './member-connections.ts';

export interface KeyExchangeParts {
  readonly charter: () => Charter;
  readonly memberName: string;
  readonly board: KeyBoard;
  readonly connections: MemberConnections;
}

export class KeyExchange implements Disposable {
  readonly #parts: KeyExchangeParts;
  #timer: NodeJS.Timeout | undefined;
  /** Members that are being asked. */
  readonly #asked = new Set<string>();
  readonly #repairedAtMs = new Map<string, number>();

  constructor(parts: KeyExchangeParts) {
    this.#parts = parts;
    this.#askOnAndOn();
  }

  #askOnAndOn(): void {
    this.askAll();
    const everyMs = this.#parts.board.lacksSome() ? missingKeysAskedEveryMs : keysAskedEveryMs;
    this.#timer = setTimeout(() => this.#askOnAndOn(), everyMs);
    this.#timer.unref();
  }

  askAll(): void {
    const { charter, memberName } = this.#parts;
    for (const member of activeMembers(charter())) {
      if (member.name !== memberName) void this.#ask(member);
    }
  }

  /** Asks a member whose keys seem to have changed. */
  repair(member: CharterMember): void {
    const nowMs = performance.now();
    const lastMs = this.#repairedAtMs.get(member.name) ?? Number.NEGATIVE_INFINITY;
    if (nowMs - lastMs < keysRepairedEveryMs) return;
    this.#repairedAtMs.set(member.name, nowMs);
    void this.#ask(member);
  }

  async #ask({ name, api }: CharterMember): Promise<void> {
    if (this.#asked.has(name)) return;
    this.#asked.add(name);
    try {
      const { board, connections } = this.#parts;
      const path = '/v1/oblivious-keys';
      // A character of a statement is ASCII: as many octets as characters.
      const answer = await connections.ask({ api, path, answerBytesMax: keyBundleCharactersMax });
      if (answer.status !== 200) return;
      const bundle = parseKeyBundle(new TextDecoder().decode(answer.octets));
      for (const note of bundle.verdict === 'accept' ? bundle.value : []) board.take(note);
    } catch {
      // It is away; it is asked again with the others.
    } finally {
      this.#asked.delete(name);
    }
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
