/** Certificates and accounts for telephones, with the real command, a real bridge and OpenSSL. */
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseBase64Url, subjectPublicKeyInfo } from '@callbook/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFederation, type TestFederation } from '../../client/test/test-federation.ts';
import { freePort } from '../../dns/test/peers/peer-tools.ts';
import { startTestBridge } from '../../sip/test/running-bridge.ts';
import { openTestDirectory } from '../../sip/test/test-directory.ts';
import { makeHome, type Home } from './callbook-process.ts';

const number = '+34912345678';

let home: Home;
let federation: TestFederation;

beforeEach(async () => {
  home = await makeHome();
  federation = await startFederation({ outboxPath: home.outboxPath });
  await home.configure(federation.charterNote);
  const sip = ['--sip', `sip:${number}@sip.a.example`];
  const registered = await home.run(['register', number, ...sip, '--code-from', home.outboxPath]);
  expect(registered.code).toBe(0);
});

afterEach(async () => {
  await federation[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const at = (name: string): string => join(home.path, name);

/** Published keys by use, as JSON of `key show` has them. */
async function publishedKey(use: string): Promise<Uint8Array> {
  const { json } = await home.run(['key', 'show', '--json']);
  const keys = json[0]!['keys'] as { use: string; key: string }[];
  return parseBase64Url(keys.find((each) => each.use === use)!.key)!;
}

describe('a certificate', () => {
  it('has the published key, names nobody, and is one that OpenSSL takes', async () => {
    const made = await home.run(['cert', at('phone.pem'), '--days', '30']);
    expect([made.code, made.stderr]).toEqual([0, '']);
    expect((await stat(at('phone.pem'))).mode & 0o777).toBe(0o600);
    const pem = await readFile(at('phone.pem'), 'utf8');
    const certificate = new X509Certificate(pem.slice(pem.indexOf('-----BEGIN CERTIFICATE')));
    const key = await publishedKey('sip');
    const spki = subjectPublicKeyInfo({ use: 'sip', algorithm: 'p256', key })!;
    const own = certificate.publicKey.export({ type: 'spki', format: 'der' });
    expect(new Uint8Array(own)).toEqual(spki);
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.subject).toBe('CN=Callbook');
    expect(certificate.raw.includes(number.slice(1))).toBe(false);
    const lifeDays =
      (Date.parse(certificate.validTo) - Date.parse(certificate.validFrom)) / 86_400_000;
    expect(lifeDays).toBe(30);
    const checked = ['verify', '-x509_strict', '-purpose', 'sslclient', '-partial_chain'];
    const files = ['-CAfile', at('phone.pem'), at('phone.pem')];
    expect(execFileSync('openssl', [...checked, ...files], { encoding: 'utf8' })).toContain('OK');
    // The secret key is the certificate's.
    const args = ['pkey', '-in', at('phone.pem'), '-pubout', '-outform', 'DER'];
    expect(new Uint8Array(execFileSync('openssl', args))).toEqual(spki);
  });

  it('does not overwrite a file, and is not made for longer than ten years', async () => {
    await home.run(['cert', at('phone.pem')]);
    const again = await home.run(['cert', at('phone.pem')]);
    expect(again.stderr).toContain('output_unwritable');
    expect((await home.run(['cert', at('new.pem'), '--days', '4000'])).code).toBe(2);
  });

  it('for the years after 2049 has its times in the other form', async () => {
    const { selfSignedCertificate } = await import('../src/self-signed-certificate.ts');
    const { generateKeyPairSync } = await import('node:crypto');
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const nowMs = Date.UTC(2049, 11, 1);
    const made = new X509Certificate(selfSignedCertificate(privateKey, { nowMs, days: 365 }));
    expect(made.validTo).toBe('Nov 30 00:00:00 2050 GMT');
  });
});

describe('an account at a provider', () => {
  it('is made by the command, with settings for each telephone', async () => {
    await using directory = await openTestDirectory();
    directory.publish(number, {
      identity: [await publishedKey('identity')],
      routes: [`sip:${number}@sip.a.example`],
    });
    const accountsPort = await freePort();
    await using bridge = await startTestBridge(directory, { required: true, accountsPort });
    const provider = `http://127.0.0.1:${accountsPort}`;
    const run = async (...args: string[]) => await home.run(['provision', provider, ...args]);
    const qr = await run();
    expect([qr.code, qr.stderr]).toEqual([0, '']);
    expect(qr.stdout).toContain(`has the account sip:${number}@sip.a.example (here)`);
    expect(qr.stdout).toMatch(/[▀▄█]{20}/);
    const digest = await run('--phone', 'digest', '--json');
    const username = String(digest.json[0]!['username']);
    const { line } = await bridge.ask('/check/digest', { number, username });
    expect(line).toMatch(/^accept/);
    const baresip = await run('--phone', 'baresip', '--certificate', 'phone.pem');
    expect(baresip.stdout).toContain('sip_certificate phone.pem');
    const linphone = await run('--phone', 'linphone', '--certificate', 'phone.pem');
    expect(linphone.stdout).toContain('reg_proxy=<sip:sip.a.example;transport=tls>');
    expect((await run('--phone', 'linphone')).code).toBe(2);
  });

  it('is refused, or not there, with a code', async () => {
    const port = await freePort();
    const nobody = await home.run(['provision', `http://127.0.0.1:${port}`]);
    expect([nobody.code, nobody.stderr]).toEqual([
      5,
      expect.stringContaining('provider_unreachable'),
    ]);
    expect((await home.run(['provision', 'http://sip.a.example'])).code).toBe(2);
    await using directory = await openTestDirectory();
    await using bridge = await startTestBridge(directory, { accountsPort: port });
    expect(bridge.accountsPort).toBe(port);
    const unknown = await home.run(['provision', `http://127.0.0.1:${port}`, '--json']);
    expect(unknown.stderr).toContain('"problemCode":"signer_unknown"');
  });
});
