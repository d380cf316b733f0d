/**
 * Joins what a member needs to be a gateway for itself and a relay for the others: its keys and the
 * statements of all, and the connections to the other members. The routes are in `oblivious-routes.ts`.
 */
import type { Charter, Clock, Cryptography, NoteSigner, Random } from '@callbook/protocol';
import { GatewayKeys } from './gateway-keys.ts';
import { KeyBoard } from './key-board.ts';
import { KeyExchange } from './key-exchange.ts';
import { relayHoldMsDefault, relayHoldMsMax } from './limits.ts';
import { MemberConnections } from './member-connections.ts';
import { ObliviousRelay } from './relay.ts';

export interface ObliviousOptions {
  /** In force now. */
  readonly charter: () => Charter;
  readonly memberName: string;
  /** Of the log key, under the origin of the log. */
  readonly signer: NoteSigner;
  readonly clock: Clock;
  readonly random: Random;
  readonly crypto: Cryptography;
  /** How long requests wait for others at the relay, 0 to 250. */
  readonly relayHoldMs?: number | undefined;
  /** In PEM, trusted for the other members' certificates instead of the system's. */
  readonly certificateAuthorities?: readonly string[] | undefined;
}

/** How often it is looked whether a key's time has come. */
const turnEveryMs = 5000;

export class ObliviousService implements Disposable {
  readonly keys: GatewayKeys;
  readonly board: KeyBoard;
  readonly relay: ObliviousRelay;
  readonly #options: ObliviousOptions;
  readonly #parts = new DisposableStack();

  constructor(options: ObliviousOptions) {
    const { charter, memberName, random, certificateAuthorities } = options;
    this.#options = options;
    this.keys = new GatewayKeys(options);
    this.board = new KeyBoard(options);
    this.board.take(this.keys.note);
    const connections = this.#parts.use(new MemberConnections(certificateAuthorities));
    const exchange = this.#parts.use(
      new KeyExchange({ charter, memberName, board: this.board, connections }),
    );
    this.relay = new ObliviousRelay({
      charter,
      memberName,
      connections,
      random,
      holdMs: Math.min(options.relayHoldMs ?? relayHoldMsDefault, relayHoldMsMax),
      onKeyUnknown: (member) => exchange.repair(member),
    });
    this.#parts.defer(() => this.relay.flush());
    this.#parts.defer(this.keys.onChange(() => this.board.take(this.keys.note)));
    const turning = setInterval(() => this.keys.turn(), turnEveryMs);
    turning.unref();
    this.#parts.defer(() => clearInterval(turning));
  }

  /** Host and port of this member's API, as the charter in force has them. */
  authority(): string {
    const { charter, memberName } = this.#options;
    const member = charter().members.find(({ name }) => name === memberName);
    return member === undefined ? '' : new URL(member.api).host;
  }

  [Symbol.dispose](): void {
    this.#parts.dispose();
  }
}
