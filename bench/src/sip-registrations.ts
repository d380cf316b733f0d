/**
 * A thousand telephones that register at Kamailio at once, each over a TLS connection of its own with a
 * client certificate that Kamailio has the bridge judge: how many are there afterwards. Their numbers are in
 * three zones that the bridge asks and validates. No figure of time: Kamailio's processes, the bridge, the
 * zones and the telephones share the machine.
 */
import { execFile } from 'node:child_process';
import { randomBytes, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { createEventLog, readConfig, startBridge } from '@callbook/sip';
import { freePort, startPeer } from '@callbook/testnet';
import { measured } from './measurement.ts';
import type { Measurement } from './measurement.ts';
import { serveNumbers } from './sip-directory.ts';
import type { BenchDirectory } from './sip-directory.ts';

const run = promisify(execFile);

const registrationCount = 1000;
const keyCount = 20;
const atOnce = 50;
const answerMsMax = 60_000;
const attemptsMax = 5;
/** Retry-After says five seconds. */
const retryMs = 5000;
const domain = 'sip.a.example';
/** A TLS connection takes some 50 KiB of what Kamailio's processes share. */
const sharedMebibytes = 512;

interface Phone {
  readonly number: string;
  readonly certificate: string;
  readonly privateKey: string;
}

/** Registers all, and counts who was told so and whom Kamailio then knows. */
export async function benchSipRegistrations(say: (line: string) => void): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-kamailio-'));
  try {
    const phones = await makePhones(folder);
    const published = new Map(phones.map((phone) => [phone.number, keyOf(phone)]));
    await using directory = await serveNumbers(published);
    const ports = { bridge: await freePort(), sip: await freePort() };
    const configFile = await writeConfig(folder, directory, ports);
    await using running = new AsyncDisposableStack();
    running.use(await startBridge(await readConfig(configFile), createEventLog(domain, 'error')));
    running.use(await startKamailio(folder, configFile, ports.sip));
    say(`${registrationCount} telephones register at Kamailio, ${atOnce} at a time`);
    const { accepted, toldToComeBackCount } = await registerAll(phones, ports.sip);
    const known = await knownUsers(folder);
    for (const connection of accepted) connection.destroy();
    say(`${toldToComeBackCount} times a telephone was told to come back`);
    return [
      measured({
        name: 'registrations through Kamailio that were accepted',
        value: accepted.length,
        unit: `of ${registrationCount}`,
        goal: `>= ${registrationCount}`,
      }),
      measured({
        name: 'numbers that Kamailio has afterwards',
        value: known,
        unit: `of ${registrationCount}`,
        goal: `>= ${registrationCount}`,
      }),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function makePhones(folder: string): Promise<Phone[]> {
  const keys = await Promise.all(
    Array.from({ length: keyCount }, async (_, place) => {
      const files = [join(folder, `${place}.key`), join(folder, `${place}.pem`)] as const;
      await selfSign(files, 'phone');
      const [privateKey, certificate] = await Promise.all(
        files.map(async (file) => await readFile(file, 'utf8')),
      );
      return { privateKey: privateKey!, certificate: certificate! };
    }),
  );
  return Array.from({ length: registrationCount }, (_, place) => ({
    number: `+4915${100_000_000 + place}`,
    ...keys[place % keyCount]!,
  }));
}

async function selfSign(
  [privateKey, certificate]: readonly [string, string],
  name: string,
): Promise<void> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const out = ['-keyout', privateKey, '-out', certificate, '-subj', `/CN=${name}`];
  await run('openssl', ['req', '-x509', ...key, ...out]);
}

function keyOf({ certificate }: Phone): Uint8Array {
  const { publicKey } = new X509Certificate(certificate);
  return new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }));
}

