/**
 * The context in which look-ups run obliviously: like the directory's own, but every call to a member goes
 * through another. Nothing else of a look-up knows which of the two it is in.
 */
import { obliviousAsking, type DirectoryContext } from '../directory-context.ts';
import { clientError } from '../errors.ts';
import type { PrivacyReason } from '../lookup-reason.ts';
import { Zones } from '../zone-answer.ts';
import { GatewayKeys, type KnownKeys } from './gateway-keys.ts';
import { obliviousFetch } from './oblivious-fetch.ts';
import { Roles } from './roles.ts';
import { zoneWordOn } from './zone-hash.ts';

export class ObliviousContext {
  readonly #context: DirectoryContext;
  readonly #ready: () => Promise<void>;

  /** `first` names the members that the caller wants asked first. */
  constructor(plain: DirectoryContext, first: readonly string[]) {
    const { context, ready } = openOblivious(plain, first);
    this.#context = context;
    this.#ready = ready;
  }

  /**
   * Throws `oblivious_unavailable`, `oblivious_keys_disagree` or `clock_wrong` where no member can be asked
   * so, and `directory_unavailable` where no member can be asked at all.
   */
  async open(): Promise<DirectoryContext> {
    await this.#ready();
    return this.#context;
  }
}

function openOblivious(
  plain: DirectoryContext,
  first: readonly string[],
): { readonly context: DirectoryContext; readonly ready: () => Promise<void> } {
  const { crypto, fetch, random, clock, pause, health } = plain;
  const members = (): DirectoryContext['members'] => plain.members;
  const roles = new Roles({ clock, random, health, members, first, quorum: () => plain.quorum });
  const keys = new GatewayKeys({
    fetch,
    random,
    clock,
    crypto,
    pause,
    members,
    charter: () => plain.charter,
    zoneWord: async (member, encoded) => await zoneWordOn(plain, member, encoded),
  });
  let privacy: PrivacyReason = { state: 'oblivious', refused: [] };
  const ready = async (): Promise<void> => {
    const known = await keys.known();
    assertPossible(known);
    const refused = [...known.refused].map(([member, code]) => ({ member, code }));
    privacy = { state: 'oblivious', refused };
  };
  const own = {
    fetch: obliviousFetch({ fetch, keys, roles, health, clock, members }),
    get members() {
      return roles.order;
    },
    get relayCount() {
      return roles.relayCount;
    },
    get privacy() {
      return privacy;
    },
    asking: obliviousAsking,
    // Its validators ask through relays; what the plain ones have learnt of zones is not used here.
    zones: new Zones(plain.zones.options),
  } satisfies Partial<DirectoryContext>;
  // Everything else is the directory's own, and changes with it.
  const context = Object.create(plain, Object.getOwnPropertyDescriptors(own)) as DirectoryContext;
  return { context, ready };
}

/** Whether there is any pair of relay and gateway; which of them answer is seen when they are asked. */
function assertPossible({ members, keys, refused, isHeard, isClockWrong }: KnownKeys): void {
  if (!isHeard) {
    throw clientError('directory_unavailable', 'no member could be asked for the keys of gateways');
  }
  const isPossible = members.some(
    (gateway) =>
      keys.has(gateway.name) &&
      members.some(
        (relay) => relay.organisation !== gateway.organisation && !refused.has(relay.name),
      ),
  );
  if (isPossible) return;
  if (isClockWrong) {
    throw clientError('clock_wrong', 'what members have signed is not of the last 48 hours here');
  }
  const code = refused.size > 0 ? 'oblivious_keys_disagree' : 'oblivious_unavailable';
  throw clientError(code, `none of ${members.length} members can be asked obliviously`, {
    details: { members: members.length, refused: refused.size },
  });
}
