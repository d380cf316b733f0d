/** What is done with accounts: by their holders, by the poller, and by the checks that ask whether there is one. */
import { createHmac } from 'node:crypto';
import type { Clock } from '@callbook/protocol';
import { credentialDriftSecondsMax, credentialsPerAccountMax } from '../limits.ts';
import type { E164 } from '../number.ts';
import type { RefusalCode } from '../refusals.ts';
import {
  reopened,
  seen,
  stateOf,
  type Account,
  type AccountState,
  type AccountTerms,
  type IssuedCredential,
} from './account.ts';
import type { AccountStore } from './account-store.ts';

/** What checks ask. */
export interface AccountGate {
  /** Why a number is not served; undefined when it is. */
  refusalOf(number: E164): RefusalCode | undefined;
  /** The credential that a digest was made with; undefined when none is good. */
  credentialOf(number: E164, username: string): IssuedCredential | undefined;
}

/** A user name and a password that Kamailio's auth_ephemeral takes until they expire. */
export interface DigestCredential {
  /** `<expiry in seconds>:<number>` */
  readonly username: string;
  readonly password: string;
  readonly realm: string;
  readonly expiresAtSeconds: number;
}

export type Issued =
  | { readonly credential: DigestCredential }
  | { readonly code: 'account_missing' | 'credentials_off' | 'rate_limited' };

export interface AccountDeskOptions {
  readonly store: AccountStore;
  readonly clock: Clock;
  readonly terms: AccountTerms;
  /** Whether a number without an account is refused. */
  readonly isRequired: boolean;
  readonly provider: string;
  /** Undefined where no digest credentials are given out. */
  readonly digest: { readonly secret: string; readonly seconds: number } | undefined;
}

export class AccountDesk implements AccountGate {
  readonly #options: AccountDeskOptions;

  constructor(options: AccountDeskOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#options.store.size;
  }

  get givesCredentials(): boolean {
    return this.#options.digest !== undefined;
  }

  numbers(): E164[] {
    return this.#options.store.numbers();
  }

  read(number: E164): { readonly account: Account; readonly state: AccountState } | undefined {
    const { store, terms, clock } = this.#options;
    const account = store.get(number);
    return account && { account, state: stateOf(account, terms, clock.nowMs()) };
  }

  refusalOf(number: E164): RefusalCode | undefined {
    const found = this.read(number);
    if (found === undefined) return this.#options.isRequired ? 'account_missing' : undefined;
    return found.state === 'closed' ? 'account_closed' : undefined;
  }

  credentialOf(number: E164, username: string): IssuedCredential | undefined {
    const [, expiry] = new RegExp(`^(\\d{10}):\\${number}$`).exec(username) ?? [];
    const expiresAtSeconds = Number(expiry ?? 0);
    if (expiresAtSeconds * 1000 <= this.#options.clock.nowMs()) return undefined;
    const account = this.#options.store.get(number);
    return account?.credentials.find((issued) => issued.expiresAtSeconds === expiresAtSeconds);
  }

  /** Makes an account, or finds the one that is there; whether it is new comes with it. */
  async create(number: E164): Promise<{ readonly isNew: boolean }> {
    const { store, terms, clock } = this.#options;
    let isNew = false;
    await store.change(number, (account) => {
      isNew = account === undefined;
      return reopened(number, account, { terms, nowMs: clock.nowMs() });
    });
    return { isNew };
  }

  /** Returns whether there was one. */
  async delete(number: E164): Promise<boolean> {
    let was = false;
    await this.#options.store.change(number, (account) => {
      was = account !== undefined;
      return undefined;
    });
    return was;
  }

  /** Notes where the directory leads; a number without an account is let be. */
  async noteRoute(number: E164, leadsHere: boolean): Promise<void> {
    const { store, clock } = this.#options;
    await store.change(number, (account) => account && seen(account, leadsHere, clock.nowMs()));
  }

  /**
   * Gives out a credential to whom the key of `spkiDigest` has proven to be the holder. It is durable before
   * anybody knows it.
   */
  async issueCredential(number: E164, spkiDigest: string): Promise<Issued> {
    const { store, digest, clock, provider } = this.#options;
    if (digest === undefined) return { code: 'credentials_off' };
    let expiresAtSeconds = 0;
    let code: Extract<Issued, { code: string }>['code'] = 'account_missing';
    await store.change(number, (account) => {
      const nowMs = clock.nowMs();
      const isOpen = account !== undefined && this.read(number)?.state !== 'closed';
      if (!isOpen) return account;
      const alive = account.credentials.filter((each) => each.expiresAtSeconds * 1000 > nowMs);
      const wanted = Math.floor(nowMs / 1000) + digest.seconds;
      // The expiry is its name: no two have the same, so that who asks often gets later ones.
      const next = Math.max(wanted, ...alive.map((each) => each.expiresAtSeconds + 1));
      if (next > wanted + credentialDriftSecondsMax) {
        code = 'rate_limited';
        return account;
      }
      expiresAtSeconds = next;
      const credentials = [...alive, { expiresAtSeconds, spkiDigest }].slice(
        -credentialsPerAccountMax,
      );
      return { ...account, credentials };
    });
    if (expiresAtSeconds === 0) return { code };
    const username = `${expiresAtSeconds}:${number}`;
    // What auth_ephemeral computes unless told otherwise. An HMAC does not need collisions to be hard.
    const password = createHmac('sha1', digest.secret).update(username).digest('base64');
    return { credential: { username, password, realm: provider, expiresAtSeconds } };
  }
}
