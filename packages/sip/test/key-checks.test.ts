/**
 * Certificates, numbers and members that lie, through HTTP and DNS as Kamailio's questions go. The certificates are
 * OpenSSL's.
 */
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { certificateOf, newPhone } from './phone.ts';
import { startTestBridge, type TestBridge } from './running-bridge.ts';
import { openTestDirectory, type TestDirectory } from './test-directory.ts';

let directory: TestDirectory;
let bridge: TestBridge;
let nextNumber = 34_912_345_000;
/** Nobody has asked for it before: nothing of it is kept. */
const freshNumber = (): string => `+${(nextNumber += 1)}`;

beforeAll(async () => {
  directory = await openTestDirectory();
  bridge = await startTestBridge(directory);
});

afterAll(async () => {
  await bridge[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

beforeEach(() => directory.cast());

const check = async (number: string, certificate: string): Promise<string> => {
  const { status, line } = await bridge.ask('/check/certificate', { number, certificate });
  return `${status} ${line}`;
};

describe('a certificate', () => {
  it.each(['p256', 'ed25519'] as const)('with the published %s key is accepted', async (kind) => {
    const [phone, number] = [newPhone(kind), freshNumber()];
    directory.publish(number, { sip: [phone.spki] });
    expect(await check(number, certificateOf(phone.privateKey))).toMatch(/^200 accept (300|29\d)$/);
  });

  it('is accepted again after it was issued anew: the key counts', async () => {
    const [phone, number] = [newPhone(), freshNumber()];
    directory.publish(number, { sip: [phone.spki] });
    const pems = [
      certificateOf(phone.privateKey),
      certificateOf(phone.privateKey, ['-subj', '/CN=another']),
    ];
    for (const pem of pems) expect(await check(number, pem)).toMatch(/^200 accept \d+$/);
  });

  it('with another key, or for another number, is refused', async () => {
    const [phone, other, number] = [newPhone(), newPhone(), freshNumber()];
    directory.publish(number, { sip: [phone.spki] });
    expect(await check(number, certificateOf(other.privateKey))).toBe('403 refuse key_unpublished');
    const pem = certificateOf(phone.privateKey);
    expect(await check(freshNumber(), pem)).toBe('403 refuse key_unpublished');
  });

  it('with the bytes of the published key planted in subject and extensions is refused', async () => {
    const [victim, thief, number] = [newPhone(), newPhone(), freshNumber()];
    directory.publish(number, { sip: [victim.spki] });
    const hex = Buffer.from(victim.spki).toString('hex');
    const pem = certificateOf(thief.privateKey, [
      '-subj',
      `/CN=${hex.slice(0, 64)}/OU=${hex.slice(64, 128)}`,
      '-addext',
      `1.2.3.4=DER:${hex}`,
      '-addext',
      `subjectKeyIdentifier=${hex.slice(0, 40)}`,
    ]);
    // It is all there, where a search through the bytes would find it.
    const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
    expect(der.includes(victim.spki)).toBe(true);
    expect(await check(number, pem)).toBe('403 refuse key_unpublished');
  });

  it('with a key of another kind is refused', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const p384 = generateKeyPairSync('ec', { namedCurve: 'secp384r1' });
    for (const key of [privateKey, p384.privateKey]) {
      expect(await check(freshNumber(), certificateOf(key))).toBe('403 refuse key_unsupported');
    }
  });

  it('in any form but one PEM of one certificate is refused', async () => {
    const [phone, number] = [newPhone(), freshNumber()];
    directory.publish(number, { sip: [phone.spki] });
    const good = certificateOf(phone.privateKey);
    const der = Buffer.from(good.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
    const indefinite = Buffer.concat([Buffer.from([0x30, 0x80]), der.subarray(4), Buffer.alloc(2)]);
    const odd = [
      '',
      'certificate',
      good + good,
      good.repeat(40),
      `text before\n${good}`,
      good.replaceAll('CERTIFICATE', 'TRUSTED CERTIFICATE'),
      good.replaceAll('CERTIFICATE', 'X509 CERTIFICATE'),
      pemOf(Buffer.concat([der, Buffer.from('more')])),
      pemOf(der.subarray(0, -1)),
      pemOf(indefinite),
      pemOf(Buffer.from(phone.spki)),
      good.replace(/[A-Z]/, '\0'),
      `-----BEGIN CERTIFICATE-----\n${'A'.repeat(9000)}\n-----END CERTIFICATE-----\n`,
    ];
    for (const pem of odd)
      expect(await check(number, pem)).toBe('403 refuse certificate_malformed');
    expect(await check(number, good.replaceAll('\n', '\r\n'))).toMatch(/^200/);
  });

  it('with the key in another form than the published one is refused', async () => {
    const [phone, number] = [newPhone(), freshNumber()];
    directory.publish(number, { sip: [phone.spki] });
    const compressed = pemOf(withCompressedPoint(certificateOf(phone.privateKey), phone.spki));
    expect(await check(number, compressed)).toBe('403 refuse key_unpublished');
  });
});

describe('members', () => {
  it('that add a key of their own are outvoted', async () => {
    const [phone, thief, number] = [newPhone(), newPhone(), freshNumber()];
    directory.publish(number, { sip: [phone.spki] });
    for (const liar of [0, 1, 2]) {
      const victim = freshNumber();
      directory.publish(victim, { sip: [phone.spki] });
      directory.publish(victim, { sip: [phone.spki, thief.spki] }, [liar]);
      expect(await check(victim, certificateOf(thief.privateKey))).toBe(
        '403 refuse key_unpublished',
      );
    }
  });

  it('that hide a key are outvoted', async () => {
    const phone = newPhone();
    for (const liar of [0, 1, 2]) {
      const number = freshNumber();
      directory.publish(number, { sip: [phone.spki] });
      directory.publish(number, { sip: [] }, [liar]);
      expect(await check(number, certificateOf(phone.privateKey))).toMatch(/^200/);
    }
  });

  it.each(['forging', 'silent'] as const)(
    'one of whom is %s are asked without it',
    async (role) => {
      const [phone, number] = [newPhone(), freshNumber()];
      directory.publish(number, { sip: [phone.spki] });
      for (const place of [0, 1, 2]) {
        directory.cast(...(['honest', 'honest', 'honest'] as const).with(place, role as 'honest'));
        const fresh = await startTestBridge(directory);
        const fields = { number, certificate: certificateOf(phone.privateKey) };
        expect((await fresh.ask('/check/certificate', fields)).line).toMatch(/^accept (300|29\d)$/);
        await fresh[Symbol.asyncDispose]();
      }
    },
  );

  it('two of whom forge or say nothing give no answer at all', async () => {
    const [phone, number] = [newPhone(), freshNumber()];
    directory.publish(number, { sip: [phone.spki] });
    const pem = certificateOf(phone.privateKey);
    directory.cast('forging', 'forging');
    await using forged = await startTestBridge(directory);
    const asked = await forged.ask('/check/certificate', { number, certificate: pem });
    expect([asked.status, asked.line]).toEqual([503, 'unavailable directory_bogus']);
    expect(asked.headers.get('retry-after')).toBe('5');
    directory.cast('silent', 'silent');
    await using silent = await startTestBridge(directory);
    const { line } = await silent.ask('/check/certificate', { number, certificate: pem });
    expect(line).toBe('unavailable directory_unavailable');
  });

  it('who contradict each other, while one says nothing, settle nothing', async () => {
    const [phone, number] = [newPhone(), freshNumber()];
    directory.publish(number, { sip: [phone.spki] });
    directory.publish(number, { sip: [] }, [0]);
    directory.cast('honest', 'honest', 'silent');
    expect(await check(number, certificateOf(phone.privateKey))).toBe(
      '503 unavailable directory_disagrees',
    );
  });

  it('that cannot be asked at all make every answer 503', async () => {
    const gone = await openTestDirectory();
    await using lonely = await startTestBridge(gone);
    await gone.stop();
    const number = freshNumber();
    const certificate = certificateOf(newPhone().privateKey);
    const questions: readonly (readonly [string, Record<string, string>])[] = [
      ['/check/certificate', { number, certificate }],
      ['/route', { number }],
    ];
    for (const [path, fields] of questions) {
      const { status, line } = await lonely.ask(path, fields);
      expect([status, line]).toEqual([503, 'unavailable directory_unavailable']);
    }
  });
});

describe('routes', () => {
  it('are the best one, none where there is none, and none that Kamailio should not see', async () => {
    const ask = async (...routes: string[]): Promise<string> => {
      const number = freshNumber();
      directory.publish(number, { routes });
      const { status, line } = await bridge.ask('/route', { number });
      return `${status} ${line}`;
    };
    expect(await ask('sip:anna@sip.b.example', 'sip:anna@sip.c.example')).toBe(
      '200 sip:anna@sip.b.example',
    );
    expect(await ask('sip:a@b.example?Route=%0d%0a', 'sip:a@b.example;transport=tls')).toBe(
      '200 sip:a@b.example;transport=tls',
    );
    expect(await ask('sip:$var(x)@b.example')).toBe('403 refuse route_unusable');
    expect(await ask()).toBe('404 none');
  });
});

function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g)!;
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** SEC 1 §2.3.3: 02 or 03 and x alone; the lengths around it are written anew. */
function withCompressedPoint(pem: string, spki: Uint8Array): Buffer {
  const der = Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  const y = spki.at(-1)!;
  const point = Buffer.concat([Buffer.from([2 + (y & 1)]), spki.subarray(27, 59)]);
  const bits = Buffer.concat([Buffer.from([0x03, point.length + 1, 0]), point]);
  const algorithm = Buffer.from(spki.subarray(2, 23));
  const short = Buffer.concat([
    Buffer.from([0x30, algorithm.length + bits.length]),
    algorithm,
    bits,
  ]);
  const at = der.indexOf(spki);
  const saved = spki.length - short.length;
  const changed = Buffer.concat([der.subarray(0, at), short, der.subarray(at + spki.length)]);
  // Certificate and TBSCertificate have lengths of two octets.
  for (const place of [2, 6]) changed.writeUInt16BE(changed.readUInt16BE(place) - saved, place);
  return changed;
}
