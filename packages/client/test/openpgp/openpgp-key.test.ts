/**
 * OpenPGP keys from the seed, judged by GnuPG: it imports them, has the same fingerprint, encrypts to
 * the certificate, and decrypts and signs with the secret key.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPgpKey } from '../../src/openpgp/index.ts';

const identifier = 'tel:+34912345678';
const run = promisify(execFile);
const of = { identifier, labelEpoch: 0, seed: new Uint8Array(32).fill(7) } as const;
const userId = { name: 'Alice', email: 'alice@mail.example' };

let home: string;
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'callbook-gpg-'));
});
afterAll(async () => {
  await run('gpgconf', ['--homedir', home, '--kill', 'all']);
  await rm(home, { recursive: true, force: true });
});

const at = (name: string): string => join(home, name);

async function gpg(...args: string[]): Promise<string> {
  const quiet = ['--homedir', home, '--batch', '--yes', '--trust-model', 'always'];
  return (await run('gpg', [...quiet, ...args])).stdout;
}

describe('an OpenPGP key of a seed', () => {
  it('is one that GnuPG has the same fingerprint of, encrypts to, and decrypts and signs with', async () => {
    const made = await openPgpKey({ ...of, userId });
    const fingerprint = made.fingerprint.toHex().toUpperCase();
    await writeFile(at('certificate'), made.certificate);
    await gpg('--import', at('certificate'));
    const listed = await gpg('--with-colons', '--list-keys', fingerprint);
    expect(listed).toContain(`fpr:::::::::${fingerprint}:`);
    expect(listed).toContain('Alice <alice@mail.example>');
    // Field 12 of "pub" and "sub": what each may do; and that the binding of the subkey is good.
    expect(listed).toMatch(/^pub:[^r]:255:22:/m);
    expect(listed).toMatch(/^sub:[^r]:255:18:(?:[^:]*:){7}e:/m);
    await writeFile(at('letter'), 'Meet me at the old place.\n');
    const out = ['--output', at('letter.gpg')];
    await gpg(...out, '--recipient', fingerprint, '--encrypt', at('letter'));
    await writeFile(at('secret.asc'), made.armoredSecretKey);
    await gpg('--import', at('secret.asc'));
    expect(await gpg('--decrypt', at('letter.gpg'))).toBe('Meet me at the old place.\n');
    await gpg('--output', at('letter.sig'), '--detach-sign', at('letter'));
    await gpg('--verify', at('letter.sig'), at('letter'));
    const signature = await readFile(at('letter.sig'));
    expect(signature.length).toBeGreaterThan(64);
  });

  it('is the same each time, and another for another seed, number or label epoch', async () => {
    const first = await openPgpKey(of);
    expect(await openPgpKey(of)).toEqual(first);
    const others = await Promise.all([
      openPgpKey({ ...of, seed: new Uint8Array(32).fill(8) }),
      openPgpKey({ ...of, labelEpoch: 1 }),
      openPgpKey({ ...of, identifier: 'tel:+34912345679' }),
    ]);
    const fingerprints = [first, ...others].map(({ fingerprint }) => fingerprint.toHex());
    expect(new Set(fingerprints).size).toBe(4);
    const named = await openPgpKey({ ...of, userId });
    expect(named.fingerprint).toEqual(first.fingerprint);
    expect(named.certificate).not.toEqual(first.certificate);
  });

  it('does not tell the number', async () => {
    const { certificate } = await openPgpKey(of);
    expect(Buffer.from(certificate).toString('latin1')).not.toContain('34912345678');
    expect(certificate.length).toBeLessThan(600);
  });

  it.each([{ email: 'no address' }, { name: 'Alice <a>' }])('refuses %o', async (wrong) => {
    await expect(openPgpKey({ ...of, userId: wrong })).rejects.toMatchObject({
      code: 'user_id_malformed',
    });
  });

  it('is well formed whatever octets come out', async () => {
    for (let n = 0; n < 40; n += 1) {
      // `openpgp` checks what it reads: a wrong length of an integer, or a wrong sum, would not pass.
      const { certificate } = await openPgpKey({ ...of, seed: new Uint8Array(32).fill(n) });
      expect(certificate.length).toBeGreaterThan(300);
    }
  });
});
