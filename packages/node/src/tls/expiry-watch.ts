/** Says in the log, once a day, that a certificate ends soon, has ended, or is for another host. */
import type { Clock } from '@callbook/protocol';
import type { Logger } from 'pino';
import type { CertificatePair } from './certificate-pair.ts';

const dayMs: number = 24 * 3_600_000;
/** Renewals are due when a third is left: with less than half of that, one has failed. */
const lifetimeLeftMin: number = 1 / 6;

export class ExpiryWatch {
  readonly #parts: { clock: Clock; log: Pick<Logger, 'warn' | 'error'>; host: string };
  readonly #toldAtMs = new Map<string, number>();

  /** `host` is the API's in the charter. */
  constructor(parts: {
    readonly clock: Clock;
    readonly log: Pick<Logger, 'warn' | 'error'>;
    readonly host: string;
  }) {
    this.#parts = parts;
  }

  noteMissing(): void {
    this.#daily('missing', () => this.#parts.log.error({ use: 'api' }, 'certificate_missing'));
  }

  look(use: 'api' | 'dns', { notBeforeMs, notAfterMs, coversHost }: CertificatePair): void {
    const { clock, log, host } = this.#parts;
    const leftMs = notAfterMs - clock.nowMs();
    const daysLeft = Math.floor(leftMs / dayMs);
    if (leftMs <= 0) {
      this.#daily(`expired ${use}`, () => log.error({ use, daysLeft }, 'certificate_expired'));
    } else if (clock.nowMs() < notBeforeMs) {
      this.#daily(`early ${use}`, () => log.error({ use }, 'certificate_not_yet_valid'));
    } else if (leftMs < (notAfterMs - notBeforeMs) * lifetimeLeftMin) {
      this.#daily(`soon ${use}`, () => log.warn({ use, daysLeft }, 'certificate_expires_soon'));
    }
    if (use === 'api' && !coversHost(host))
      this.#daily('host', () => log.warn({ use }, 'certificate_for_another_host'));
  }

  /** A clock that was put back must not keep it silent. */
  #daily(what: string, tell: () => void): void {
    const nowMs = this.#parts.clock.nowMs();
    const toldAtMs = this.#toldAtMs.get(what);
    if (toldAtMs !== undefined && Math.abs(nowMs - toldAtMs) < dayMs) return;
    this.#toldAtMs.set(what, nowMs);
    tell();
  }
}
