/**
 * Key checks a second of one core through the bridge, as a process of its own that is asked by HTTP: with answers of the
 * directory in its cache, and with none, when it asks two zones by DNS and validates both. Its CPU counts, that of
 * the askers and of the zones does not.
 */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { measured } from './measurement.ts';
import type { Measurement } from './measurement.ts';
import { cpuSecondsOf } from './process-cpu.ts';
import { serveNumbers, type BenchDirectory } from './sip-directory.ts';
import { benchSipRegistrations } from './sip-registrations.ts';

const phoneCount = 40;
const numberCount = 4000;
const warmRounds = 10;
const questionsAtOnce = 64;

interface Question {
  readonly number: string;
  readonly body: string;
}

/** Measures key checks by certificate, and lets telephones register. */
export async function benchSip(say: (line: string) => void): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-sip-'));
  try {
    say(`making ${phoneCount} certificates, publishing ${numberCount} numbers in three zones`);
    const phones = Array.from({ length: phoneCount }, () => newPhone());
    const questions = Array.from({ length: numberCount }, (_, place) => questionOf(place, phones));
    const published = new Map(
      questions.map(({ number }, place) => [number, phones[place % phoneCount]!.spki]),
    );
    await using directory = await serveNumbers(published);
    await using bridge = await BridgeProcess.start(folder, directory);
    // Chains to the zones, and the compiler.
    await bridge.askAll(questions.slice(0, 200));
    say('numbers that nobody has asked for');
    const cold = await bridge.checksPerCpuSecond(questions.slice(200), 1);
    say('the same again');
    await bridge.askAll(questions);
    const warm = await bridge.checksPerCpuSecond(questions, warmRounds);
    const unit = 'checks/s of CPU';
    return [
      measured({
        name: 'key checks through the bridge, answers in its cache',
        value: warm,
        unit,
        goal: '>= 5000',
      }),
      measured({
        name: 'key checks through the bridge, two zones asked and validated',
        value: cold,
        unit,
        goal: '>= 500',
      }),
      ...(await benchSipRegistrations(say)),
    ];
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Phone {
  readonly spki: Uint8Array;
  /** PEM. */
  readonly certificate: string;
}

/** Nobody needs its secret key: the handshake is Kamailio's. */
function newPhone(): Phone {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const args = ['req', '-x509', ...key, '-keyout', '/dev/null', '-subj', '/CN=phone'];
  const certificate = execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' });
  const { publicKey } = new X509Certificate(certificate);
  return { certificate, spki: new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })) };
}

function questionOf(place: number, phones: readonly Phone[]): Question {
  const number = `+4915${100_000_000 + place}`;
  // Each is another text, so that each is parsed when it comes for the first time.
  const mark = Array.from(place.toString(2), (bit) => (bit === '1' ? '\n' : ' ')).join('');
  const certificate = phones[place % phones.length]!.certificate + mark;
  return { number, body: new URLSearchParams({ number, certificate }).toString() };
}

class BridgeProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #port: number;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: questionsAtOnce });

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#port = port;
  }

  static async start(folder: string, directory: BenchDirectory): Promise<BridgeProcess> {
    const config = join(folder, 'bridge.yaml');
    await writeFile(join(folder, 'root.ds'), directory.anchor);
    await writeFile(
      config,
      `provider: sip.a.example
dataDir: data
listen: { address: 127.0.0.1, port: 0 }
directory:
  suffixes: [${directory.suffixes.join(', ')}]
  agree: 2
  resolver: { address: 127.0.0.1, port: ${directory.port} }
  anchor: root.ds
accounts: { required: false }
`,
    );
    const main = join(import.meta.dirname, '../../packages/sip/src/main.ts');
    const args = ['--conditions=@callbook/source', main, 'serve', '--config', config];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface(child.stdout)) {
      const { msg, port } = JSON.parse(line) as { msg: string; port: number };
      if (msg === 'serving') return new BridgeProcess(child, port);
    }
    throw new Error('the bridge did not start');
  }

  async checksPerCpuSecond(questions: readonly Question[], rounds: number): Promise<number> {
    const before = cpuSecondsOf(this.#child.pid!);
    for (let round = 0; round < rounds; round += 1) await this.askAll(questions);
    return (questions.length * rounds) / (cpuSecondsOf(this.#child.pid!) - before);
  }

  /** Asks all, so many at a time; throws unless each is accepted. */
  async askAll(questions: readonly Question[]): Promise<void> {
    const waiting = questions.values();
    const asker = async (): Promise<void> => {
      for (const { body } of waiting) {
        const line = await this.#ask(body);
        if (!line.startsWith('accept ')) throw new Error(`the bridge says ${line}`);
      }
    };
    await Promise.all(Array.from({ length: questionsAtOnce }, asker));
  }

  async #ask(body: string): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const options = { host: '127.0.0.1', port: this.#port, agent: this.#agent, method: 'POST' };
    const headers = { 'content-length': body.length };
    const asked = request({ ...options, path: '/check/certificate', headers }, (response) => {
      let line = '';
      response.setEncoding('latin1').on('data', (part: string) => (line += part));
      response.on('end', () => resolve(line));
    });
    asked.on('error', reject);
    asked.end(body);
    return await promise;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy();
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await ended;
  }
}
