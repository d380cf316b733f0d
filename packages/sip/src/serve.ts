/** The composition root: alone reads secrets, opens sockets and picks implementations. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createValidator, type TrustAnchor, type Validator } from '@callbook/client';
import { socketTransport } from '@callbook/client/node';
import type { Clock } from '@callbook/protocol';
import { nodeCryptography } from '@callbook/protocol/crypto/node';
import type { Logger } from 'pino';
import { AccountDesk } from './accounts/account-desk.ts';
import { AccountStore } from './accounts/account-store.ts';
import { startPoller } from './accounts/poller.ts';
import { Bridge } from './bridge.ts';
import { SpentLedger } from './checks/spent-ledger.ts';
import { neededOf, type BridgeConfig } from './config.ts';
import { openBridgeDirectory, type BridgeDirectory } from './directory/bridge-directory.ts';
import { sipError } from './errors.ts';
import { answerAccounts } from './http/account-routes.ts';
import { answerChecks } from './http/check-routes.ts';
import { startListener, type Listening } from './http/listener.ts';
import { BridgeMetrics } from './metrics.ts';
import { readAnchor, readDigestSecret, readPassportSigner } from './secret-files.ts';

const graceSecondsDefault = 86_400;
const arrivalSecondsDefault = 604_800;
const pollSecondsDefault = 300;
const credentialSecondsDefault = 3600;

/** Where a bridge that runs is reached; the ports are those that the system gave where 0 was configured. */
export interface RunningBridge extends AsyncDisposable {
  readonly port: number;
  readonly accountsPort: number | undefined;
  readonly metricsPort: number | undefined;
}

const clock: Clock = { nowMs: () => Date.now() };

/** Starts a bridge; when it cannot, stops what it had started and throws. */
export async function startBridge(config: BridgeConfig, log: Logger): Promise<RunningBridge> {
  const { provider, accounts = {}, signing } = config;
  await using starting = new AsyncDisposableStack();
  const onDefect = (error: unknown): void => log.error({ error }, 'defect');
  const domains = domainsOf(config);
  const directory = await openDirectory(config);
  const desk = await openDesk(config);
  const ledger = new SpentLedger(clock);
  const metrics = new BridgeMetrics();
  const signer = signing && (await readPassportSigner(signing.privateKey, signing.url));
  const ports = { provider, directory, ledger, clock, crypto: nodeCryptography };
  const bridge = new Bridge({ ...ports, accounts: desk, signer });
  const listening: Record<'accounts' | 'metrics', Listening | undefined> = {
    accounts: undefined,
    metrics: undefined,
  };
  if (accounts.listen !== undefined && accounts.url !== undefined) {
    const answer = answerAccounts({
      ...ports,
      bridge,
      desk,
      metrics,
      domains,
      url: accounts.url.replace(/\/$/, ''),
    });
    const tls = await readTls(accounts);
    const { listen } = accounts;
    listening.accounts = starting.use(await startListener({ listen, tls, answer, onDefect }));
  }
  if (config.metrics !== undefined) {
    listening.metrics = starting.use(
      await startMetrics(config.metrics.listen, { metrics, directory, desk, onDefect }),
    );
  }
  starting.use(
    startPoller({
      desk,
      directory,
      domains,
      periodMs: (accounts.pollSeconds ?? pollSecondsDefault) * 1000,
      onRound: (round) => log.debug(round, 'routes looked up'),
      onDefect,
    }),
  );
  // Last: who is answered here finds everything open.
  const answer = answerChecks(bridge, metrics);
  const checks = starting.use(await startListener({ listen: config.listen, answer, onDefect }));
  const running = starting.move();
  return {
    port: checks.port,
    accountsPort: listening.accounts?.port,
    metricsPort: listening.metrics?.port,
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  };
}

/** Returns the validator of a configuration, for `doctor` as well. Throws `anchor_unreadable`. */
export async function openValidator({ directory }: BridgeConfig): Promise<Validator> {
  const { resolver } = directory;
  const anchor: { anchor?: TrustAnchor } =
    directory.anchor === undefined ? {} : { anchor: await readAnchor(directory.anchor) };
  const transport = socketTransport({ address: resolver.address, port: resolver.port ?? 53 });
  return createValidator({ transport, clock, crypto: nodeCryptography, ...anchor });
}

async function openDirectory(config: BridgeConfig): Promise<BridgeDirectory> {
  const { suffixes, providers = [] } = config.directory;
  const validator = await openValidator(config);
  return openBridgeDirectory({
    validator,
    clock,
    suffixes,
    agree: neededOf(config.directory),
    providers,
  });
}

async function openDesk({
  dataDir,
  provider,
  accounts,
  credentials,
}: BridgeConfig): Promise<AccountDesk> {
  const {
    required = true,
    graceSeconds = graceSecondsDefault,
    arrivalSeconds = arrivalSecondsDefault,
  } = accounts ?? {};
  const digest = credentials && {
    secret: await readDigestSecret(credentials.secret),
    seconds: credentials.seconds ?? credentialSecondsDefault,
  };
  const store = await AccountStore.open(join(dataDir, 'accounts'));
  const terms = { graceSeconds, arrivalSeconds };
  return new AccountDesk({ store, clock, terms, isRequired: required, provider, digest });
}

/** Domains whose routes lead here. */
function domainsOf({ provider, domains = [] }: BridgeConfig): string[] {
  return [provider, ...domains].map((domain) => domain.replace(/\.$/, ''));
}

async function readTls({
  certificate,
  privateKey,
}: NonNullable<BridgeConfig['accounts']>): Promise<{ cert: string; key: string } | undefined> {
  if (certificate === undefined || privateKey === undefined) return undefined;
  try {
    const [cert, key] = await Promise.all([
      readFile(certificate, 'utf8'),
      readFile(privateKey, 'utf8'),
    ]);
    return { cert, key };
  } catch (cause) {
    throw sipError('certificate_unreadable', 'a certificate file cannot be read', { cause });
  }
}

async function startMetrics(
  listen: { readonly address: string; readonly port: number },
  of: {
    readonly metrics: BridgeMetrics;
    readonly directory: BridgeDirectory;
    readonly desk: AccountDesk;
    readonly onDefect: (error: unknown) => void;
  },
): Promise<Listening> {
  const { metrics, directory, desk, onDefect } = of;
  return await startListener({
    listen,
    onDefect,
    answer: (request, response) => {
      request.resume();
      const isKnown = request.method === 'GET' && request.url === '/metrics';
      response.writeHead(isKnown ? 200 : 404, {
        'content-type': 'text/plain; version=0.0.4; charset=utf-8',
        'cache-control': 'no-store',
      });
      const sources = {
        answersKept: () => directory.keptCount,
        accounts: () => desk.size,
      };
      response.end(isKnown ? metrics.text(sources) : 'there is /metrics\n');
    },
  });
}
