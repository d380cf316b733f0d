/**
 * The certificates of a member: of its API, and of DNS over TLS, which has the API's unless it has files of
 * its own. Files are looked at again and again, or an authority is asked for what is to follow; TLSA
 * records follow the API's. Nothing here ends a connection: who is connected goes on with what it saw.
 */
import { tlsaTtlSeconds } from '@callbook/dns';
import type { AcmeChallenge, DnsServer, HostRecords, TlsCertificate } from '@callbook/dns';
import type { Clock, Random } from '@callbook/protocol';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config.ts';
import { systemClock, systemRandom } from '../system-ports.ts';
import { AcmeFolder } from './acme-folder.ts';
import type { AcmeRenewal } from './acme-renewal.ts';
import { openPair, readPair } from './certificate-pair.ts';
import type { CertificatePair, CertificatePaths } from './certificate-pair.ts';
import { ExpiryWatch } from './expiry-watch.ts';
import { ServedCertificate } from './served-certificate.ts';
import { pathsIn } from './tls-settings.ts';

export type CertificateUse = 'api' | 'dns';

export interface CertificateTargets {
  readonly zone: Pick<DnsServer, 'replaceCertificate'> & {
    announceHostRecords(records: HostRecords): void;
  };
  readonly api: { replaceCertificate(next: TlsCertificate): void };
}

export interface CertificateParts {
  /** In the charter: where the API is, and the zone without a final dot. */
  readonly member: { readonly api: string; readonly zone: string };
  readonly log: Pick<Logger, 'info' | 'warn' | 'error'>;
  readonly clock?: Clock;
  /** Never goes back. */
  readonly stopwatch?: Clock;
  readonly random?: Random;
  /** How long a key is announced before it is served. */
  readonly announceMs?: number;
  readonly pollMs?: number;
}

/** What the API is served with when the member starts, if there is anything; codes as below. */
export async function readApiCertificate({
  dataDir,
  api,
}: NodeConfig): Promise<CertificatePair | undefined> {
  const paths = pathsIn(api);
  if (api.acme === undefined) return paths && (await readPair(paths));
  const folder = new AcmeFolder(dataDir);
  // What is unusable is told, and ordered again, once the member has joined.
  const kept = await folder.certificate().catch(() => undefined);
  return kept ?? (paths && (await readPair(paths)));
}

const lookMs = 5_000;
/** RFC 7671 §8.1 wants one TTL at least; twice that is for caches that are slow. */
const announceMsDefault: number = 2 * tlsaTtlSeconds * 1000;
const processStopwatch: Clock = { nowMs: () => performance.now() };

export class MemberCertificates implements AsyncDisposable {
  readonly #config: NodeConfig;
  readonly #parts: CertificateParts;
  readonly #api: ServedCertificate;
  readonly #dns: ServedCertificate;
  readonly #watch: ExpiryWatch;
  readonly #running = new AsyncDisposableStack();
  #renewal: AcmeRenewal | undefined;
  #targets: CertificateTargets | undefined;
  #challenges: readonly AcmeChallenge[] = [];
  #hostRecords: HostRecords = { apiKeyHashes: [], challenges: [] };

