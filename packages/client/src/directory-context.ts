/** What every action of a directory shares: the charter, its members, and the ports. */
import type { Charter, Clock, Cryptography, KnownCharter, Random } from '@callbook/protocol';
import type { Fetch } from './member-call.ts';
import type { Member } from './member.ts';

export interface DirectoryContext {
  readonly charter: Charter;
  /** The same, with its hash and the origins of its logs. */
  readonly known: KnownCharter;
  /** SHA-256 of the charter's text, 32 bytes: every leaf names it. */
  readonly charterHash: Uint8Array;
  /** The active members, in the order in which they are asked. */
  readonly members: readonly Member[];
  readonly quorum: number;
  readonly crypto: Cryptography;
  readonly fetch: Fetch;
  readonly random: Random;
  readonly clock: Clock;
}
