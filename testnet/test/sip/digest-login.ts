/** Credentials that a provider hands out for a while, and a registration with them. */
import { createHash, randomBytes } from 'node:crypto';
import type { Person } from '../../src/sip/federation.ts';
import type { SipAnswer, SipConnection } from './sip-connection.ts';
import type { ProviderName, SipLab } from './sip-lab.ts';

export interface DigestLogin {
  readonly username: string;
  readonly password: string;
}

/** Asks for credentials in the name of a person, who signs for that. */
export async function credentialsOf(
  lab: SipLab,
  at: ProviderName,
  person: Person,
): Promise<DigestLogin> {
  const url = `${lab.providers[at].accountsUrl}/v1/accounts/mine/credentials`;
  const request = new Request(url, { method: 'POST' });
  const response = await fetch(await lab.federation.directory.signAs(request, person.holding));
  if (response.status !== 201) throw new Error(`no credentials: ${response.status}`);
  return (await response.json()) as DigestLogin;
}

/** Registers as a telephone does: once to be asked, and once with the answer. */
export async function registerByDigest(
  connection: SipConnection,
  of: { readonly number: string; readonly domain: string; readonly login: DigestLogin },
): Promise<SipAnswer> {
  const { number, domain, login } = of;
  const register = { method: 'REGISTER', from: `sip:${number}@${domain}` } as const;
  const asked = await connection.request(register);
  const challenge = asked.headers['www-authenticate'] ?? '';
  const header = digestHeader(challenge, login, { method: 'REGISTER', uri: `sip:${domain}` });
  return await connection.request({ ...register, headers: [`Authorization: ${header}`] });
}

/** The answer to a challenge (RFC 7616, MD5, as stock telephones give it). */
function digestHeader(
  challenge: string,
  login: DigestLogin,
  request: { readonly method: string; readonly uri: string },
): string {
  const field = (name: string): string =>
    new RegExp(`${name}="([^"]*)"`).exec(challenge)?.[1] ?? '';
  const [realm, nonce] = [field('realm'), field('nonce')];
  const md5 = (...parts: string[]): string =>
    createHash('md5').update(parts.join(':')).digest('hex');
  const cnonce = randomBytes(8).toString('hex');
  const user = md5(login.username, realm, login.password);
  const asked = md5(request.method, request.uri);
  const response = md5(user, nonce, '00000001', cnonce, 'auth', asked);
  return (
    `Digest username="${login.username}", realm="${realm}", nonce="${nonce}", uri="${request.uri}", ` +
    `response="${response}", algorithm=MD5, qop=auth, nc=00000001, cnonce="${cnonce}"`
  );
}
