/**
 * The oblivious relay: forwards capsules to the other active members of the charter, never to anybody
 * else. Requests wait for a moment so that some go together, in an order drawn at random; so whoever
 * sees both sides of the relay cannot tell by the clock which went in as which. Nothing of a client goes
 * along, and nothing is kept.
 */
import { activeMembers, capsuleBytesMax } from '@callbook/protocol';
import type { Charter, CharterMember, Random } from '@callbook/protocol';
import { ApiError } from '../errors.ts';
import { problemMediaType } from '../schemas/problem-schema.ts';
import { relayBatchCount, relayedMax, relayedToMemberMax, relayProblemBytesMax } from './limits.ts';
import type { MemberAnswer, MemberConnections } from './member-connections.ts';

export const sealedRequestType = 'message/ohttp-req';
export const sealedResponseType = 'message/ohttp-res';

export interface RelayParts {
  readonly charter: () => Charter;
  /** This member's own name: nobody relays to themselves. */
  readonly memberName: string;
  readonly connections: Pick<MemberConnections, 'ask'>;
  readonly random: Random;
  /** 0 to 250. */
  readonly holdMs: number;
  /** Told of a member that refused a capsule's key. */
  readonly onKeyUnknown: (member: CharterMember) => void;
}

interface Held {
  readonly send: () => void;
}

export class ObliviousRelay {
  readonly #parts: RelayParts;
  readonly #perMember = new Map<string, number>();
  #held: Held[] = [];
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: RelayParts) {
    this.#parts = parts;
  }

  /**
   * Forwards a sealed request and returns what came back, sealed or a problem. Throws
   * `relay_target_unknown`, `relay_busy` or `relay_failed`.
   */
  async forward(memberName: string, octets: Uint8Array): Promise<MemberAnswer> {
    const member = this.#target(memberName);
    const toMember = this.#perMember.get(member.name) ?? 0;
    if (this.#count >= relayedMax || toMember >= relayedToMemberMax) {
      throw new ApiError('relay_busy', { retryAfterSeconds: 1 });
    }
    this.#count += 1;
    this.#perMember.set(member.name, toMember + 1);
    try {
      await this.#mixed();
      return await this.#exchange(member, octets);
    } finally {
      this.#count -= 1;
      this.#perMember.set(member.name, this.#perMember.get(member.name)! - 1);
    }
  }

  /** Sends what is held; for the end. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const held = this.#held;
    this.#held = [];
    for (const { send } of shuffled(held, this.#parts.random)) send();
  }

  #target(memberName: string): CharterMember {
    const { charter, memberName: ownName } = this.#parts;
    const member = activeMembers(charter()).find(({ name }) => name === memberName);
    if (member === undefined || member.name === ownName) throw new ApiError('relay_target_unknown');
    return member;
  }

  async #mixed(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held.push({ send: resolve });
    if (this.#held.length >= relayBatchCount) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), this.#parts.holdMs);
    await promise;
  }

  async #exchange(member: CharterMember, octets: Uint8Array): Promise<MemberAnswer> {
    let answer: MemberAnswer;
    try {
      answer = await this.#parts.connections.ask({
        api: member.api,
        path: '/.well-known/ohttp-gateway',
        content: { mediaType: sealedRequestType, octets },
        answerBytesMax: capsuleBytesMax,
      });
    } catch (cause) {
      throw new ApiError('relay_failed', { cause });
    }
    const { status, mediaType, octets: answered } = answer;
    if (status === 200 && mediaType === sealedResponseType) return answer;
    const isProblem = status >= 400 && status < 600 && mediaType === problemMediaType;
    if (!isProblem || answered.length > relayProblemBytesMax) throw new ApiError('relay_failed');
    // Whatever it refuses may be due to keys that are older than it.
    if (status === 400) this.#parts.onKeyUnknown(member);
    return answer;
  }
}

/** Fisher and Yates, with 4 octets of chance for each place: fewer places than the bias would need. */
function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const order = [...items];
  const chance = random.bytes(4 * order.length);
  const view = new DataView(chance.buffer, chance.byteOffset, chance.length);
  for (let last = order.length - 1; last > 0; last--) {
    const place = view.getUint32(4 * last) % (last + 1);
    [order[last], order[place]] = [order[place]!, order[last]!];
  }
  return order;
}
