/**
 * A provider as an operator sets one up: a configuration of the bridge, Kamailio's made from it, and both
 * programs. Its signing key is published by those of its users who want their calls signed.
 */
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PublishedKey } from '@callbook/protocol';
import { stringify } from 'yaml';
import { runPeerTool, startPeer } from '../peer-process.ts';
import type { PeerProcess } from '../peer-process.ts';
import { suffixesOf } from './federation.ts';
import type { Person, SipFederation } from './federation.ts';
import { publishedSipKey } from './phone-key.ts';

export interface Provider extends AsyncDisposable {
  readonly domain: string;
  readonly address: string;
  readonly folder: string;
  /** `http://…` of the accounts. */
  readonly accountsUrl: string;
  readonly bridgeUrl: string;
  /** What its users publish, so that the provider signs their calls. */
  readonly signingKey: PublishedKey;
  readonly signingKeyFile: string;
  /** Asks for an account in the name of a person. */
  open(person: Person): Promise<void>;
  /** What Kamailio and the bridge have printed. */
  said(): string;
  /** Stops the bridge, and starts it with another file as the anchor of DNSSEC, or with its own again. */
  restartBridge(anchor?: string): Promise<void>;
}

export interface ProviderOptions {
  readonly domain: string;
  readonly address: string;
  /** Of the bridge: checks, and accounts at the next one. */
  readonly port: number;
  readonly accounts?: Readonly<Record<string, unknown>>;
  readonly kamailio?: Readonly<Record<string, unknown>>;
  /** Mebibytes that all of Kamailio's processes share. */
  readonly sharedMebibytes?: number;
}

const openMsMax = 20_000;
export const sipPort = 5061;

/** Starts a provider's two programs in a folder of its own. */
export async function startProvider(
  federation: SipFederation,
  options: ProviderOptions,
): Promise<Provider> {
  const { domain, address, port } = options;
  const folder = join(federation.folder, domain);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const at = (name: string): string => join(folder, name);
  const tls = await federation.authority.issue([domain, address]);
  await writeFile(at('tls.pem'), tls.certificate);
  await writeFile(at('tls.key'), tls.privateKey, { mode: 0o600 });
  await writeFile(at('digest.secret'), randomBytes(33).toString('base64'), { mode: 0o600 });
  const signing = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const signingPem = signing.privateKey.export({ type: 'pkcs8', format: 'pem' });
  await writeFile(at('signing.pem'), signingPem, { mode: 0o600 });
  const config = bridgeConfig(federation, options);
  const configFile = at('bridge.yaml');
  await writeFile(configFile, stringify(config));
  await using starting = new AsyncDisposableStack();
  let bridge = await startBridge(configFile, folder);
  starting.defer(async () => await bridge[Symbol.asyncDispose]());
  await runPeerTool([
    ...bridgeCommand(),
    'kamailio-config',
    '--config',
    configFile,
    '--out',
    folder,
  ]);
  const memory = ['-m', `${options.sharedMebibytes ?? 96}`, '-M', '16'];
  const server = ['kamailio', '-DD', '-E', '-f', at('kamailio.cfg'), '-Y', folder, ...memory];
  const kamailio = starting.use(
    await startPeer(server, { cwd: folder, host: address, port: sipPort }),
  );
  const accountsUrl = `http://127.0.0.1:${port + 1}`;
  const running = starting.move();
  return {
    domain,
    address,
    folder,
    accountsUrl,
    bridgeUrl: `http://127.0.0.1:${port}`,
    signingKey: publishedSipKey(signingPem),
    signingKeyFile: at('signing.pem'),
    open: async (person) => await openAccount(federation, accountsUrl, person),
    said: () => `${bridge.said()}${kamailio.said()}`,
    restartBridge: async (anchor = config.directory.anchor) => {
      await bridge[Symbol.asyncDispose]();
      const directory = { ...config.directory, anchor };
      await writeFile(configFile, stringify({ ...config, directory }));
      bridge = await startBridge(configFile, folder);
    },
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  };
}

type BridgeYaml = Readonly<Record<string, unknown>> & {
  readonly directory: Readonly<Record<string, unknown>> & { readonly anchor: string };
};

function bridgeConfig(
  federation: SipFederation,
  { domain, address, port, accounts, kamailio }: ProviderOptions,
): BridgeYaml {
  return {
    provider: domain,
    dataDir: 'data',
    listen: { address: '127.0.0.1', port },
    directory: {
      suffixes: suffixesOf(federation),
      resolver: { address: '127.0.0.1', port: 53 },
      anchor: federation.testnet.layout.trustAnchorFile,
    },
    accounts: {
      url: `http://127.0.0.1:${port + 1}`,
      listen: { address: '127.0.0.1', port: port + 1 },
      ...accounts,
    },
    credentials: { secret: 'digest.secret' },
    signing: { privateKey: 'signing.pem', url: `https://${domain}/callbook.pem` },
    kamailio: {
      certificate: 'tls.pem',
      privateKey: 'tls.key',
      authorities: federation.authorityFile,
      listen: { tls: { address, port: sipPort } },
      processes: 4,
      ...kamailio,
    },
  };
}

async function startBridge(configFile: string, folder: string): Promise<PeerProcess> {
  const command = [...bridgeCommand(), 'serve', '--config', configFile];
  return await startPeer(command, { cwd: folder, ready: 'serving' });
}

/** One process less than its launcher, so that signals meet the bridge. */
function bridgeCommand(): string[] {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('@callbook/sip/package.json'));
  return [process.execPath, '--conditions=@callbook/source', join(folder, 'src/main.ts')];
}

async function openAccount(
  { directory }: SipFederation,
  accountsUrl: string,
  { holding }: Person,
): Promise<void> {
  const deadlineMs = Date.now() + openMsMax;
  for (;;) {
    const request = new Request(`${accountsUrl}/v1/accounts/mine`, { method: 'PUT' });
    const response = await fetch(await directory.signAs(request, holding));
    if (response.ok) return;
    // A number that was claimed a moment ago is not in every zone yet.
    const isEarly = response.status === 503 || response.status === 401;
    if (!isEarly || Date.now() > deadlineMs) {
      throw new Error(`no account: ${response.status} ${await response.text()}`);
    }
    await sleep(300);
  }
}
