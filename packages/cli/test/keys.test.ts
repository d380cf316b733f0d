/** Backups, sealed things and verified calls, with the real command against honest members. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileSigner } from '@callbook/client/node';
import { encodeBase64Url } from '@callbook/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFederation, type TestFederation } from '../../client/test/test-federation.ts';
import { makeExternalSigner } from '../../client/test/external-signer.ts';
import { makeHome, type Finished, type Home } from './callbook-process.ts';

const number = '+34912345678';
const passphrase = 'correct horse battery';

const run = promisify(execFile);

let home: Home;
let federation: TestFederation;

beforeEach(async () => {
  home = await makeHome();
  federation = await startFederation({ outboxPath: home.outboxPath });
  await home.configure(federation.charterNote);
  const sip = ['--sip', 'sip:alice@sip.example'];
  const registered = await home.run(['register', number, ...sip, '--code-from', home.outboxPath]);
  expect(registered.code).toBe(0);
});

afterEach(async () => {
  await federation[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const at = (name: string): string => join(home.path, name);

/** All key files are gone, as with a lost telephone. */
async function loseKeys(): Promise<void> {
  await rm(at('.local/share/callbook/keys'), { recursive: true });
  expect((await home.run(['key', 'show'])).stderr).toContain('holding_missing');
}

async function expectHeld(): Promise<void> {
  const changed = await home.run(['routes', 'set', 'sip:alice@other.example']);
  expect(changed.stderr).toBe('');
  const answer = await home.run(['lookup', number, '--no-proof']);
  expect(answer.stdout).toContain('sip:alice@other.example');
}

describe('a backup', () => {
  it('of 24 words brings a number back, which goes on where it was', async () => {
    await home.run(['routes', 'set', 'sip:alice@second.example']);
    const shown = await home.run(['key', 'backup', '--words', '--json']);
    const { words } = shown.json[0] as { words: string };
    expect(words.split(' ')).toHaveLength(24);
    const restore = ['key', 'restore', number, '--json'];
    const held = await home.run(restore, { stdin: `${words}\n` });
    expect(held.stderr).toContain('key_file_exists');
    await loseKeys();
    const restored = await home.run(restore, { stdin: `${words}\n` });
    expect(restored).toMatchObject({ code: 0, json: [{ state: 'restored' }] });
    await expectHeld();
  });

  it('in a file needs its passphrase, and neither is ever overwritten', async () => {
    const backup = ['key', 'backup', at('numbers.age'), '--passphrase-stdin'];
    expect((await home.run(backup, { stdin: `${passphrase}\n` })).code).toBe(0);
    expect((await stat(at('numbers.age'))).mode & 0o777).toBe(0o600);
    const again = await home.run(backup, { stdin: `${passphrase}\n` });
    expect(again.stderr).toContain('backup_file_unwritable');
    const restore = ['key', 'restore', '--file', at('numbers.age'), '--passphrase-stdin'];
    await loseKeys();
    const wrong = await home.run(restore, { stdin: 'another passphrase\n' });
    expect(wrong).toMatchObject({ code: 6 });
    expect(wrong.stderr).toContain('backup_passphrase_wrong');
    expect((await home.run(restore, { stdin: `${passphrase}\n` })).code).toBe(0);
    await expectHeld();
  }, 90_000);

  it('from before a rotation is worth nothing, and says so', async () => {
    const shown = await home.run(['key', 'backup', '--words', '--json']);
    await home.run(['key', 'rotate']);
    await loseKeys();
    const { words } = shown.json[0] as { words: string };
    const restored = await home.run(['key', 'restore', number], { stdin: `${words}\n` });
    expect(restored).toMatchObject({ code: 3 });
    expect(restored.stderr).toContain('seed_foreign');
    expect(restored.stderr).not.toContain(words.split(' ')[0]);
  });
});

