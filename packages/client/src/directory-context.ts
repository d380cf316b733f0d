/** What every action of a directory shares: the charter, its members, and the ports. */
import type { Charter, Clock, Cryptography, KnownCharter, Random } from '@callbook/protocol';
import type { CharterWalk } from './charter-walk.ts';
import type { Trust } from './lookup-reason.ts';
import type { Fetch } from './member-call.ts';
import type { MemberHealth } from './member-health.ts';
import type { Member } from './member.ts';
import type { Zones } from './zone-answer.ts';

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
  readonly quorum: number;
  readonly crypto: Cryptography;
  readonly fetch: Fetch;
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
  /** Which members have failed lately. */
  readonly health: MemberHealth;
}
