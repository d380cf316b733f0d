/**
 * Port of what is durable about a zone's keys, named for what it owes: a state is replaced as a whole
 * or not at all, and only by whoever knew the state before it. The running member and an operator's
 * command write at the same time; whoever comes second is told so and looks again.
 */
import type { ZoneAlgorithm, ZoneSigner } from '../sign/zone-signer.ts';
import type { KeyState } from './key-state.ts';

export interface StoredKeyState {
  readonly state: KeyState;
  /** Counts replacements, from 1. */
  readonly sequence: number;
}

export interface KeyStore {
  /** Returns the newest state, or undefined when there has never been one. */
  readState(): Promise<StoredKeyState | undefined>;
  /**
   * Makes `next` the newest state if the newest is still `before` (0 for none); durable when it
   * resolves to true. When it throws, the state may be replaced or not.
   */
  replaceState(next: KeyState, before: number): Promise<boolean>;
  /** Makes a private key durable under an id, or returns the one that is there. */
  createKey(id: string, algorithm: ZoneAlgorithm): Promise<ZoneSigner>;
  /** Synchronous, so that keys can change between two answers. */
  loadKey(id: string): ZoneSigner;
  /** Destroys a private key; it may be gone already. */
  destroyKey(id: string): Promise<void>;
  /** Reads a file with pre-signed keys by its name in the state. */
  readPresigned(name: string): Promise<string>;
  /** Makes a file with pre-signed keys durable; returns its name, which follows from its content. */
  writePresigned(text: string): Promise<string>;
}
