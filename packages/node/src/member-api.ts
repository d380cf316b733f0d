/**
 * This member's API on its sockets: HTTPS for everybody and, where configured, plain HTTP on
 * loopback for a web page or a proxy on the same machine. One API stands behind both.
 */
import { createServer } from 'node:http';
import type { Server as TlsServer } from 'node:tls';
import { apiLimits, createApi, readPageFiles } from '@callbook/api';
import type {
  ApiLimits,
  CodeSender,
  DirectoryPort,
  DnsPort,
  ObliviousService,
  PageService,
  SendGuard,
  TokenService,
} from '@callbook/api';
import { DirectoryError } from '@callbook/protocol';
import type { Cryptography } from '@callbook/protocol';
import type { TlsCertificate } from '@callbook/dns';
import type { Logger } from 'pino';
import type { NodeConfig } from './config.ts';
import type { NodeErrorCode } from './errors.ts';
import { orListenFailed } from './listen-failed.ts';
import type { MemberMetrics } from './metrics/member-metrics.ts';
import { systemClock, systemRandom } from './system-ports.ts';

export interface MemberApi extends AsyncDisposable {
  /** URLs listened on. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Requests since the start in which somebody may have named a number. */
  asked(): number;
  /** For connections that come from now on; open ones go on. */
  replaceCertificate(next: TlsCertificate): void;
}

export interface MemberApiParts {
  readonly directory: DirectoryPort;
  readonly codeSender: CodeSender;
  readonly dns: DnsPort;
  readonly sendGuard: SendGuard | undefined;
  readonly oblivious: ObliviousService | undefined;
  readonly tokens: TokenService;
  readonly crypto: Cryptography;
  readonly log: Logger;
  readonly metrics: Pick<MemberMetrics, 'noteRequest'>;
  /** Domain that messages with a code name. */
  readonly host: string;
  /** Without it every handshake fails until there is one. */
  readonly certificate: TlsCertificate | undefined;
}

/** Serves the API until disposed of; throws `listen_failed`. */
export async function startMemberApi(
  config: NodeConfig,
  parts: MemberApiParts,
): Promise<MemberApi> {
  const { log, metrics } = parts;
  const api = createApi({
    ...parts,
    clock: systemClock,
    random: systemRandom,
    logger: log,
    limits: limitsOf(config),
    page: await openPage(config),
    tls: parts.certificate ? contextOf(parts.certificate) : {},
  });
  let askedCount = 0;
  api.addHook('onResponse', async ({ method, routeOptions }, { statusCode }) => {
    metrics.noteRequest(routeOptions.url, statusCode);
    // What is read from here names nobody, unless it was asked for in the wrong way.
    if (method !== 'GET' || statusCode >= 400) askedCount += 1;
  });
  await using listening = new AsyncDisposableStack();
  listening.defer(async () => await api.close());
  const { address, port } = config.api.listen;
  await orListenFailed('the API', api.listen({ host: address, port }));
  const addresses: Record<string, string> = { api: `https://${address}:${port}` };
  if (config.web !== undefined) {
    const web = createServer((request, response) => api.routing(request, response));
    web.requestTimeout = apiLimits.requestMsMax;
    web.maxConnections = apiLimits.connectionsMax;
    listening.defer(async () => await closeServer(web));
    const { listen } = config.web;
    await orListenFailed('the web', listenOn(web, listen));
    addresses['web'] = `http://${listen.address}:${listen.port}`;
  }
  const running = listening.move();
  return {
    addresses,
    asked: () => askedCount,
    // The API listens with TLS: its server is one of HTTP/2, which is one of TLS.
    replaceCertificate: (next) =>
      (api.server as unknown as TlsServer).setSecureContext(contextOf(next)),
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  };
}

function contextOf({ certificate, privateKey }: TlsCertificate): { cert: string; key: string } {
  return { cert: certificate, key: privateKey };
}

/** The page is read whole before anything is served; throws `page_unreadable`. */
async function openPage({ page, member }: NodeConfig): Promise<PageService | undefined> {
  if (page === undefined) return undefined;
  const { folder, loopbackMembers = [] } = page;
  try {
    return {
      files: await readPageFiles(folder),
      member,
      loopbackMembers: Object.fromEntries(
        loopbackMembers.map(({ api, address }) => [api, address]),
      ),
    };
  } catch (cause) {
    throw new DirectoryError<NodeErrorCode>(
      'page_unreadable',
      'the folder of the web page has no page',
      { cause },
    );
  }
}

function limitsOf({ challenges }: NodeConfig): Partial<ApiLimits> {
  const { sendsPerHour, sendsPerDay } = challenges;
  return {
    ...(sendsPerHour !== undefined && { sendsPerHourMax: sendsPerHour }),
    ...(sendsPerDay !== undefined && { sendsPerDayMax: sendsPerDay }),
  };
}

type HttpServer = ReturnType<typeof createServer>;

async function listenOn(
  server: HttpServer,
  { address, port }: { readonly address: string; readonly port: number },
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: address, port }, resolve);
  });
}

async function closeServer(server: HttpServer): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
