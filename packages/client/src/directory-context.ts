/** What every action of a directory shares: the charter, its members, and the ports. */
import {
  lookupIdentifiersMax,
  type Charter,
  type Clock,
  type Cryptography,
  type KnownCharter,
  type Random,
} from '@callbook/protocol';
import type { CharterWalk } from './charter-walk.ts';
import { obliviousCallsAtOnce, obliviousLookupsMax, proofBatchMax } from './limits.ts';
import type { AccessReason, PrivacyReason, Trust } from './lookup-reason.ts';
import type { Fetch } from './member-call.ts';
import type { MemberHealth } from './member-health.ts';
import type { Member } from './member.ts';
import type { SignerSource } from './signers/authority-signer.ts';
import type { Zones } from './zone-answer.ts';

/** Whom to ask in turn for the thing at `place` of a list, so that no member sees more of it than it must. */
export function orderAt(context: DirectoryContext, place: number): Member[] {
  const { members, relayCount, health } = context;
  const asked = health.inOrder(members.slice(0, members.length - relayCount));
  const start = place % asked.length;
  return [
    ...asked.slice(start),
    ...asked.slice(0, start),
    ...health.inOrder(members.slice(members.length - relayCount)),
  ];
}

/** How much is asked in one call, and how many calls run at a time to one member. */
export interface Asking {
  readonly lookupsMax: number;
  readonly proofsMax: number;
  readonly callsAtOnce: number;
}

export const plainAsking: Asking = {
  lookupsMax: lookupIdentifiersMax,
  proofsMax: proofBatchMax,
  callsAtOnce: 1,
};

/** Little in one call, so that no member sees much of one list in one place. */
export const obliviousAsking: Asking = {
  lookupsMax: obliviousLookupsMax,
  proofsMax: 1,
  callsAtOnce: obliviousCallsAtOnce,
};

/** Waits for so many milliseconds; rejects when the signal is aborted. */
export type Pause = (ms: number, signal?: AbortSignal) => Promise<void>;

export interface DirectoryContext {
  /** The newest charter that is known; walking forward changes it, and what follows from it. */
  readonly charter: Charter;
  /** The same, with its hash and the origins of its logs. */
  readonly known: KnownCharter;
  /** Brings later charters, and has all of them. */
  readonly walk: CharterWalk;
  /** The active members, in the order in which they are asked. */
  readonly members: readonly Member[];
  /** The last so many of `members` only relay as long as the others answer; 0 where asked plainly. */
  readonly relayCount: number;
  readonly quorum: number;
  readonly crypto: Cryptography;
  /** Finds what signs for holdings whose authority key is kept elsewhere. */
  readonly signers: SignerSource | undefined;
  readonly fetch: Fetch;
  /** Never by way of another member: for what says nothing of who is looked up. */
  readonly plainFetch: Fetch;
  readonly random: Random;
  readonly clock: Clock;
  /** Resolves after so many milliseconds; rejects when the signal is aborted before. */
  readonly pause: Pause;
  /** What a look-up needs that does not say itself. */
  readonly trust: Trust;
  /** By which Android knows this app in an SMS. */
  readonly smsAppHash: string | undefined;
  /** Suffixes of other ENUM providers, in the order in which they are asked. */
  readonly suffixes: readonly string[];
  readonly zones: Zones;
  /** How members are asked, as part of every answer. */
  readonly privacy: PrivacyReason;
  /** What members show whoever asks so, as part of every answer. */
  readonly access: AccessReason;
  readonly asking: Asking;
  /** Which members have failed lately. */
  readonly health: MemberHealth;
}
