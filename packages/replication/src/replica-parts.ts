/**
 * What a replica is opened with: the options as a caller gives them, and the parts made of them once
 * they are known to fit the charter. The keys are compared with what the charter says before anything
 * is signed or read.
 */
import type { Clock, Cryptography, Ed25519Signer, NoteSigner, VrfProver } from '@callbook/protocol';
import { noteSigner } from '@callbook/protocol';

import { CharterChain } from './charter/charter-chain.ts';
import { ownMember, vrfProver } from './charter/own-member.ts';
import type { LeafVerifier } from './log/leaf-verifier.ts';
import { systemScheduler } from './scheduler.ts';
import type { Scheduler } from './scheduler.ts';
import type { Store } from './store/store.ts';

export interface ReplicaOptions {
  /** Stays the caller's: close it after the replica. */
  readonly store: Store;
  readonly crypto: Cryptography;
  readonly clock: Clock;
  readonly scheduler?: Scheduler;
  /** Pinned charter notes, version 1 first. */
  readonly charterNotes: readonly string[];
  /** This member's name in the charter. */
  readonly memberName: string;
  readonly logSigner: Ed25519Signer;
  /** 32 bytes, shared by the members. */
  readonly vrfSecretKey: Uint8Array;
  /** True to keep the index of the view; a store that has none gets it at the next start. */
  readonly indexed?: boolean;
  /** True to write the own log without asking others how long it was: where nothing can be lost. */
  readonly ownLogConfirmed?: boolean;
  /** True while updates and payloads come from a snapshot: of logs, only ownership entries are folded. */
  readonly ownershipOnly?: boolean;
  /** Verifies leaves elsewhere while this member is far behind; its own thread does when left out. */
  readonly verifier?: LeafVerifier | undefined;
}

export interface ReplicaParts {
  readonly crypto: Cryptography;
  readonly store: Store;
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** The charters, in force and waiting. */
  readonly chain: CharterChain;
  /** Name of this member's own log. */
  readonly origin: string;
  readonly memberName: string;
  readonly prover: VrfProver;
  /** Signs by the log key, under the name of the log. */
  readonly signer: NoteSigner;
  readonly logSigner: Ed25519Signer;
  readonly indexed: boolean;
  readonly ownLogConfirmed: boolean;
  readonly ownershipOnly: boolean;
  readonly verifier: LeafVerifier | undefined;
}

/** Checks options against the charter. Errors: `charter_refused`, `charter_contradicted`, `member_unknown`, `log_key_mismatch`, `vrf_key_mismatch`. */
export function replicaParts(options: ReplicaOptions): ReplicaParts {
  const { crypto, store, clock, memberName, logSigner, verifier } = options;
  const { scheduler = systemScheduler, indexed = false, ownLogConfirmed = false } = options;
  const { ownershipOnly = false } = options;
  const chain = CharterChain.open(options);
  const { membership } = chain;
  const origin = ownMember(membership, options).logKey.name;
  const prover = vrfProver(membership, options);
  const signer = noteSigner({ name: origin, signer: logSigner }, crypto);
  const ports = { crypto, store, clock, scheduler, indexed, ownLogConfirmed, ownershipOnly };
  return { ...ports, verifier, chain, origin, memberName, prover, signer, logSigner };
}