async function writeConfig(
  folder: string,
  directory: BenchDirectory,
  ports: { readonly bridge: number; readonly sip: number },
): Promise<string> {
  await selfSign([join(folder, 'tls.key'), join(folder, 'tls.pem')], domain);
  await writeFile(join(folder, 'root.ds'), directory.anchor);
  const configFile = join(folder, 'bridge.yaml');
  await writeFile(
    configFile,
    `provider: ${domain}
dataDir: data
listen: { address: 127.0.0.1, port: ${ports.bridge} }
directory:
  suffixes: [${directory.suffixes.join(', ')}]
  resolver: { address: 127.0.0.1, port: ${directory.port} }
  anchor: root.ds
accounts: { required: false }
kamailio:
  certificate: tls.pem
  privateKey: tls.key
  listen: { tls: { address: 127.0.0.1, port: ${ports.sip} } }
  processes: 8
`,
  );
  return configFile;
}

async function startKamailio(
  folder: string,
  configFile: string,
  port: number,
): Promise<AsyncDisposable> {
  const main = join(import.meta.dirname, '../../packages/sip/src/main.ts');
  const command = ['kamailio-config', '--config', configFile, '--out', folder];
  await run(process.execPath, ['--conditions=@callbook/source', main, ...command]);
  const memory = ['-m', `${sharedMebibytes}`, '-M', '16'];
  const server = ['kamailio', '-DD', '-E', '-f', join(folder, 'kamailio.cfg'), '-Y', folder];
  return await startPeer([...server, ...memory], { cwd: folder, port });
}

interface Registered {
  /** They stay open. */
  readonly accepted: readonly TLSSocket[];
  readonly toldToComeBackCount: number;
}

async function registerAll(phones: readonly Phone[], port: number): Promise<Registered> {
  const waiting = phones.values();
  const accepted: TLSSocket[] = [];
  const toldToComeBack = { count: 0 };
  const lane = async (): Promise<void> => {
    for (const phone of waiting) {
      for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
        const { status, connection } = await register(phone, port);
        if (status === 200) accepted.push(connection);
        // RFC 3261 §21.5.4: whoever is told 503 comes back after a while, as telephones do.
        if (status !== 503) break;
        toldToComeBack.count += 1;
        await sleep(retryMs);
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return { accepted, toldToComeBackCount: toldToComeBack.count };
}

/** The status is 0 where there was no answer; the connection is closed unless it was accepted. */
async function register(
  phone: Phone,
  port: number,
): Promise<{ readonly status: number; readonly connection: TLSSocket }> {
  const { number, certificate: cert, privateKey: key } = phone;
  // The server's certificate signs itself; it is not what is measured.
  const socket = connect({ host: '127.0.0.1', port, cert, key, rejectUnauthorized: false });
  const late = setTimeout(() => socket.destroy(), answerMsMax);
  const status = await new Promise<string>((resolve) => {
    socket.once('error', () => resolve('')).once('close', () => resolve(''));
    socket.setEncoding('latin1').on('data', (text: string) => {
      const [, code = ''] = /^SIP\/2\.0 ([2-6]\d\d) /.exec(text) ?? [];
      if (code !== '') resolve(code);
    });
    const mark = randomBytes(8).toString('hex');
    const lines = [
      `REGISTER sip:${domain} SIP/2.0`,
      `Via: SIP/2.0/TLS 127.0.0.1:5061;branch=z9hG4bK${mark};rport`,
      'Max-Forwards: 70',
      `From: <sip:${number}@${domain}>;tag=${mark}`,
      `To: <sip:${number}@${domain}>`,
      `Call-ID: ${mark}`,
      'CSeq: 1 REGISTER',
      `Contact: <sip:${number}@127.0.0.1:5061;transport=tls>`,
      'Expires: 300',
      'Content-Length: 0',
    ];
    socket.once('secureConnect', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
  });
  clearTimeout(late);
  if (status !== '200') socket.destroy();
  return { status: Number(status), connection: socket };
}

async function knownUsers(folder: string): Promise<number> {
  const socket = `unix:${join(folder, 'kamailio_ctl')}`;
  const question = ['stats.fetchn', 'usrloc:registered_users'];
  const { stdout } = await run('kamcmd', ['-s', socket, ...question]);
  return Number(/registered_users: (\d+)/.exec(stdout)?.[1] ?? 0);
}
