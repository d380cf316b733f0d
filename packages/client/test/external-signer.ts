/** A program that signs, as the guide shows it: the one of docs/guide/signers.md, with its key beside it. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const guide = join(import.meta.dirname, '../../../docs/guide/signers.md');

export interface ExternalSigner extends AsyncDisposable {
  readonly program: string;
  /** PKCS#8 as PEM. */
  readonly keyPath: string;
}

/** Writes the program of the guide to a folder of its own and has OpenSSL make a key. */
export async function makeExternalSigner(): Promise<ExternalSigner> {
  const text = await readFile(guide, 'utf8');
  const script = /(#!\/bin\/sh\n[\s\S]*?\n)PROGRAM\n/.exec(text)?.[1];
  if (script === undefined) throw new Error('the guide has no program');
  return await writeSigner(script);
}

/** Writes any program in its place. */
export async function writeSigner(script: string): Promise<ExternalSigner> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-signer-'));
  const program = join(folder, 'sign');
  const keyPath = join(folder, 'key.pem');
  await writeFile(program, script);
  await chmod(program, 0o700);
  await promisify(execFile)('openssl', ['genpkey', '-algorithm', 'ED25519', '-out', keyPath]);
  await chmod(keyPath, 0o600);
  return {
    program,
    keyPath,
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  };
}
