/**
 * `npm run demo:sip`: a federation, two providers and two telephones on this machine, and a call between
 * them by telephone number. Nobody has a password. Ends by itself; `--stay` leaves all of it running.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Baresip } from './baresip.ts';
import { startSipFederation } from './federation.ts';
import type { Person, SipFederation } from './federation.ts';
import { enterOwnNetwork, networkAddresses } from './own-network.ts';
import { sipKeyPem } from './phone-key.ts';
import { startProvider } from './provider.ts';
import type { Provider } from './provider.ts';

const help = `npm run demo:sip -- [options]

Starts a federation, two SIP providers and two telephones in a network of their
own, and lets one telephone call the other by its number.

  --stay    leave everything running until Ctrl-C
  --help    print this
`;

const people = [
  { number: '+4915123456789', domain: 'sip.provider-a.test' },
  { number: '+34912345678', domain: 'sip.provider-b.test' },
] as const;
const heardBytesMin = 8000;
const hearMsMax = 20_000;

const { values } = parseArgs({
  options: { stay: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
});

if (values.help) {
  console.log(help);
} else {
  process.exitCode = enterOwnNetwork() ?? (await main());
}

async function main(): Promise<number> {
  const startedMs = Date.now();
  const folder = await mkdtemp(join(tmpdir(), 'callbook-demo-'));
  const say = (line: string): void =>
    console.log(`${((Date.now() - startedMs) / 1000).toFixed(1).padStart(5)} s  ${line}`);
  try {
    await demonstrate(folder, say);
    return 0;
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

type Say = (line: string) => void;

async function demonstrate(folder: string, say: Say): Promise<void> {
  const [first, second] = people;
  const hosts = Object.fromEntries(
    people.map(({ domain }, place) => [domain, networkAddresses.servers[place]!]),
  );
  await using federation = await startSipFederation({ folder, hosts, say });
  say('a resolver that validates DNSSEC listens on port 53');
  await using stack = new AsyncDisposableStack();
  const providers: Provider[] = [];
  for (const [place, { domain }] of people.entries()) {
    const address = networkAddresses.servers[place]!;
    const port = 8060 + 10 * place;
    providers.push(stack.use(await startProvider(federation, { domain, address, port })));
    say(`${domain} runs: Kamailio, and the bridge beside it`);
  }
  const phones: Baresip[] = [];
  for (const [place, { number, domain }] of people.entries()) {
    const provider = providers[place]!;
    const person = await settle(federation, provider, number);
    say(`${number} is claimed; its route is sip:${number}@${domain}, its key is in DNS`);
    phones.push(stack.use(await startPhone(federation, { provider, person, place })));
    const { type } = await phones[place]!.until(['REGISTER_OK', 'REGISTER_FAIL']);
    if (type !== 'REGISTER_OK') throw new Error(`a telephone is refused\n${provider.said()}`);
    say(`a telephone is registered at ${domain} by that key`);
  }
  await call(phones, say);
  say('');
  say(`${first.number} has called ${second.number}:`);
  say('  no password, no certificate of an authority for either telephone,');
  say('  the call was signed by a key that the caller publishes, and the media were encrypted.');
  if (values.stay) await stay(say);
}

/** A number with a route to the provider, whose signing key it publishes, and an account there. */
async function settle(
  federation: SipFederation,
  provider: Provider,
  number: string,
): Promise<Person> {
  const { domain, signingKey } = provider;
  const person = await federation.claim(number, { domain, moreKeys: [signingKey] });
  await provider.open(person);
  return person;
}

async function startPhone(
  federation: SipFederation,
  at: { readonly provider: Provider; readonly person: Person; readonly place: number },
): Promise<Baresip> {
  const { provider, person, place } = at;
  return await Baresip.start({
    folder: join(federation.folder, `phone-${place + 1}`),
    number: person.number,
    domain: provider.domain,
    address: networkAddresses.phones[place]!,
    authorityFile: federation.authorityFile,
    key: sipKeyPem(person.keys.sip),
  });
}

async function call([caller, callee]: readonly Baresip[], say: Say): Promise<void> {
  say(`${people[0].number} dials ${people[1].number}`);
  caller!.dial(people[1].number);
  const { type, param } = await caller!.until(['CALL_ESTABLISHED', 'CALL_CLOSED']);
  if (type !== 'CALL_ESTABLISHED') throw new Error(`the call ended: ${param}`);
  say('the call is established');
  await caller!.until(['CALL_MENC']);
  await callee!.until(['CALL_MENC']);
  say('both have agreed on keys for the media (DTLS-SRTP)');
  const deadlineMs = Date.now() + hearMsMax;
  for (const phone of [caller!, callee!]) {
    while ((await phone.heardBytes()) < heardBytesMin) {
      if (Date.now() > deadlineMs) throw new Error(`one of them hears nothing\n${phone.said()}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  say('each hears the other');
  caller!.hangUp();
  await callee!.until(['CALL_CLOSED']);
  say('the call has ended');
}

async function stay(say: Say): Promise<void> {
  say('everything stays as it is; Ctrl-C stops it');
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}
