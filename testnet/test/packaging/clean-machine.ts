/**
 * A machine without the repository, as far as a folder can be one: commands get an environment in which
 * nothing of the checkout is on the path, in a home of their own. The federation that an installed daemon serves is
 * founded as a testnet's is.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { parse, stringify } from 'yaml';
import { foundTestnet } from '../../src/founding.ts';
import { freePortBase } from '../../src/free-ports.ts';
import { layOut, loopback } from '../../src/layout.ts';
import type { MemberLayout, TestnetLayout } from '../../src/layout.ts';
import { eventually, runCommand } from '../lab.ts';
import type { Ran } from '../lab.ts';

const repository = join(import.meta.dirname, '../../..');
const readyMsMax = 60_000;

export interface CleanMachine {
  readonly folder: string;
  /** Runs a command to its end. */
  run(command: string, ...args: readonly string[]): Promise<Ran>;
  /** Starts one that goes on. */
  start(command: string, ...args: readonly string[]): Promise<Service>;
}

export interface Service extends AsyncDisposable {
  readonly said: () => string;
  /** Asks it to end; returns its status. */
  stop(): Promise<number>;
}

/** A home in `folder`; commands are paths. */
export function cleanMachine(folder: string): CleanMachine {
  const path = (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((entry) => !entry.startsWith(repository) && !entry.includes('node_modules'));
  const env = {
    PATH: [...path, '/usr/sbin', '/sbin'].join(delimiter),
    HOME: folder,
    LANG: 'C.UTF-8',
  };
  return {
    folder,
    run: async (command, ...args) => await runCommand(command, args, { cwd: folder, env }),
    start: async (command, ...args) => {
      const child = spawn(command, args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
      const said: Buffer[] = [];
      child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
      child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
      await once(child, 'spawn');
      const ended = once(child, 'close') as Promise<[number | null]>;
      const stop = async (): Promise<number> => {
        child.kill('SIGTERM');
        return (await ended)[0] ?? 1;
      };
      return {
        said: () => Buffer.concat(said).toString(),
        stop,
        [Symbol.asyncDispose]: async () => void (await stop()),
      };
    },
  };
}

export interface Founded {
  readonly layout: TestnetLayout;
  readonly member: MemberLayout;
}

/** Founds a federation of one member in `folder`; `page` is the folder with its web page. */
export async function foundAlone(folder: string, page: string): Promise<Founded> {
  const portBase = await freePortBase(1);
  await mkdir(folder, { recursive: true });
  const layout = layOut({ folder: join(folder, 'founded'), memberCount: 1, portBase });
  await foundTestnet(layout);
  const member = layout.members[0]!;
  const config = parse(await readFile(member.configFile, 'utf8')) as Record<string, unknown>;
  await writeFile(member.configFile, stringify({ ...config, page: { folder: page } }));
  return { layout, member };
}

/** Waits until the member of a federation says that it is ready. */
export async function untilReady({ member }: Founded, service: Service): Promise<void> {
  const ask = async (): Promise<boolean> =>
    await fetch(`http://${loopback}:${member.webPort}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  try {
    await eventually(ask, (ready) => ready, readyMsMax);
  } catch (cause) {
    throw new Error(`not ready: ${service.said()}`, { cause });
  }
}
