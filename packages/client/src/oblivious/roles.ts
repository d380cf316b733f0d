/**
 * Who relays and who is asked. The members are split at random, and no member is both: one that relays
 * for an address and is asked at the same moment by another relay could put the two together by the
 * clock. A split is held for a while, for the same reason. Where too few members answer to keep to it, a
 * member takes the other part as well, after all others; never both in one exchange, and never for a
 * member of the same operator.
 */
import type { Clock, Random } from '@callbook/protocol';
import { obliviousSplitMs } from '../limits.ts';
import type { MemberHealth } from '../member-health.ts';
import type { Member } from '../member.ts';
import { shuffled } from '../shuffle.ts';

export interface RolesOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly health: MemberHealth;
  /** The active members, those to be asked first before the others, and how many these are. */
  readonly members: () => readonly Member[];
  readonly first: readonly string[];
  readonly quorum: () => number;
}

interface Split {
  readonly members: readonly Member[];
  readonly relays: readonly Member[];
  readonly gateways: readonly Member[];
  readonly drawnAtMs: number;
}

export class Roles {
  readonly #options: RolesOptions;
  #split: Split | undefined;

  constructor(options: RolesOptions) {
    this.#options = options;
  }

  /** The members in the order in which they are asked: those that relay come last. */
  get order(): readonly Member[] {
    const { relays, gateways } = this.#current();
    return [...gateways, ...relays];
  }

  /** How many of `order` only relay, as long as the others answer. */
  get relayCount(): number {
    return this.#current().relays.length;
  }

  /** Relays for one exchange with `gateway`, in the order in which they are tried. */
  relaysFor(gateway: Member): Member[] {
    const { relays, gateways } = this.#current();
    const { health, random } = this.#options;
    const other = (member: Member): boolean => member.organisation !== gateway.organisation;
    return health.inOrder([
      ...shuffled(relays.filter(other), random),
      ...shuffled(gateways.filter(other), random),
    ]);
  }

  #current(): Split {
    const { clock } = this.#options;
    const members = this.#options.members();
    const held = this.#split;
    const isHeld =
      held !== undefined &&
      held.members === members &&
      Math.abs(clock.nowMs() - held.drawnAtMs) < obliviousSplitMs;
    if (isHeld) return held;
    this.#split = this.#draw(members);
    return this.#split;
  }

  #draw(members: readonly Member[]): Split {
    const { clock, random, first, quorum } = this.#options;
    // Whom the caller wants asked first is a gateway as long as somebody else is left to relay.
    const wanted = members.filter(({ name }) => first.includes(name));
    const others = shuffled(
      members.filter((member) => !wanted.includes(member)),
      random,
    );
    const order = [...wanted, ...others];
    const relayCount = Math.max(1, Math.min((order.length - 1) >> 1, order.length - quorum()));
    const gateways = order.slice(0, order.length - relayCount);
    return { members, gateways, relays: order.slice(gateways.length), drawnAtMs: clock.nowMs() };
  }
}
