/**
 * unbound as two: one caches and does not validate, the other validates what the first has in its cache
 * and keeps nothing. So keys, signatures and DS of different ages meet, as they do behind a forwarder.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSocket } from 'node:dgram';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatDs } from '@callbook/dns';
import {
  encodeMessage,
  parseMessage,
  parseRdata,
  queryMessage,
  recordTypes,
} from '@callbook/dns/wire';
import type { Message } from '@callbook/dns/wire';
import { nameOf } from '../test-zones.ts';
import { freePort, startDaemon } from './peer-tools.ts';

const loopback = '127.0.0.1';

export class Resolver {
  private readonly port: number;

  constructor(port: number) {
    this.port = port;
  }

  async ask(name: string, type: number): Promise<Message> {
    const socket = createSocket('udp4');
    const query = encodeMessage(
      queryMessage(
        { name: nameOf(name), type },
        {
          id: Math.floor(Math.random() * 65_536),
          recursionDesired: true,
          authenticData: true,
          edns: {
            udpPayloadBytes: 1232,
            version: 0,
            dnssecOk: true,
            compactOk: false,
            options: [],
          },
        },
      ),
    );
    try {
      return await new Promise((resolve, reject) => {
        const patience = setTimeout(() => reject(new Error(`no answer for ${name}`)), 20_000);
        socket.on('message', (datagram) => {
          clearTimeout(patience);
          const parsed = parseMessage(new Uint8Array(datagram));
          if (parsed.verdict === 'accept') resolve(parsed.value);
          else reject(new Error(parsed.message));
        });
        socket.send(query, this.port, loopback);
      });
    } finally {
      socket.close();
    }
  }
}

/** Starts unbound with settings of its server and clauses after them. */
async function startUnbound(
  stack: AsyncDisposableStack,
  server: readonly string[],
  clauses: string,
): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'callbook-unbound-'));
  stack.defer(async () => await rm(directory, { recursive: true }));
  const port = await freePort();
  const configuration = `server:
  interface: ${loopback}@${port}
  directory: "${directory}"
  chroot: ""
  username: ""
  pidfile: ""
  do-daemonize: no
  use-syslog: no
  num-threads: 1
  do-not-query-localhost: no
  local-zone: "test." nodefault
  ${server.join('\n  ')}
remote-control:
  control-enable: no
${clauses}`;
  await writeFile(join(directory, 'unbound.conf'), configuration);
  const args = ['-d', '-c', join(directory, 'unbound.conf')];
  stack.use(await startDaemon('unbound', args, { readyText: 'start of service' }));
  return port;
}

/** A validator without a cache before a cache without a validator. */
export async function startResolver(
  stack: AsyncDisposableStack,
  setting: { readonly anchor: string; readonly stubs: Readonly<Record<string, number>> },
): Promise<Resolver> {
  const stubs = Object.entries(setting.stubs).map(
    ([name, at]) => `stub-zone:\n  name: "${name}"\n  stub-addr: ${loopback}@${at}\n`,
  );
  const cache = ['module-config: "iterator"', 'qname-minimisation: yes', 'use-caps-for-id: yes'];
  const cachePort = await startUnbound(stack, cache, stubs.join(''));
  const validator = [
    'module-config: "validator iterator"',
    `trust-anchor: "test. IN DS ${setting.anchor}"`,
    'cache-max-ttl: 0',
    'cache-max-negative-ttl: 0',
    // Asking everything again when something is bogus would hide what this is about.
    'val-max-restart: 0',
    'val-bogus-ttl: 0',
  ];
  const forward = `forward-zone:\n  name: "."\n  forward-addr: ${loopback}@${cachePort}\n`;
  return new Resolver(await startUnbound(stack, validator, forward));
}

/** Name, type, and how many records the answer must have. */
export type RollOverQuestion = readonly [string, number, number];

/** Asks one question after the other until it is aborted; returns the failures. */
export async function askContinuously(
  resolver: Resolver,
  questions: readonly ((count: number) => RollOverQuestion)[],
  signal: AbortSignal,
) {
  const failures: string[] = [];
  let count = 0;
  while (!signal.aborted) {
    const [name, type, answersMin] = questions[count % questions.length]!(count);
    const { responseCode, authenticData, answers } = await resolver.ask(name, type);
    if (responseCode !== 0 || !authenticData || answers.length < answersMin)
      failures.push(`question ${count}, type ${type}: ${responseCode}, AD ${authenticData}`);
    count += 1;
    await sleep(2);
  }
  return { count, failures };
}

/** DS that a zone wishes its parent to have (RFC 7344), as far as the resolver validates them. */
export async function validatedCds(resolver: Resolver, apex: string): Promise<readonly string[]> {
  const { answers, authenticData } = await resolver.ask(apex, recordTypes.CDS);
  if (!authenticData) return [];
  return answers.flatMap(({ type, rdata }) => {
    const parsed = parseRdata(type, rdata);
    return parsed.verdict === 'accept' && parsed.value.type === 'CDS'
      ? [formatDs({ ...parsed.value, type: 'DS' })]
      : [];
  });
}
