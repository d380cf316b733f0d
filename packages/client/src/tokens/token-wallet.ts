/**
 * Tokens that are not spent yet, in the caller's store. A token is out of the store before it is handed out: if we
 * crash between, it is lost, and never spent twice, which would tell that two requests are of one person.
 */
import {
  concatBytes,
  encodeToken,
  encodeTokenAuthorization,
  parseToken,
  tokenBytes,
  tokenPeriodAt,
} from '@callbook/protocol';
import type { Clock } from '@callbook/protocol';
import type { HeldToken } from './fetch-tokens.ts';

/** Where a wallet keeps its octets. They are worth something: keep them like keys. */
export interface WalletStore {
  /** What was written last; undefined when nothing was. */
  read(): Promise<Uint8Array | undefined>;
  /** Durable when it resolves. */
  write(octets: Uint8Array): Promise<void>;
}

const periodBytes = 4;
const rowBytes: number = periodBytes + tokenBytes;

export class TokenWallet {
  readonly #store: WalletStore;
  readonly #clock: Clock;
  #held: readonly HeldToken[];
  /** One change after another. */
  #changed: Promise<unknown> = Promise.resolve();

  private constructor(store: WalletStore, clock: Clock, held: readonly HeldToken[]) {
    this.#store = store;
    this.#clock = clock;
    this.#held = held;
  }

  /** Opens a wallet; what is no token in its store is passed over. */
  static async open(store: WalletStore, clock: Clock): Promise<TokenWallet> {
    return new TokenWallet(store, clock, heldIn((await store.read()) ?? new Uint8Array()));
  }

  /** Tokens that are good now. */
  get count(): number {
    return this.#good().length;
  }

  /** Keeps tokens; they are in the store when it resolves. */
  async add(tokens: readonly HeldToken[]): Promise<void> {
    await this.#change(() => ({ held: [...this.#good(), ...tokens], taken: undefined }));
  }

  /** Takes a token out, those first that end first: the value of `Authorization`, or nothing. */
  async take(): Promise<string | undefined> {
    const taken = await this.#change(() => {
      const [first, ...held] = this.#good().toSorted((a, b) => a.lastPeriod - b.lastPeriod);
      return { held, taken: first };
    });
    return taken && encodeTokenAuthorization(taken.token);
  }

  #good(): readonly HeldToken[] {
    const now = tokenPeriodAt(this.#clock.nowMs());
    return this.#held.filter(({ lastPeriod }) => lastPeriod >= now);
  }

  async #change(
    change: () => { readonly held: readonly HeldToken[]; readonly taken: HeldToken | undefined },
  ): Promise<HeldToken | undefined> {
    const changing = this.#changed.then(async () => {
      const { held, taken } = change();
      await this.#store.write(concatBytes(...held.map(encodeHeld)));
      this.#held = held;
      return taken;
    });
    this.#changed = changing.catch(() => {});
    return await changing;
  }
}

function encodeHeld({ token, lastPeriod }: HeldToken): Uint8Array {
  const head = new Uint8Array(periodBytes);
  new DataView(head.buffer).setUint32(0, lastPeriod);
  return concatBytes(head, encodeToken(token));
}

function heldIn(octets: Uint8Array): HeldToken[] {
  const held: HeldToken[] = [];
  for (let at = 0; at + rowBytes <= octets.length; at += rowBytes) {
    const row = octets.slice(at, at + rowBytes);
    const token = parseToken(row.subarray(periodBytes));
    const lastPeriod = new DataView(row.buffer).getUint32(0);
    if (token.verdict === 'accept') held.push({ token: token.value, lastPeriod });
  }
  return held;
}
