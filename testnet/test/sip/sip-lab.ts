/** A federation, two providers, people at them and telephones, all started once for a file of tests. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startSipFederation } from '../../src/sip/federation.ts';
import type { ClaimTerms, Person, SipFederation } from '../../src/sip/federation.ts';
import { Baresip } from '../../src/sip/baresip.ts';
import { networkAddresses } from '../../src/sip/own-network.ts';
import { sipKeyPem, writePhoneCertificate } from '../../src/sip/phone-key.ts';
import { sipPort, startProvider } from '../../src/sip/provider.ts';
import type { Provider, ProviderOptions } from '../../src/sip/provider.ts';
import { SipConnection } from './sip-connection.ts';
import type { SipAnswer } from './sip-connection.ts';

export const domains = { a: 'sip.provider-a.test', b: 'sip.provider-b.test' } as const;
/** Where provider A takes telephones in browsers, and from which page. */
export const browserAccess = {
  address: networkAddresses.servers[0],
  port: 8443,
  origin: 'https://phone.provider-a.test',
} as const;

export type ProviderName = keyof typeof domains;

export interface SipLab extends AsyncDisposable {
  readonly federation: SipFederation;
  readonly providers: Readonly<Record<ProviderName, Provider>>;
  /** Claims a number, with a route to a provider and an account there. */
  settle(number: string, at: ProviderName, terms?: Settlement): Promise<Person>;
  /** Starts a telephone; `place` decides which address it has. */
  phone(options: PhoneOptions): Promise<Baresip>;
  /** Opens a connection to a provider, with a new certificate for a key where one is given. */
  connect(to: ProviderName, key?: string): Promise<SipConnection>;
  /** Registers over a connection of its own. */
  register(at: ProviderName, registration: Registration): Promise<SipAnswer>;
  /** A folder of its own. */
  scratch(): Promise<string>;
}

type Settlement = ClaimTerms & { readonly account?: boolean };

interface PhoneOptions {
  readonly number: string;
  readonly at: ProviderName;
  readonly place: number;
  readonly key: string;
  readonly account?: string;
  readonly isTraced?: boolean;
}

interface Registration {
  readonly number: string;
  /** Its private key as PEM. */
  readonly key?: string;
  readonly headers?: readonly string[];
}

export async function openSipLab(
  options: Readonly<Partial<Record<ProviderName, Partial<ProviderOptions>>>> = {},
): Promise<SipLab> {
  await using opening = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'callbook-sip-'));
  opening.defer(async () => await rm(folder, { recursive: true, force: true }));
  const [addressA, addressB] = networkAddresses.servers;
  const page = new URL(browserAccess.origin).hostname;
  const hosts = { [domains.a]: addressA, [domains.b]: addressB, [page]: '127.0.0.1' };
  const federation = opening.use(await startSipFederation({ folder, hosts }));
  const { origin: webOrigin, ...wss } = browserAccess;
  const tls = { address: addressA, port: sipPort };
  const forBrowsers = { listen: { tls, wss }, webOrigin };
  const start = async (
    name: ProviderName,
    place: Pick<ProviderOptions, 'address' | 'kamailio' | 'port'>,
  ): Promise<Provider> => {
    const provider = { domain: domains[name], ...place, ...options[name] };
    return opening.use(await startProvider(federation, provider));
  };
  const [a, b] = await Promise.all([
    start('a', { address: addressA, port: 8060, kamailio: forBrowsers }),
    start('b', { address: addressB, port: 8070 }),
  ]);
  const providers = { a, b };
  const scratch = async (): Promise<string> => await mkdtemp(join(folder, 'scratch-'));
  const connect: SipLab['connect'] = async (to, key) => {
    const { address } = providers[to];
    const certificate = key === undefined ? undefined : await makeCertificate(await scratch(), key);
    const ca = await readFile(federation.authorityFile, 'utf8');
    const where = { address, port: sipPort, ca };
    return await SipConnection.open({ ...where, ...(certificate && { certificate }) });
  };
  const open = opening.move();
  return {
    federation,
    providers,
    scratch,
    connect,
    settle: async (number, at, { account = true, ...terms } = {}) => {
      const domain = domains[at];
      const moreKeys = [providers[at].signingKey, ...(terms.moreKeys ?? [])];
      const person = await federation.claim(number, { domain, ...terms, moreKeys });
      if (account) await providers[at].open(person);
      return person;
    },
    phone: async ({ number, at, place, key, account, isTraced = false }) =>
      await Baresip.start({
        folder: await scratch(),
        number,
        domain: domains[at],
        address: networkAddresses.phones[place]!,
        authorityFile: federation.authorityFile,
        key,
        isTraced,
        ...(account !== undefined && { account }),
      }),
    register: async (at, { number, key, headers = [] }) => {
      using connection = await connect(at, key);
      return await connection.request({
        method: 'REGISTER',
        from: `sip:${number}@${domains[at]}`,
        headers,
      });
    },
    [Symbol.asyncDispose]: async () => await open.disposeAsync(),
  };
}

/** The key that a person's telephone has. */
export function phoneKeyOf(person: Person): string {
  return sipKeyPem(person.keys.sip);
}

async function makeCertificate(
  folder: string,
  key: string,
): Promise<{ readonly cert: string; readonly key: string }> {
  const { certificate } = await writePhoneCertificate(folder, key);
  return { cert: await readFile(certificate, 'utf8'), key };
}
