/**
 * Settings for a phone that scans a QR code: an address with a secret in it, which is fetched once, within ten
 * minutes. The credential is made when the phone fetches, so that none lies about; what is kept until then is
 * who asked, under the hash of the secret, in memory alone.
 */
import { hash, randomBytes } from 'node:crypto';
import type { Clock } from '@callbook/protocol';
import type { AccountCode } from '../account-codes.ts';
import { provisioningSecondsMax, provisioningsMax, provisioningsPerNumberMax } from '../limits.ts';
import type { E164 } from '../number.ts';
import type { AccountDesk } from './account-desk.ts';
import { linphoneSettings } from './linphone-settings.ts';
import { qrPng, qrText } from './qr-code.ts';

interface Begun {
  /** What the phone fetches. */
  readonly url: string;
  readonly expiresAtSeconds: number;
  /** The same as a QR code: lines of block characters. */
  readonly terminal: string;
  /** PNG, in base64. */
  readonly png: string;
}

interface Waiting {
  readonly number: E164;
  readonly spkiDigest: string;
  readonly expiresAtMs: number;
}

export interface ProvisioningDeskOptions {
  readonly desk: AccountDesk;
  readonly clock: Clock;
  readonly provider: string;
  readonly url: string;
}

export class ProvisioningDesk {
  readonly #options: ProvisioningDeskOptions;
  /** In the order in which they expire. */
  readonly #waiting = new Map<string, Waiting>();

  constructor(options: ProvisioningDeskOptions) {
    this.#options = options;
  }

  /** Makes an address for a holder. */
  begin(holder: Pick<Waiting, 'number' | 'spkiDigest'>): Begun | { readonly code: AccountCode } {
    const { desk, clock, url } = this.#options;
    const { number, spkiDigest } = holder;
    if (!desk.givesCredentials) return { code: 'credentials_off' };
    const found = desk.read(number);
    if (found === undefined || found.state === 'closed') return { code: 'account_missing' };
    this.#forgetExpired();
    const own = this.#waiting.values().filter((each) => each.number === number);
    if (own.toArray().length >= provisioningsPerNumberMax) return { code: 'rate_limited' };
    if (this.#waiting.size >= provisioningsMax) return { code: 'busy' };
    const token = randomBytes(32).toString('base64url');
    const expiresAtMs = clock.nowMs() + provisioningSecondsMax * 1000;
    this.#waiting.set(hash('sha256', token), { number, spkiDigest, expiresAtMs });
    const address = `${url}/v1/provisioning/${token}`;
    return {
      url: address,
      expiresAtSeconds: Math.floor(expiresAtMs / 1000),
      terminal: qrText(address),
      png: qrPng(address).toString('base64'),
    };
  }

  /** Returns the settings behind an address, once. */
  async fetch(token: string): Promise<string | { readonly code: AccountCode }> {
    const { desk, provider } = this.#options;
    this.#forgetExpired();
    const rowKey = hash('sha256', token);
    const waiting = this.#waiting.get(rowKey);
    if (waiting === undefined) return { code: 'provisioning_unknown' };
    // Before anything else: two who fetch at a time are not both served.
    this.#waiting.delete(rowKey);
    const { number, spkiDigest } = waiting;
    const issued = await desk.issueCredential(number, spkiDigest);
    return 'code' in issued ? issued : linphoneSettings({ number, provider, ...issued });
  }

  #forgetExpired(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const [rowKey, { expiresAtMs }] of this.#waiting) {
      if (expiresAtMs > nowMs) return;
      this.#waiting.delete(rowKey);
    }
  }
}
