/**
 * A DNS server as a child process of the bench, ours and others' alike: started, timed until its first
 * answer, weighed, and stopped by its process id.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeMessage, queryMessage, parseName } from '@callbook/dns/wire';
import { cpuSecondsOf } from './process-cpu.ts';

export interface ServerCommand {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  readonly port: number;
  readonly cwd?: string;
  /** Beside what this process has. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where its output goes; nowhere unless said. */
  readonly logFile?: string;
  /** In which it has to answer for the first time; five minutes unless said. */
  readonly startMsMax?: number;
}

/** What a server is asked until it answers. */
export interface FirstQuestion {
  readonly name: string;
  readonly type: number;
}

const startMsMaxDefault = 300_000;
const pollEveryMs = 10;
const stopMsMax = 20_000;

export class ServerProcess implements AsyncDisposable {
  readonly name: string;
  readonly port: number;
  /** From the start of the process to its first answer. */
  readonly startMs: number;
  readonly #child: ChildProcess;

  private constructor(command: ServerCommand, started: { child: ChildProcess; startMs: number }) {
    this.name = command.name;
    this.port = command.port;
    this.startMs = started.startMs;
    this.#child = started.child;
  }

  /** Resolves when the server has an answer to the question. */
  static async start(command: ServerCommand, question: FirstQuestion): Promise<ServerProcess> {
    const { program, args, cwd, env, logFile, startMsMax = startMsMaxDefault } = command;
    const startedAtMs = performance.now();
    const output = logFile === undefined ? undefined : openSync(logFile, 'a', 0o600);
    const child = spawn(program, args, {
      stdio: ['ignore', output ?? 'ignore', 'pipe'],
      ...(cwd !== undefined && { cwd }),
      env: { ...process.env, ...env },
    });
    if (output !== undefined) closeSync(output);
    let complaints = '';
    const stderr = child.stderr!;
    stderr.setEncoding('utf8');
    stderr.on('data', (text: string) => (complaints = (complaints + text).slice(-2000)));
    let exitCode: number | null | undefined;
    child.once('error', () => (exitCode = -1));
    child.once('exit', (code) => (exitCode = code));
    const query = queryFor(question);
    while (!(await answers(command.port, query))) {
      const isLate = performance.now() - startedAtMs > startMsMax;
      if (exitCode === undefined && !isLate) continue;
      child.kill('SIGKILL');
      throw new Error(`${command.name} does not answer: ${complaints}`);
    }
    return new ServerProcess(command, { child, startMs: performance.now() - startedAtMs });
  }

  /**
   * Resident memory of the process and its children, each shared page counted once; without pages of
   * files, such as a database that is mapped, which the kernel takes back whenever it likes.
   */
  residentBytes(): number {
    return processTree(this.#child.pid!).reduce((sum, pid) => sum + ownBytes(pid), 0);
  }

  /** Resident memory of the process alone as the kernel tells it: everything, the program itself too. */
  wholeResidentBytes(): number {
    return this.statusBytes('VmRSS');
  }

  /** A field of `/proc/…/status` of the process alone, in bytes: `VmRSS`, `RssAnon`, `VmHWM`. */
  statusBytes(field: string): number {
    const status = readFileSync(`/proc/${this.#child.pid!}/status`, 'utf8');
    return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
  }

  /** CPU time so far of the process and its children, the kernel's work for them included. */
  cpuSeconds(): number {
    return cpuSecondsOfTree(this.#child.pid!);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exited = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    const stubborn = setTimeout(() => this.#child.kill('SIGKILL'), stopMsMax);
    await exited;
    clearTimeout(stubborn);
  }
}

/** Finds a UDP port of the loopback address that is free now. */
export async function freePort(): Promise<number> {
  const socket = createSocket('udp4');
  const listening = once(socket, 'listening');
  socket.bind(0, '127.0.0.1');
  await listening;
  const { port } = socket.address();
  const closed = once(socket, 'close');
  socket.close();
  await closed;
  return port;
}

/** Asks once; false when no answer without error comes before it is time to ask again. */
async function answers(port: number, query: Uint8Array): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    const answered = new Promise<boolean>((resolve) => {
      socket.on('message', (answer) => resolve((answer[3]! & 15) === 0 && answer[7]! > 0));
      socket.on('error', () => resolve(false));
    });
    socket.send(query, port, '127.0.0.1');
    const isAnswered = await Promise.race([answered, sleep(pollEveryMs, false)]);
    if (!isAnswered) await sleep(pollEveryMs);
    return isAnswered;
  } finally {
    socket.close();
  }
}

function queryFor({ name: text, type }: FirstQuestion): Uint8Array {
  const name = parseName(text);
  if (name.verdict !== 'accept') throw new Error(name.message);
  return encodeMessage(queryMessage({ name: name.value, type }, { id: 1 }));
}

/** CPU time so far of a process and its children, those that have ended included. */
export function cpuSecondsOfTree(pid: number): number {
  return processTree(pid).reduce((sum, each) => sum + unlessEnded(0, () => cpuSecondsOf(each)), 0);
}

function processTree(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  const children = unlessEnded('', () => readFileSync(path, 'utf8')).split(' ');
  return [
    pid,
    ...children.filter((child) => child !== '').flatMap((child) => processTree(Number(child))),
  ];
}

/** A process may end while it is looked at. */
function unlessEnded<T>(otherwise: T, read: () => T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** proc(5), smaps_rollup: proportional set size, whole and of files. */
function ownBytes(pid: number): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kibibytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(rollup)?.[1]);
  return (kibibytes('Pss') - kibibytes('Pss_File')) * 1024;
}
