/**
 * When the authority is asked for a certificate, and what becomes of it. A certificate is renewed when two
 * thirds of its life are over and a little more, drawn at the start, so that members that began on one
 * day do not all ask on one day; its key stays. What fails is tried again after five minutes, then after
 * twice as long each time, up to twelve hours: authorities count failures by the hour.
 *
 * Whatever goes wrong here, the certificate in use stays in use.
 */
import { readFile } from 'node:fs/promises';
import type { AcmeChallenge } from '@callbook/dns';
import { DirectoryError } from '@callbook/protocol';
import type { Clock, Random } from '@callbook/protocol';
import type { Logger } from 'pino';
import type { NodeErrorCode } from '../errors.ts';
import { errorCodes } from '../event-log.ts';
import { readSecretFile } from '../key-file.ts';
import { noAttempts } from './acme-folder.ts';
import type { AcmeAttempts, AcmeFolder } from './acme-folder.ts';
import { keyHashOf, parsePair } from './certificate-pair.ts';
import type { CertificatePair } from './certificate-pair.ts';
import type { ServedCertificate } from './served-certificate.ts';
import type { AcmeSettings } from './tls-settings.ts';

export interface AcmeRenewalParts {
  readonly settings: AcmeSettings;
  readonly names: readonly string[];
  readonly folder: AcmeFolder;
  readonly served: ServedCertificate;
  /** Answers a challenge for a name; returns what takes the answer back. */
  readonly publish: (name: string, value: AcmeChallenge['value']) => () => void;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Pick<Logger, 'info' | 'error'>;
}

const retryMsMin: number = 5 * 60_000;
const retryMsMax: number = 12 * 3_600_000;
/** Of the lifetime: 2/3, and up to 1/30 more by chance. */
const renewAfter: number = 2 / 3;
const renewSpread: number = 1 / 30;

export class AcmeRenewal {
  readonly #parts: AcmeRenewalParts;
  readonly #certificateKey: string;
  readonly #keyHash: Uint8Array;
  /** 0 to 1. */
  readonly #chance: number;
  #attempts: AcmeAttempts;
  /** Issued, and not yet on disk. */
  #unkept: CertificatePair | undefined;
  #ordering: Promise<void> | undefined;

  private constructor(
    parts: AcmeRenewalParts,
    read: { readonly certificateKey: string; readonly attempts: AcmeAttempts },
  ) {
    this.#parts = parts;
    this.#certificateKey = read.certificateKey;
    this.#keyHash = keyHashOf(read.certificateKey);
    this.#chance = parts.random.bytes(1)[0]! / 256;
    this.#attempts = read.attempts;
    parts.served.announce(this.#keyHash);
  }

  /** Makes the keys where there are none. Codes: `acme_folder_unusable`, `key_file_*`. */
  static async open(parts: AcmeRenewalParts): Promise<AcmeRenewal> {
    const { folder } = parts;
    const certificateKey = await folder.certificateKey();
    return new AcmeRenewal(parts, { certificateKey, attempts: await folder.attempts() });
  }

  /** Asks for a certificate when it is time; to be called now and then. */
  look(): void {
    if (this.#ordering !== undefined || this.#parts.clock.nowMs() < this.#dueAtMs()) return;
    this.#ordering = this.#attempt().finally(() => (this.#ordering = undefined));
  }

  /** Resolves when no order is under way. */
  async settled(): Promise<void> {
    await this.#ordering;
  }

  #dueAtMs(): number {
    const nowMs = this.#parts.clock.nowMs();
    const { nextAtMs } = this.#attempts;
    // A clock that was ahead, and was put right, must not make us wait for it.
    const retryAtMs = nextAtMs > nowMs + retryMsMax ? nowMs : nextAtMs;
    return Math.max(retryAtMs, this.#wantedAtMs());
  }

  #wantedAtMs(): number {
    const { served, names } = this.#parts;
    const { current } = served;
    if (current === undefined || served.isExpired) return 0;
    // RFC 7671 §8.1: everybody who looks finds the key before there is a certificate for it.
    if (current.keyHash.toHex() !== this.#keyHash.toHex())
      return served.isKnown(this.#keyHash) ? 0 : Number.POSITIVE_INFINITY;
    if (!names.every(current.coversHost)) return 0;
    const lifetimeMs = current.notAfterMs - current.notBeforeMs;
    return current.notBeforeMs + lifetimeMs * (renewAfter + renewSpread * this.#chance);
  }

  async #attempt(): Promise<void> {
    const { folder, clock, served, log } = this.#parts;
    const failureCount = this.#attempts.failureCount + 1;
    const retryMs = Math.min(retryMsMax, retryMsMin * 2 ** (failureCount - 1));
    this.#attempts = { failureCount, nextAtMs: clock.nowMs() + retryMs };
    try {
      // If we crash from here on, this has failed, and is tried again in time. A disk that does not
      // take this note would not take the certificate.
      await folder.noteAttempts(this.#attempts);
      this.#unkept ??= await this.#order();
      await folder.keepCertificate(this.#unkept);
      // If we crash here, the next start has the certificate, and asks for none before it is time.
      await folder.noteAttempts(noAttempts);
      this.#attempts = noAttempts;
      served.offer(this.#unkept);
      log.info({ notAfterMs: this.#unkept.notAfterMs }, 'acme_certificate_issued');
      this.#unkept = undefined;
    } catch (error) {
      const retryMinutes = Math.round(retryMs / 60_000);
      const problem = error instanceof DirectoryError ? error.details['problem'] : undefined;
      const told = { ...errorCodes(error), failureCount, retryMinutes };
      log.error({ ...told, ...(problem !== undefined && { problem }) }, 'acme_order_failed');
    }
  }

  async #order(): Promise<CertificatePair> {
    const { settings, names, folder, publish } = this.#parts;
    const { ca, externalAccount } = settings;
    const { orderCertificate } = await import('./acme-order.ts');
    const certificate = await orderCertificate({
      settings,
      names,
      publish,
      accountKey: await folder.accountKey(),
      certificateKey: this.#certificateKey,
      directoryAuthorities: ca === undefined ? undefined : await readAuthorities(ca),
      externalAccount: externalAccount && {
        keyId: externalAccount.keyId,
        macKey: await readMacKey(externalAccount.keyFile),
      },
    });
    const pair = parsePair({ certificate, privateKey: this.#certificateKey });
    this.#assertFit(pair);
    return pair;
  }

  /** It is untrusted like all that comes from outside; and a wrong clock shows here. */
  #assertFit({ notBeforeMs, notAfterMs, coversHost }: CertificatePair): void {
    const nowMs = this.#parts.clock.nowMs();
    const refuse = (message: string): never => {
      throw new DirectoryError<NodeErrorCode>('acme_certificate_unfit', message);
    };
    if (nowMs < notBeforeMs || nowMs >= notAfterMs) refuse('the certificate is not valid now');
    if (!this.#parts.names.every(coversHost)) refuse('the certificate lacks a name');
  }
}

async function readAuthorities(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const message = `cannot read ${path}`;
    throw new DirectoryError<NodeErrorCode>('certificate_unreadable', message, { cause });
  }
}

async function readMacKey(path: string): Promise<string> {
  return new TextDecoder().decode(await readSecretFile(path)).trim();
}
