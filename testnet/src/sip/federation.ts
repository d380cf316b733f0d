/**
 * What SIP providers need around them: a federation, a resolver on port 53 that knows the providers'
 * hosts too, an authority for their certificates, and people who claim numbers.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createDirectory, publishedKeysOf } from '@callbook/client';
import type { Directory, Fetch, Holding } from '@callbook/client';
import { deriveKeys } from '@callbook/protocol';
import type { DerivedKeys, Identifier, PublishedKey } from '@callbook/protocol';
import { createCertificateAuthority } from '../certificates.ts';
import type { CertificateAuthority } from '../certificates.ts';
import { startPeer } from '../peer-process.ts';
import type { PeerProcess } from '../peer-process.ts';
import { unboundConfig } from '../resolver-files.ts';
import { startTestnet } from '../testnet.ts';
import type { Testnet } from '../testnet.ts';
import { assertOwnNetwork, networkAddresses } from './own-network.ts';

export interface SipFederation extends AsyncDisposable {
  readonly testnet: Testnet;
  readonly folder: string;
  readonly directory: Directory;
  readonly authority: CertificateAuthority;
  /** Where programs find the authority's certificate. */
  readonly authorityFile: string;
  /** The resolver stops, and starts again. */
  stopResolver(): Promise<void>;
  startResolver(): Promise<void>;
  /** Claims a number for somebody new. */
  claim(number: string, terms: ClaimTerms): Promise<Person>;
}

export interface ClaimTerms {
  /** The address is `sip:<number>@<domain>`; nothing leads to the number where it is not given. */
  readonly domain?: string;
  /** Keys beside those that derive from the person's seed. */
  readonly moreKeys?: readonly PublishedKey[];
}

/** Somebody with a number. */
export interface Person {
  readonly number: string;
  readonly seed: Uint8Array;
  readonly keys: DerivedKeys;
  holding: Holding;
}

export interface FederationOptions {
  readonly folder: string;
  /** Host names of providers and their addresses. */
  readonly hosts: Readonly<Record<string, string>>;
  readonly say?: (line: string) => void;
}

const portBase = 7400;

/** Starts three members and the resolver; needs a network of its own. */
export async function startSipFederation(options: FederationOptions): Promise<SipFederation> {
  assertOwnNetwork();
  const { folder, hosts, say = () => {} } = options;
  await using starting = new AsyncDisposableStack();
  const place = { folder: join(folder, 'testnet'), memberCount: 3, portBase };
  const testnet = starting.use(await startTestnet({ ...place, fresh: false, say }));
  const authority = await createCertificateAuthority();
  const authorityFile = join(folder, 'authority.pem');
  await writeFile(authorityFile, authority.certificate);
  const resolverConfig = join(folder, 'unbound.conf');
  await writeFile(resolverConfig, resolverText(testnet, hosts));
  let resolver: PeerProcess | undefined;
  const startResolver = async (): Promise<void> => {
    const command = ['unbound', '-d', '-c', resolverConfig];
    resolver = await startPeer(command, { cwd: folder, port: 53 });
  };
  const stopResolver = async (): Promise<void> => {
    await resolver?.[Symbol.asyncDispose]();
    resolver = undefined;
  };
  starting.defer(stopResolver);
  await startResolver();
  const charterNote = await readFile(testnet.layout.charterFile, 'utf8');
  const directory = createDirectory({
    charterNote,
    fetch: fetchFrom(testnet),
    privacy: 'plain',
  });
  const running = starting.move();
  return {
    testnet,
    folder,
    directory,
    authority,
    authorityFile,
    startResolver,
    stopResolver,
    claim: async (number, terms) => await claim({ testnet, directory }, number, terms),
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  };
}

/** Suffixes of the members' zones, as a bridge is configured with. */
export function suffixesOf({ testnet }: SipFederation): string[] {
  return testnet.layout.members.map(({ zone }) => zone);
}

async function claim(
  { testnet, directory }: Pick<SipFederation, 'directory' | 'testnet'>,
  number: string,
  { domain, moreKeys = [] }: ClaimTerms,
): Promise<Person> {
  const identifier = `tel:${number}` as Identifier;
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const keys = deriveKeys(seed, { labelEpoch: directory.charter.labelEpoch, identifier });
  const holding = await directory.claim({
    identifier,
    seed,
    routes: domain === undefined ? [] : [routeTo(number, domain)],
    keys: [...publishedKeysOf(keys), ...moreKeys],
    visibility: 'dns',
    form: 'app',
    code: async ({ to }) => await newestCode(testnet, to),
  });
  return { number, seed, keys, holding };
}

/** The route of a number at a provider. */
export function routeTo(
  number: string,
  domain: string,
): { readonly service: 'sip'; readonly uri: string; readonly preference: number } {
  return { service: 'sip', uri: `sip:${number}@${domain}`, preference: 10 };
}

async function newestCode({ layout }: Testnet, to: string): Promise<string> {
  const lines = (await readFile(layout.outboxFile, 'utf8')).trim().split('\n');
  const messages = lines.map((line) => JSON.parse(line) as { to: string; code?: string });
  return messages.findLast((message) => message.to === to && message.code)?.code ?? '';
}

/** Members' certificates are of the testnet's authority: their plain listeners have the same routes. */
function fetchFrom({ layout }: Testnet): Fetch {
  return async (input, init) => {
    const { port, pathname, search } = new URL(input);
    const member = layout.members.find(({ apiPort }) => String(apiPort) === port)!;
    return await fetch(`http://127.0.0.1:${member.webPort}${pathname}${search}`, init);
  };
}

function resolverText({ layout }: Testnet, hosts: FederationOptions['hosts']): string {
  const local = Object.entries(hosts).flatMap(([name, address]) => [
    `  local-zone: "${name}." static`,
    `  local-data: "${name}. A ${address}"`,
  ]);
  return unboundConfig({ ...layout, resolverPort: 53 })
    .replace(/interface: \S+/, `interface: ${networkAddresses.resolver}`)
    .replace('remote-control:', `${local.join('\n')}\nremote-control:`);
}