describe('something sealed', () => {
  it('is read by the holder of the number', async () => {
    await writeFile(at('letter'), 'Meet me at the old place.\n');
    const sealed = await home.run(['seal', number, '--in', at('letter'), '--out', at('sealed')]);
    expect(sealed.code).toBe(0);
    expect(await readFile(at('sealed'), 'latin1')).not.toContain('old place');
    const opened = await home.run(['open', '--in', at('sealed')]);
    expect(opened).toMatchObject({ code: 0, stdout: 'Meet me at the old place.\n' });
    const damaged = await home.run(['open', '--in', at('letter')]);
    expect(damaged.stderr).toContain('sealed_malformed');
  });

  it('cannot be sealed to a number that nobody has', async () => {
    expect(await home.run(['seal', '+34911111111'], { stdin: 'x' })).toMatchObject({ code: 4 });
  });
});

describe('a call', () => {
  const sdp = [
    'v=0',
    'o=- 1 1 IN IP4 192.0.2.1',
    's=-',
    't=0 0',
    'm=audio 9 UDP/TLS/RTP/SAVPF 111',
    `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => 'AB').join(':')}`,
    '',
  ].join('\r\n');

  const judge = (peer: string, ...more: string[]): Promise<Finished> =>
    home.run([
      'verify-peer',
      peer,
      '--to',
      '+4915123456789',
      '--sdp',
      at('sdp'),
      '--json',
      ...more,
    ]);

  it('is judged by what its number publishes, and by what it published before', async () => {
    await writeFile(at('sdp'), sdp);
    const unbound = { action: 'warn', reason: 'keys_unbound' };
    expect(await judge(number)).toMatchObject({ code: 6, json: [unbound] });
    expect(await judge(number, '--policy', 'require-keys')).toMatchObject({ code: 3 });
    const nobody = { action: 'allow', reason: 'no_keys_encrypted' };
    expect(await judge('+34911111111')).toMatchObject({ code: 0, json: [nobody] });
    await home.run(['key', 'rotate']);
    const changed = await judge(number);
    expect(changed.json[0]).toMatchObject({ reasons: expect.arrayContaining(['key_changed']) });
    expect((await judge(number)).json[0]).toMatchObject({ reasons: ['keys_unbound'] });
  });

  it('is refused when nobody can be asked about its number', async () => {
    await writeFile(at('sdp'), sdp);
    federation.interfere(() => Promise.resolve({ status: 503, json: {} }));
    expect(await judge(number)).toMatchObject({
      code: 3,
      json: [{ reason: 'directory_unavailable' }],
    });
  });
});

describe('an authority key that a program has', () => {
  it('signs what the command does, and the key file cannot', async () => {
    await using external = await makeExternalSigner();
    const mine = ['--number', '+34912345670'];
    const by = ['--signer', external.program];
    const claimed = ['register', '+34912345670', ...by, '--code-from', home.outboxPath];
    expect(await home.run(claimed)).toMatchObject({ code: 0 });
    const set = ['routes', 'set', 'sip:bob@sip.example', ...mine];
    const without = await home.run(set);
    expect(without).toMatchObject({ code: 6 });
    expect(without.stderr).toContain('signer_missing');
    expect(await home.run([...set, ...by])).toMatchObject({ code: 0 });
    const { publicKey } = await fileSigner(external.keyPath);
    const shown = await home.run(['key', 'show', ...mine, '--json']);
    expect(shown.json[0]).toMatchObject({ authorityKey: encodeBase64Url(publicKey) });
    const unsaid = await home.run(['key', 'rotate', ...mine, ...by]);
    expect(unsaid).toMatchObject({ code: 2 });
    const toFile = await home.run(['key', 'rotate', ...mine, ...by, '--to-file']);
    expect(toFile).toMatchObject({ code: 0 });
    await home.configure(federation.charterNote, { signer: [external.program] });
    const back = await home.run(['key', 'rotate', ...mine, '--new-signer', external.program]);
    expect(back).toMatchObject({ code: 0 });
    expect(await home.run(['release', '--yes', ...mine])).toMatchObject({ code: 0 });
  });
});

