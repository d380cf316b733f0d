/**
 * Open challenges that an application keeps, so that whoever leaves it for the message with the code, and
 * comes back to an application that has been started anew, can still type the code. What is kept answers
 * nothing without the code, and its secret key cannot be read: browsers keep it in IndexedDB.
 */
import type { Identifier } from '@callbook/protocol';
import type { CipherSuite } from 'hpke';
import type { ChallengeAnswer } from './api-answers.ts';
import type { CodeForm } from './challenge.ts';

/** What a challenge was opened for. */
export interface ChallengePlace {
  /** Name of the member that has sent the code. */
  readonly member: string;
  readonly identifier: Identifier;
  /** 32 bytes. */
  readonly authorityKey: Uint8Array;
  readonly form: CodeForm;
}

/** Values that can be cloned (`structuredClone`), not JSON: there is a key among them. */
export interface KeptChallenge {
  readonly session: Awaited<ReturnType<CipherSuite['GenerateKeyPair']>>;
  readonly answer: ChallengeAnswer;
}

/** Keeps open challenges for ten minutes at most: then no member knows them. Neither function rejects. */
export interface ChallengeStore {
  /** What was kept; undefined where another code is to be sent. */
  load(place: ChallengePlace): Promise<KeptChallenge | undefined>;
  /** Replaces what was kept for this place. */
  save(place: ChallengePlace, kept: KeptChallenge): Promise<void>;
}