  private constructor(config: NodeConfig, parts: CertificateParts) {
    const { clock = systemClock, stopwatch = processStopwatch, log } = parts;
    const { announceMs = announceMsDefault } = parts;
    this.#config = config;
    this.#parts = parts;
    const times = { clock, stopwatch };
    this.#api = new ServedCertificate(
      { ...times, announceMs },
      {
        onKeys: () => this.#announce(),
        onSwitch: (pair) => this.#switched('api', pair),
        onWait: (waitMs) =>
          log.info({ use: 'api', waitSeconds: waitMs / 1000 }, 'certificate_waits'),
      },
    );
    const events = {
      onKeys: () => {},
      onSwitch: (pair: CertificatePair) => this.#switched('dns', pair),
      onWait: () => {},
    };
    // No TLSA record names the key of DNS over TLS.
    this.#dns = this.#dnsPaths()
      ? new ServedCertificate({ ...times, announceMs: 0 }, events)
      : this.#api;
    this.#watch = new ExpiryWatch({ clock, log, host: new URL(parts.member.api).hostname });
  }

  /**
   * Reads what there is. Codes: `certificate_unreadable | certificate_unfit`, `key_file_*`, and
   * `acme_folder_unusable`.
   */
  static async open(config: NodeConfig, parts: CertificateParts): Promise<MemberCertificates> {
    const certificates = new MemberCertificates(config, parts);
    try {
      await certificates.#read();
      return certificates;
    } catch (error) {
      await certificates[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Of the API; undefined until an authority has issued the first. */
  get api(): CertificatePair | undefined {
    return this.#api.current;
  }

  /** Of DNS over TLS, where that is configured. */
  get dns(): CertificatePair | undefined {
    return this.#dns.current;
  }

  get hostRecords(): HostRecords {
    return this.#hostRecords;
  }

  /** When those end that are served now; 0 where there is none to serve. */
  ends(): readonly { readonly use: CertificateUse; readonly endsAtMs: number }[] {
    const isOfDns = this.#config.dns.tls !== undefined;
    const uses = [['api', this.#api] as const, ...(isOfDns ? [['dns', this.#dns] as const] : [])];
    return uses.map(([use, { current }]) => ({ use, endsAtMs: current?.notAfterMs ?? 0 }));
  }

  /** Reasons why the API cannot be reached by who checks certificates. */
  troubles(): readonly string[] {
    if (this.#api.current === undefined) return ['certificate_missing'];
    return this.#api.isExpired ? ['certificate_expired'] : [];
  }

  /** From now on until disposed of: what changes is handed to the servers. */
  serve(targets: CertificateTargets): void {
    this.#targets = targets;
    targets.zone.announceHostRecords(this.#hostRecords);
    if (this.#api.current !== undefined) targets.api.replaceCertificate(this.#api.current);
    this.#replaceDns(this.#dns.current);
    this.#look();
    const timer = setInterval(() => this.#look(), lookMs).unref();
    this.#running.defer(() => clearInterval(timer));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#targets = undefined;
    await this.#running.disposeAsync();
  }

  async #read(): Promise<void> {
    const { acme } = this.#config.api;
    const apiPaths = pathsIn(this.#config.api);
    const dnsPaths = this.#dnsPaths();
    if (acme !== undefined) await this.#readAcme(acme, apiPaths);
    else if (apiPaths !== undefined) await this.#follow('api', this.#api, apiPaths);
    if (dnsPaths !== undefined) await this.#follow('dns', this.#dns, dnsPaths);
  }

  /** Files are what is served until the authority has issued the first. */
  async #readAcme(
    settings: NonNullable<NodeConfig['api']['acme']>,
    paths: CertificatePaths | undefined,
  ): Promise<void> {
    const { clock = systemClock, random = systemRandom, log } = this.#parts;
    const folder = new AcmeFolder(this.#config.dataDir);
    let kept: CertificatePair | undefined;
    try {
      kept = await folder.certificate();
    } catch (error) {
      // Another is ordered.
      log.warn({ err: error, use: 'api' }, 'certificate_unusable');
    }
    const first = kept ?? (paths && (await readPair(paths)));
    if (first !== undefined) this.#api.offer(first);
    const { AcmeRenewal: Renewal } = await import('./acme-renewal.ts');
    this.#renewal = await Renewal.open({
      settings,
      names: settings.names ?? this.#ownNames(),
      folder,
      served: this.#api,
      publish: (name, value) => this.#publish(name, value),
      clock,
      random,
      log,
    });
  }

  async #follow(use: CertificateUse, served: ServedCertificate, paths: CertificatePaths) {
    const { log, pollMs } = this.#parts;
    const files = await openPair(paths);
    served.offer(files.first);
    const onFailure = (error: unknown): void =>
      log.warn({ err: error, use }, 'certificate_unusable');
    const options = { onFailure, ...(pollMs !== undefined && { pollMs }) };
    this.#running.use(files.follow((pair) => served.offer(pair), options));
  }

  #look(): void {
    this.#api.look();
    this.#renewal?.look();
    if (this.#api.current === undefined) this.#watch.noteMissing();
    for (const [use, pair] of this.#served()) this.#watch.look(use, pair);
  }

  #switched(use: CertificateUse, pair: CertificatePair): void {
    if (this.#targets === undefined) return;
    if (use === 'api') this.#targets.api.replaceCertificate(pair);
    if (this.#dns.current === pair) this.#replaceDns(pair);
    this.#parts.log.info({ use, notAfterMs: pair.notAfterMs }, 'certificate_replaced');
  }

  #replaceDns(pair: CertificatePair | undefined): void {
    const isServed = this.#config.dns.tls !== undefined;
    if (isServed && pair !== undefined) this.#targets?.zone.replaceCertificate(pair);
  }

  #announce(): void {
    this.#hostRecords = { apiKeyHashes: this.#api.keyHashes, challenges: this.#challenges };
    this.#targets?.zone.announceHostRecords(this.#hostRecords);
  }

  /** A name in another zone has a CNAME to that of the API's in this one. */
  #publish(name: string, value: string): () => void {
    const { zone } = this.#parts.member;
    const host = `.${name}`.endsWith(`.${zone}`) ? name : `api.${zone}`;
    const challenge = { host, value };
    this.#challenges = [...this.#challenges, challenge];
    this.#announce();
    return () => {
      this.#challenges = this.#challenges.filter((other) => other !== challenge);
      this.#announce();
    };
  }

  #ownNames(): readonly string[] {
    const { api, zone } = this.#parts.member;
    return [...new Set([new URL(api).hostname, `api.${zone}`])];
  }

  #dnsPaths(): CertificatePaths | undefined {
    const { tls } = this.#config.dns;
    return tls && pathsIn(tls);
  }

  #served(): readonly (readonly [CertificateUse, CertificatePair])[] {
    const isOfDns = this.#config.dns.tls !== undefined;
    const uses = [
      ['api', this.#api.current],
      ['dns', isOfDns ? this.#dns.current : undefined],
    ] as const;
    return uses.flatMap(([use, pair]) => (pair === undefined ? [] : [[use, pair] as const]));
  }
}
