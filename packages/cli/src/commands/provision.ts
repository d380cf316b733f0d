/**
 * `callbook provision`: an account at a provider, and the settings of a telephone for it. What the provider is told is
 * signed by the identity key of the seed; what it answers is printed only where it has the form that is expected.
 */
import type { Holding } from '@callbook/client';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { selectHeld } from '../journal.ts';
import { writeIdentifier } from '../number.ts';
import type { Session } from '../session.ts';

export interface ProvisionOptions {
  readonly number?: string;
  readonly phone: 'baresip' | 'digest' | 'linphone' | 'qr';
  /** File that `callbook cert` has written. */
  readonly certificate?: string;
}

const answerMsMax = 15_000;
const answerBytesMax = 65_536;

/** Makes the account, if there is none, and prints what the telephone needs. */
export async function provision(
  session: Session,
  provider: string,
  options: ProvisionOptions,
): Promise<ExitCode> {
  const { holding, identifier } = await selectHeld(session, options.number);
  const base = readProvider(provider);
  const needsCertificate = options.phone === 'baresip' || options.phone === 'linphone';
  if (needsCertificate && options.certificate === undefined) {
    throw cliError('usage', 'name the file that "callbook cert" has written with --certificate');
  }
  const ask = async (method: string, path: string): Promise<Answer> =>
    await askProvider(session, { holding, method, url: `${base}${path}` });
  const account = await ask('PUT', '/v1/accounts/mine');
  const address = textOf(account, 'address', /^sip:\+\d{7,15}@[a-z0-9.-]{1,253}$/);
  const state = textOf(account, 'state', /^[a-z]{1,16}$/);
  const settings = await settingsFor(options, { address, ask });
  const about = { identifier, address, state };
  session.report.result({ ...about, ...settings.value }, [
    `${writeIdentifier(identifier)} has the account ${address} (${state}).`,
    ...(state === 'awaited' ? [`Calls arrive after: callbook routes set ${address}`] : []),
    ...settings.lines,
  ]);
  return exitCodes.ok;
}

type Answer = Readonly<Record<string, unknown>>;

interface Settings {
  readonly value: object;
  readonly lines: readonly string[];
}

async function settingsFor(
  { phone, certificate = '' }: ProvisionOptions,
  at: { address: string; ask: (method: string, path: string) => Promise<Answer> },
): Promise<Settings> {
  const { address, ask } = at;
  if (phone === 'baresip') return inLines(baresipSettings(address, certificate));
  if (phone === 'linphone') return inLines(linphoneSettings(address, certificate));
  if (phone === 'digest') {
    const answer = await ask('POST', '/v1/accounts/mine/credentials');
    const username = textOf(answer, 'username', /^\d{10}:\+\d{7,15}$/);
    const password = textOf(answer, 'password', /^[A-Za-z0-9+/=]{16,128}$/);
    const realm = textOf(answer, 'realm', /^[a-z0-9.-]{1,253}$/);
    const lines = [`user name  ${username}`, `password   ${password}`, `realm      ${realm}`];
    return { value: { username, password, realm }, lines };
  }
  const answer = await ask('POST', '/v1/accounts/mine/provisioning');
  const url = textOf(answer, 'url', /^https?:\/\/[A-Za-z0-9.:/_[\]-]{1,500}$/);
  const code = textOf(answer, 'terminal', /^[ ▀▄█\n]{1,16384}$/);
  const lines = [code, `Scan this with Linphone within ten minutes, or let it fetch ${url}`];
  return { value: { url }, lines };
}

function inLines(settings: string): Settings {
  return { value: { settings }, lines: settings.trimEnd().split('\n') };
}

function baresipSettings(address: string, certificate: string): string {
  return `# ~/.baresip/config
sip_certificate ${certificate}
module srtp.so
module dtls_srtp.so
# ~/.baresip/accounts
<${address};transport=tls>;regint=300;mediaenc=dtls_srtp;auth_pass=none
`;
}

function linphoneSettings(address: string, certificate: string): string {
  const provider = address.slice(address.indexOf('@') + 1);
  return `# linphonerc
[sip]
media_encryption=dtls
client_cert_chain=${certificate}
client_cert_key=${certificate}
default_proxy=0
[proxy_0]
reg_proxy=<sip:${provider};transport=tls>
reg_identity=<${address}>
reg_expires=300
reg_sendregister=1
publish=0
`;
}

/** The address of a provider's accounts: HTTPS, or HTTP on this machine. */
function readProvider(text: string): string {
  const url = URL.parse(text.includes('://') ? text : `https://${text}`);
  const isOwn = url !== null && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  const isFit = url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isOwn));
  if (isFit && url.search === '' && url.hash === '' && url.username === '') {
    return `${url.origin}${url.pathname}`.replace(/\/$/, '');
  }
  throw cliError('usage', 'a provider is the https address of its accounts');
}

/** Throws `provider_unreachable`, `provider_refused`, `provider_answer_malformed`. */
async function askProvider(
  { directory }: Session,
  of: { readonly holding: Holding; readonly method: string; readonly url: string },
): Promise<Answer> {
  const signed = await directory.signAs(new Request(of.url, { method: of.method }), of.holding);
  let response: Response;
  try {
    const signal = AbortSignal.timeout(answerMsMax);
    response = await fetch(signed, { redirect: 'error', signal });
  } catch (cause) {
    throw cliError('provider_unreachable', 'the provider did not answer', { cause });
  }
  const answer = await readAnswer(response);
  if (response.ok) return answer;
  const { code } = answer;
  const problemCode = typeof code === 'string' && /^[a-z_]{1,64}$/.test(code) ? code : 'unknown';
  const message = `the provider refused with ${response.status}: ${problemCode}`;
  throw cliError('provider_refused', message, {
    details: { problemCode, status: response.status },
  });
}

async function readAnswer(response: Response): Promise<Answer> {
  try {
    const text = await response.text();
    const json: unknown = text.length <= answerBytesMax ? JSON.parse(text) : undefined;
    if (typeof json === 'object' && json !== null) return json as Answer;
  } catch {
    // Said below.
  }
  throw malformed();
}

/** What goes to the terminal has the form that is expected, and no control characters. */
function textOf(answer: Answer, name: string, form: RegExp): string {
  const value = answer[name];
  if (typeof value === 'string' && form.test(value)) return value;
  throw malformed();
}

function malformed(): Error {
  return cliError('provider_answer_malformed', 'what answered is not the accounts of a provider');
}