describe('a key file of other software', () => {
  it('takes the secret of a published key, and OpenSSL signs with it', async () => {
    const shown = await home.run(['key', 'export', '--use', 'sip']);
    await writeFile(at('public.pem'), shown.stdout);
    const written = await home.run(['key', 'export', '--use', 'sip', '--secret', at('secret.pem')]);
    expect(written.code).toBe(0);
    expect((await stat(at('secret.pem'))).mode & 0o777).toBe(0o600);
    await writeFile(at('text'), 'anything');
    const signature = ['-out', at('signature'), at('text')];
    await run('openssl', ['dgst', '-sha256', '-sign', at('secret.pem'), ...signature]);
    const verified = await run('openssl', [
      'dgst',
      '-sha256',
      '-verify',
      at('public.pem'),
      '-signature',
      at('signature'),
      at('text'),
    ]);
    expect(verified.stdout).toContain('Verified OK');
  });

  it('brings a key that is published in place of ours, and can be taken back', async () => {
    await run('openssl', ['genpkey', '-algorithm', 'ED25519', '-out', at('own.pem')]);
    const imported = await home.run(['key', 'import', at('own.pem'), '--use', 'sip', '--json']);
    const sip = { use: 'sip', algorithm: 'ed25519' };
    expect(imported.json[0]).toMatchObject({
      keys: expect.arrayContaining([expect.objectContaining(sip)]),
    });
    const secret = await home.run(['key', 'export', '--secret', at('secret.pem')]);
    expect(secret.stderr).toContain('secret_elsewhere');
    const own = await home.run(['key', 'import', '--use', 'sip', '--json']);
    const algorithms = (own.json[0] as { keys: { algorithm: string }[] }).keys.map(
      ({ algorithm }) => algorithm,
    );
    expect(algorithms.toSorted()).toStrictEqual(['ed25519', 'p256', 'x25519']);
  });

  it('may be an OpenPGP key of the seed, which is no longer published once the seed is another', async () => {
    const make = ['key', 'openpgp', '--user-id', 'Alice <alice@mail.example>', '--json'];
    const made = await home.run([...make, '--secret', at('secret.asc')]);
    expect(made).toMatchObject({ code: 0 });
    const { fingerprint } = made.json[0] as { fingerprint: string };
    expect((await stat(at('secret.asc'))).mode & 0o777).toBe(0o600);
    const listed = await run('gpg', ['--homedir', home.path, '--show-keys', at('secret.asc')]);
    expect(listed.stdout).toContain(fingerprint);
    const openPgp = expect.objectContaining({ use: 'openpgp' });
    const before = await home.run(['lookup', number, '--no-proof', '--json']);
    expect(before.json[0]).toMatchObject({ keys: expect.arrayContaining([openPgp]) });
    const again = await home.run(make);
    expect(again.json).toEqual(made.json);
    const rotated = await home.run(['key', 'rotate', '--json']);
    expect(rotated.json[0]).not.toMatchObject({ keys: expect.arrayContaining([openPgp]) });
  });

  it('may hold an OpenPGP certificate that GnuPG has made, and nothing else under that name', async () => {
    const gpg = ['--homedir', at('gnupg'), '--batch', '--passphrase', ''];
    await mkdir(at('gnupg'), { mode: 0o700 });
    await run('gpg', [...gpg, '--quick-gen-key', 'Alice <alice@mail.example>', 'ed25519', 'sign']);
    await run('gpg', [...gpg, '--armor', '--output', at('alice.asc'), '--export']);
    const imported = await home.run([
      'key',
      'import',
      at('alice.asc'),
      '--use',
      'openpgp',
      '--json',
    ]);
    expect(imported).toMatchObject({ code: 0 });
    const { keys } = imported.json[0] as { keys: { use: string; key: string }[] };
    const { key } = keys.find(({ use }) => use === 'openpgp')!;
    await writeFile(at('alice.pgp'), Buffer.from(key, 'base64url'));
    const shown = await run('gpg', [...gpg, '--show-keys', at('alice.pgp')]);
    expect(shown.stdout).toContain('alice@mail.example');
    const wrong = await home.run(['key', 'import', at('alice.asc'), '--use', 'box']);
    expect(wrong.stderr).toContain('key_unfit');
  });
});
