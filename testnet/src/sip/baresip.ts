/**
 * A telephone on baresip 1.0, spoken to over its control socket: netstrings of JSON. It plays a tone in
 * place of a microphone and writes what it hears to files. Odd: it takes no interface but a real one, and
 * the address decides which.
 */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPeer } from '../peer-process.ts';
import type { PeerProcess } from '../peer-process.ts';
import { writePhoneCertificate } from './phone-key.ts';
import type { PrivateKeyPem } from './phone-key.ts';

/** What it tells of: `REGISTER_OK`, `CALL_ESTABLISHED`, `CALL_MENC`, … */
export interface PhoneEvent {
  readonly type: string;
  readonly param: string;
  readonly peer: string;
}

export interface BaresipOptions {
  readonly folder: string;
  readonly number: string;
  readonly domain: string;
  /** Of its interface. */
  readonly address: string;
  readonly authorityFile: string;
  /** What it registers with; without one it has no certificate. */
  readonly key?: PrivateKeyPem;
  readonly registerSeconds?: number;
  /** Lines more of its account, such as `medianat=ice`. */
  readonly account?: string;
  /** Whether it prints the SIP that it hears and says. */
  readonly isTraced?: boolean;
}

const controlPort = 4444;
const waitMsMax = 25_000;
const pollMs = 20;
const toneSeconds = 120;

export class Baresip implements AsyncDisposable {
  readonly folder: string;
  readonly #running: PeerProcess;
  readonly #control: Socket;
  readonly #events: PhoneEvent[] = [];

  private constructor(folder: string, running: PeerProcess, control: Socket) {
    this.folder = folder;
    this.#running = running;
    this.#control = control;
    let unread = '';
    control.setEncoding('utf8').on('data', (text: string) => {
      const { messages, rest } = readNetstrings(unread + text);
      unread = rest;
      this.#events.push(...messages.flatMap(eventOf));
    });
    control.on('error', () => {});
  }

  /** Starts the phone; it registers at once. */
  static async start(options: BaresipOptions): Promise<Baresip> {
    const { folder, address } = options;
    await mkdir(folder, { recursive: true });
    if (options.key !== undefined) {
      const { certificate, privateKey } = await writePhoneCertificate(folder, options.key);
      const both = await Promise.all([readFile(privateKey), readFile(certificate)]);
      await writeFile(join(folder, 'both.pem'), Buffer.concat(both), { mode: 0o600 });
    }
    await writeFile(join(folder, 'tone.wav'), tone());
    await writeFile(join(folder, 'config'), configText(options));
    // The first registration is told of to nobody yet: the account is made when somebody listens.
    await writeFile(join(folder, 'accounts'), '');
    const place = { cwd: folder, host: address, port: controlPort, ready: 'baresip is ready' };
    const trace = options.isTraced === true ? ['-s'] : [];
    const running = await startPeer(['baresip', ...trace, '-f', folder], place);
    const control = createConnection({ host: address, port: controlPort });
    const phone = new Baresip(folder, running, control);
    phone.#tell('uanew', accountText(options));
    return phone;
  }

  dial(number: string): void {
    this.#tell('dial', number);
  }

  hangUp(): void {
    this.#tell('hangup', '');
  }

  /** Resolves with the first event of one of the types since `after`; fails with all that came. */
  async until(types: readonly string[], after = 0): Promise<PhoneEvent> {
    const deadlineMs = Date.now() + waitMsMax;
    for (;;) {
      const found = this.#events.slice(after).find(({ type }) => types.includes(type));
      if (found !== undefined) return found;
      if (Date.now() > deadlineMs) {
        throw new Error(
          `no ${types.join(', ')}: ${JSON.stringify(this.#events.slice(after))}\n${this.said()}`,
        );
      }
      await sleep(pollMs);
    }
  }

  said(): string {
    return this.#running.said();
  }

  /** How many events have come; what `until` may begin after. */
  get eventCount(): number {
    return this.#events.length;
  }

  /** Size of the sound that it has heard that is not silence. */
  async heardBytes(): Promise<number> {
    const names = await readdir(this.folder);
    const heard = names.filter((name) => /^dump-.*-dec\.wav$/.test(name));
    const sounds = await Promise.all(
      heard.map(async (name) => await readFile(join(this.folder, name))),
    );
    return Buffer.concat(sounds).filter((byte) => byte !== 0 && byte !== 0xff).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#control.destroy();
    await this.#running[Symbol.asyncDispose]();
  }

  #tell(command: string, params: string): void {
    const message = JSON.stringify({ command, params });
    this.#control.write(`${Buffer.byteLength(message)}:${message},`);
  }
}

function eventOf(message: unknown): PhoneEvent[] {
  const { event, type, param = '', peeruri = '' } = message as Record<string, string | boolean>;
  if (event !== true) return [];
  return [{ type: String(type), param: String(param), peer: String(peeruri) }];
}

/** `12:{"event":…},` (netstrings); the last may be there in part. */
function readNetstrings(text: string): { readonly messages: unknown[]; readonly rest: string } {
  const messages: unknown[] = [];
  let rest = text;
  for (;;) {
    const [start, digits] = /^(\d+):/.exec(rest) ?? [];
    if (start === undefined) return { messages, rest };
    const end = start.length + Number(digits);
    if (rest.length <= end) return { messages, rest };
    messages.push(JSON.parse(rest.slice(start.length, end)));
    rest = rest.slice(end + 1);
  }
}

function accountText(options: BaresipOptions): string {
  const { number, domain, registerSeconds = 60, account } = options;
  const parts = [
    `<sip:${number}@${domain};transport=tls>`,
    `regint=${registerSeconds}`,
    'mediaenc=dtls_srtp',
    'answermode=auto',
    ...(account === undefined ? [] : [account]),
  ];
  return parts.join(';');
}

/** WAV of 16 bits, one channel, 8000 Hz: 400 Hz for longer than any call, for baresip hangs up where it ends. */
function tone(): Buffer {
  const rate = 8000;
  const size = 2 * rate * toneSeconds;
  const head = Buffer.alloc(44);
  head.write('RIFF    WAVEfmt ', 0, 'latin1');
  head.writeUInt32LE(36 + size, 4);
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(1, 22);
  head.writeUInt32LE(rate, 24);
  head.writeUInt32LE(2 * rate, 28);
  head.writeUInt16LE(2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(size, 40);
  const second = Buffer.alloc(2 * rate);
  for (let at = 0; at < rate; at++) {
    second.writeInt16LE(Math.round(8000 * Math.sin((2 * Math.PI * 400 * at) / rate)), 2 * at);
  }
  return Buffer.concat([head, ...Array<Buffer>(toneSeconds).fill(second)]);
}

function configText({ folder, address, authorityFile, key }: BaresipOptions): string {
  return `poll_method epoll
sip_listen ${address}:5099
${key === undefined ? '' : `sip_certificate ${folder}/both.pem`}
sip_cafile ${authorityFile}
call_max_calls 4
audio_player aubridge,ear
audio_source aufile,${folder}/tone.wav
audio_alert aubridge,bell
ausrc_format s16
auplay_format s16
auenc_format s16
audec_format s16
audio_buffer 20-160
rtcp_mux yes
net_interface ${address}
module_path /usr/lib/baresip/modules
module g711.so
module sndfile.so
snd_path ${folder}
module aubridge.so
module aufile.so
module srtp.so
module dtls_srtp.so
module ice.so
module_tmp account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen ${address}:${controlPort}
`;
}
