/** Files with secrets: read once at the start, and refused when others can read them. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { open } from 'node:fs/promises';
import { parseTrustAnchor, type TrustAnchor } from '@callbook/client';
import { readFile } from 'node:fs/promises';
import type { PassportSigner } from './checks/passport.ts';
import { spkiDigestOf } from './directory/record-kinds.ts';
import { sipError, type SipErrorCode } from './errors.ts';

const othersMode = 0o007;
const digestSecretCharactersMin = 32;

/** Reads the secret that the bridge shares with Kamailio. Throws `digest_secret_unfit`. */
export async function readDigestSecret(path: string): Promise<string> {
  const secret = (await readOwn(path, 'digest_secret_unfit')).trim();
  // It stands in Kamailio's configuration, too.
  if (secret.length >= digestSecretCharactersMin && /^[\w+/=.-]{1,256}$/.test(secret))
    return secret;
  throw sipError(
    'digest_secret_unfit',
    'the secret must be 32 to 256 characters of letters, digits and + / = . - _; openssl rand -base64 33 makes one',
  );
}

/** Reads the key that signs calls out. Throws `signing_key_unfit`. */
export async function readPassportSigner(path: string, url: string): Promise<PassportSigner> {
  const pem = await readOwn(path, 'signing_key_unfit');
  try {
    const privateKey = createPrivateKey(pem);
    const publicKey = createPublicKey(privateKey);
    if (publicKey.asymmetricKeyDetails?.namedCurve === 'prime256v1') {
      const spkiDigest = spkiDigestOf(publicKey.export({ type: 'spki', format: 'der' }));
      return { privateKey, spkiDigest, url };
    }
  } catch {
    // No cause: the parser's message is about a secret.
  }
  throw sipError('signing_key_unfit', 'the file holds no P-256 key as PEM');
}

/**
 * Reads DS records of the root, a line each in presentation form, as /usr/share/dns/root.ds has them. Throws
 * `anchor_unreadable`.
 */
export async function readAnchor(path: string): Promise<TrustAnchor> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw sipError('anchor_unreadable', 'the file of the anchor cannot be read', { cause });
  });
  const records = Array.from(
    text.matchAll(/^\.\s.*\bDS\s+(\d+)\s+(\d+)\s+(\d+)\s+([\dA-Fa-f ]+)$/gm),
    ([, tag, algorithm, type, digest]) =>
      `${tag} ${algorithm} ${type} ${digest!.replaceAll(' ', '')}`,
  );
  const anchor = parseTrustAnchor('.', records);
  if (anchor !== undefined) return anchor;
  throw sipError('anchor_unreadable', 'the file of the anchor has no DS records of the root');
}

/** The mode is that of what is read. */
async function readOwn(path: string, code: SipErrorCode): Promise<string> {
  let mode: number;
  let text: string;
  try {
    await using file = await open(path, 'r');
    ({ mode } = await file.stat());
    text = await file.readFile('utf8');
  } catch (cause) {
    throw sipError(code, 'a file with a secret cannot be read', { cause });
  }
  // The group may: Kamailio runs as another user.
  if ((mode & othersMode) === 0) return text;
  throw sipError(code, 'a file with a secret can be read by everybody: chmod o-rwx');
}
