/** What one run is given, and what comes out of it. */
import type { CharterSet, Cryptography } from '@callbook/protocol';
import type { Network, Store } from '@callbook/replication';
import type { Scenario } from './scenario.ts';
import type { SimulatedMember } from './simulated-member.ts';
import type { DiskFault } from './simulated-disk.ts';
import type { Violation } from './world.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** Members, where the seed should not choose. */
  readonly memberCount?: number;
  /** Changes what the seed chose. */
  readonly adjust?: (scenario: Scenario) => Scenario;
  /** Breaks something on purpose, between engine and disk. */
  readonly wrapStore?: (store: Store) => Store;
  /** Breaks something on purpose, between engine and network. */
  readonly wrapNetwork?: (network: Network) => Network;
  /** Breaks something on purpose, in what the engine takes for cryptography. */
  readonly wrapCryptography?: (crypto: Cryptography) => Cryptography;
  /** Sees the honest members at the end, before they stop. */
  readonly onEnd?: (end: SimulationEnd) => void;
  /** Decides instead of chance which durable batch of which member fails. */
  readonly faultAt?: (memberName: string, durableStep: number) => DiskFault | undefined;
}

interface SimulationEnd {
  readonly charters: CharterSet;
  readonly members: readonly SimulatedMember[];
}

export interface SimulationResult {
  readonly seed: number;
  readonly violation: Violation | undefined;
  /** SHA-256 of everything that happened, 64 hexadecimal digits. */
  readonly traceHash: string;
  /** The last things that happened, oldest first. */
  readonly traceTail: readonly string[];
  readonly events: number;
  /** Receipts that honest members gave. */
  readonly receipts: number;
  /** Durable batches that each honest member asked for. */
  readonly durableSteps: ReadonlyMap<string, number>;
  readonly scenario: Scenario;
}
