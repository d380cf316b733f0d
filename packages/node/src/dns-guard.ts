/**
 * What guards and names the DNS server: cookie secrets, the accounts of the rate limit and NSID, as the
 * configuration has them; and what keeps the secrets fresh while serving.
 */
import {
  createCookieSecrets,
  createRateLimitMemory,
  parseCookieSecrets,
  rollCookieSecrets,
} from '@callbook/dns';
import type { CookieSecrets } from '@callbook/dns';
import { DirectoryError } from '@callbook/protocol';
import type { Logger } from 'pino';
import type { NodeConfig } from './config.ts';
import type { ServingSettings } from './dns-worker.ts';
import type { NodeErrorCode } from './errors.ts';
import { readSecretFile } from './key-file.ts';
import { ReloadedFiles } from './reloaded-files.ts';
import { systemRandom } from './system-ports.ts';
import type { ZoneServer } from './zone-server.ts';

type DnsConfig = Pick<NodeConfig['dns'], 'listen' | 'cookies' | 'rateLimit' | 'nsid' | 'tls'>;

/** Enough for a resolver that asks for many; too little to be worth a forger's while. */
const responsesPerSecondDefault = 200;
/** RFC 7873 §7.1 would have secrets live for a day or so, and never beyond 36 days. */
const secretRollMs = 24 * 3600 * 1000;

export interface DnsGuard {
  readonly serving: ServingSettings & { readonly cookieSecrets: CookieSecrets };
  /** Where the secrets come from, unless they are our own. */
  readonly cookieFile?: ReloadedFiles<CookieSecrets>;
}

/** Reads what the configuration names. Codes: `key_file_*`. */
export async function readDnsGuard({ cookies, rateLimit, nsid }: DnsConfig): Promise<DnsGuard> {
  const { responsesPerSecond = responsesPerSecondDefault, slip } = rateLimit ?? {};
  const cookieFile = cookies && (await openCookieFile(cookies.secrets));
  const cookieSecrets = cookieFile?.first ?? createCookieSecrets(systemRandom);
  const limit = { responsesPerSecond, ...(slip !== undefined && { slip }) };
  return {
    ...(cookieFile && { cookieFile }),
    serving: {
      cookieSecrets,
      ...(responsesPerSecond > 0 && { rateLimit: createRateLimitMemory(limit, systemRandom) }),
      ...(nsid !== undefined && { nsid: new TextEncoder().encode(nsid) }),
    },
  };
}

/**
 * Until disposed of: takes over cookie secrets when their file changes, and rolls secrets that have no
 * file once a day. A file that is unusable leaves what was in use.
 */
export function keepDnsGuardFresh(parts: {
  readonly guard: DnsGuard;
  readonly server: Pick<ZoneServer, 'rollCookies'>;
  readonly log: Pick<Logger, 'warn' | 'info'>;
  readonly pollMs?: number;
}): Disposable {
  const { guard, server, log, pollMs } = parts;
  const { cookieFile, serving } = guard;
  if (cookieFile === undefined) return startRolling(serving.cookieSecrets, server);
  const onFailure = (error: unknown): void => log.warn({ err: error }, 'dns_file_unusable');
  const take = (secrets: CookieSecrets): void => {
    server.rollCookies(secrets);
    log.info('dns_cookie_secrets_replaced');
  };
  return cookieFile.follow(take, { onFailure, ...(pollMs !== undefined && { pollMs }) });
}

function startRolling(first: CookieSecrets, server: Pick<ZoneServer, 'rollCookies'>): Disposable {
  let secrets = first;
  const timer = setInterval(() => {
    secrets = rollCookieSecrets(secrets, systemRandom);
    server.rollCookies(secrets);
  }, secretRollMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

async function openCookieFile(path: string): Promise<ReloadedFiles<CookieSecrets>> {
  return await ReloadedFiles.open([path], async () => await readCookieSecrets(path));
}

async function readCookieSecrets(path: string): Promise<CookieSecrets> {
  const secrets = parseCookieSecrets(new TextDecoder().decode(await readSecretFile(path)));
  if (secrets !== undefined) return secrets;
  throw new DirectoryError<NodeErrorCode>(
    'key_file_malformed',
    `${path} does not hold one or two lines of 32 hexadecimal digits`,
  );
}
