/**
 * What ACME needs to remember, in `tls` in the data folder (mode 0700): `account.key`, `api.key`, `api.pem`
 * with the chain followed by its own key, and `attempts.json`. Each file is written beside its place,
 * synced and moved over it.
 *
 * If we crash, each is there whole, of before or of after. A key is durable before anybody else learns of
 * it; an attempt is noted before the authority is asked, so that a member that crashes again and again
 * does not ask again and again; and a certificate comes with its key in one file, so that there never is
 * a pair of which one half is new.
 */
import { generateKeyPairSync } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DirectoryError } from '@callbook/protocol';
import type { NodeErrorCode } from '../errors.ts';
import { readSecretFile } from '../key-file.ts';
import { keyHashOf, parsePair } from './certificate-pair.ts';
import type { CertificatePair } from './certificate-pair.ts';

/** Orders that failed since the last one that did not. */
export interface AcmeAttempts {
  readonly failureCount: number;
  readonly nextAtMs: number;
}

export const noAttempts: AcmeAttempts = { failureCount: 0, nextAtMs: 0 };

export class AcmeFolder {
  readonly #path: string;

  /** Made by the first that is written: who only looks, perhaps as another user, leaves no folder. */
  constructor(dataDir: string) {
    this.#path = join(dataDir, 'tls');
  }

  async accountKey(): Promise<string> {
    return await this.#key('account.key');
  }

  /** The key that the next certificate is for; another one once somebody has taken the file away. */
  async certificateKey(): Promise<string> {
    return await this.#key('api.key');
  }

  /** What was kept last; undefined when there is none. Codes: `certificate_unfit`, `key_file_*`. */
  async certificate(): Promise<CertificatePair | undefined> {
    const text = await this.#read('api.pem');
    return text === undefined
      ? undefined
      : parsePair({ certificate: text.split(privateKeyLine)[0]!, privateKey: text });
  }

  /** Code: `acme_folder_unusable`. */
  async keepCertificate({ certificate, privateKey }: CertificatePair): Promise<void> {
    await this.#write('api.pem', `${certificate.trimEnd()}\n${privateKey}`);
  }

  /** A file that cannot be read says that there were none: it is written anew. */
  async attempts(): Promise<AcmeAttempts> {
    try {
      const path = join(this.#path, 'attempts.json');
      const value = JSON.parse(await readFile(path, 'utf8')) as Partial<AcmeAttempts> | null;
      const { failureCount, nextAtMs } = value ?? {};
      if (Number.isSafeInteger(failureCount) && Number.isSafeInteger(nextAtMs))
        return { failureCount: failureCount!, nextAtMs: nextAtMs! };
    } catch {
      // As above.
    }
    return noAttempts;
  }

  /** Code: `acme_folder_unusable`. */
  async noteAttempts(attempts: AcmeAttempts): Promise<void> {
    await this.#write('attempts.json', `${JSON.stringify(attempts)}\n`);
  }

  async #key(name: string): Promise<string> {
    const kept = await this.#read(name);
    if (kept !== undefined) {
      orMalformed(name, () => keyHashOf(kept));
      return kept;
    }
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const made = privateKey.export({ format: 'pem', type: 'pkcs8' });
    await this.#write(name, made);
    return made;
  }

  async #read(name: string): Promise<string | undefined> {
    try {
      return new TextDecoder().decode(await readSecretFile(join(this.#path, name)));
    } catch (error) {
      const isMissing =
        error instanceof DirectoryError &&
        (error.cause as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
      if (isMissing) return undefined;
      throw error;
    }
  }

  async #write(name: string, text: string): Promise<void> {
    const path = join(this.#path, name);
    const draft = `${path}.new`;
    await orUnusable(async () => {
      await mkdir(this.#path, { recursive: true, mode: 0o700 });
      try {
        await writeSynced(draft, text);
        await rename(draft, path);
        await syncFolder(dirname(path));
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
    });
  }
}

const privateKeyLine = /-----BEGIN [A-Z ]*PRIVATE KEY-----/;

/** A draft that a crash has left over is written anew: the store's lock says that there is one writer. */
async function writeSynced(path: string, text: string): Promise<void> {
  await using file = await open(path, 'w', 0o600);
  await file.writeFile(text);
  await file.sync();
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r');
  await folder.sync();
}

async function orUnusable(use: () => Promise<unknown>): Promise<void> {
  try {
    await use();
  } catch (cause) {
    throw new DirectoryError<NodeErrorCode>(
      'acme_folder_unusable',
      'the folder "tls" in the data folder cannot be written',
      { cause },
    );
  }
}

function orMalformed(name: string, use: () => unknown): void {
  try {
    use();
  } catch (cause) {
    throw new DirectoryError<NodeErrorCode>(
      'key_file_malformed',
      `${name} in the folder "tls" holds no private key as PEM`,
      { cause },
    );
  }
}
