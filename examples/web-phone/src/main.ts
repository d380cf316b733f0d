/**
 * The page: makes a number somebody's, opens their account at a SIP provider, and calls. What it keeps, it
 * keeps in the storage of the page, where every script of its origin can read it: an app has a signer.
 */
import { createDirectory, encodeHoldingJson, parseHoldingJson } from '@callbook/client';
import { publishedKeysOf, type CodeSource, type Directory, type Holding } from '@callbook/client';
import { deriveKeys, parseBase64Url, type Identifier } from '@callbook/protocol';
import { startPhone } from './phone.ts';

/** `settings.json` beside the page. */
interface Settings {
  /** The provider's, which addresses end in. */
  readonly domain: string;
  /** `wss://…/sip` of the provider's Kamailio. */
  readonly socket: string;
  /** Of the provider's accounts. */
  readonly accounts: string;
  /** Public key (P-256, uncompressed) that the provider signs calls with, in base64url. */
  readonly signingKey: string;
}

const storedAs = 'callbook-holding';
const openMsMax = 60_000;
const pollMs = 500;

const form = (name: string): HTMLFormElement => document.querySelector(`form#${name}`)!;
const forms = { claim: form('claim'), code: form('code'), call: form('call') };
const typedIn = (form: HTMLFormElement): string =>
  form.querySelector<HTMLInputElement>('input')!.value.trim();
const say = (text: string): void => {
  document.querySelector('[role=status]')!.textContent = text;
};

main().catch((error: unknown) => say(`It does not work: ${String(error)}`));

// Not at the top of the module: parts of the SDK that are loaded later would wait for it, and it for them.
async function main(): Promise<void> {
  const settings = (await (await fetch('settings.json')).json()) as Settings;
  const charterNote = await (await fetch('charter-1.note')).text();
  const directory = createDirectory({ charterNote });
  const stored = localStorage.getItem(storedAs);
  const holding =
    stored === null ? await claimNumber(directory, settings) : parseHoldingJson(JSON.parse(stored));
  localStorage.setItem(storedAs, JSON.stringify(encodeHoldingJson(holding)));
  await openAccount(directory, holding, settings.accounts);
  phoneUp(directory, holding, settings);
}

/** Resolves with what is typed into a form, once it is sent. */
async function typedInto(form: HTMLFormElement): Promise<string> {
  form.hidden = false;
  await new Promise<void>((resolve) => {
    const sent = (event: Event): void => {
      event.preventDefault();
      resolve();
    };
    form.addEventListener('submit', sent, { once: true });
  });
  form.hidden = true;
  return typedIn(form);
}

async function claimNumber(
  directory: Directory,
  { domain, signingKey }: Settings,
): Promise<Holding> {
  const number = await typedInto(forms.claim);
  say('Waiting for the code');
  const code: CodeSource = async () => {
    const given = await typedInto(forms.code);
    say('Claiming the number');
    return given;
  };
  const identifier = `tel:${number}` as Identifier;
  const seed = crypto.getRandomValues(new Uint8Array(32));
  const keys = deriveKeys(seed, { labelEpoch: directory.charter.labelEpoch, identifier });
  // Who publishes the key that a provider signs with gives it what a telephone has.
  const provider = { use: 'sip', algorithm: 'p256', key: parseBase64Url(signingKey)! } as const;
  return await directory.claim({
    identifier,
    seed,
    keys: [...publishedKeysOf(keys), provider],
    routes: [{ service: 'sip', uri: `sip:${number}@${domain}`, preference: 10 }],
    visibility: 'dns',
    form: 'app',
    code,
  });
}

/** Making an account that is there already changes nothing. */
async function openAccount(
  directory: Directory,
  holding: Holding,
  accounts: string,
): Promise<void> {
  say('Opening the account');
  const deadlineMs = Date.now() + openMsMax;
  for (;;) {
    const request = new Request(`${accounts}/v1/accounts/mine`, { method: 'PUT' });
    const answer = await fetch(await directory.signAs(request, holding));
    if (answer.ok) return;
    // The zones have a number that was claimed just now after a moment.
    const isEarly = answer.status === 401 || answer.status === 503;
    if (!isEarly || Date.now() > deadlineMs) throw new Error(`no account: ${answer.status}`);
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
}

function phoneUp(directory: Directory, holding: Holding, { domain, socket }: Settings): void {
  const number = holding.identifier.slice('tel:'.length);
  const token = async (): Promise<string> => await directory.signBearer(domain, holding);
  const phone = startPhone({
    number,
    domain,
    socket,
    token,
    say,
    audio: document.querySelector('audio')!,
  });
  const hangUp = document.querySelector<HTMLButtonElement>('#hang-up')!;
  const { call } = forms;
  call.hidden = false;
  hangUp.hidden = false;
  hangUp.addEventListener('click', () => phone.hangUp());
  call.addEventListener('submit', (event) => {
    event.preventDefault();
    void phone.call(typedIn(call));
  });
}
