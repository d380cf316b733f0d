/** What the replication bench and the processes of its members say to each other. */

import type { MadeEntry } from './synthetic-federation.ts';

/** What a member process is started with, as JSON in its first argument. */
export interface MemberStart {
  readonly name: string;
  readonly folder: string;
  /** Base64 of the peer key; none joins no mesh and only takes in what it is given. */
  readonly peerKey?: string;
  /** By member name. */
  readonly peerIds: Readonly<Record<string, string>>;
}

/** The index of a leaf and when its receipt was there. */
export interface Receipted {
  readonly index: number;
  readonly atMs: number;
}

/** A log's size here, and when it came to it. */
export interface Folded {
  readonly origin: string;
  readonly size: number;
  readonly atMs: number;
}

export interface ProofTimes {
  /** Making a proof, each. */
  readonly times: readonly number[];
  readonly indexProofBytes: number;
  readonly answerBytes: number;
}

export type LogSizes = Readonly<Record<string, number>>;

/** What a member can be told to do; times are of the clock that all processes of a machine share. */
export interface MemberOrders {
  /** Tells the others' addresses and waits for the connections. */
  connect(addresses: Readonly<Record<string, readonly string[]>>): Promise<void>;
  addresses(): Promise<readonly string[]>;
  /** Registers so many numbers. */
  register(count: number): Promise<readonly MadeEntry[]>;
  /** Logs as challenged what another member has registered. */
  challenge(made: readonly MadeEntry[]): Promise<void>;
  /** Waits until all numbers registered here are published. */
  published(): Promise<void>;
  sizes(): Promise<LogSizes>;
  /** Waits until each log is stored and folded up to here. */
  reach(sizes: LogSizes): Promise<void>;
  /** Signs so many updates. */
  sign(count: number): Promise<void>;
  /** Logs what is signed, many at a time, as fast as it goes. */
  logAll(): Promise<void>;
  /** Logs what is signed at this rate. */
  logPaced(perSecond: number): Promise<readonly Receipted[]>;
  /** How the logs have grown here since the last time. */
  folded(): Promise<readonly Folded[]>;
  /** CPU of the process so far, the kernel's work for it included (getrusage). */
  cpuMicroseconds(): Promise<number>;
  /** CPU of one signature check by sodium. */
  checkMicroseconds(): Promise<number>;
  prove(count: number): Promise<ProofTimes>;
  /** Batches of the own log since the last time, encoded as they are gossiped. */
  batches(): Promise<readonly Uint8Array[]>;
  /** Takes batches in without a network; resolves with the CPU that it took. */
  take(batches: readonly Uint8Array[]): Promise<number>;
  stop(): Promise<void>;
}

export interface OrderMessage {
  readonly id: number;
  readonly order: keyof MemberOrders;
  readonly argument: unknown;
}

export interface OrderAnswer {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}
