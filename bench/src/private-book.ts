/**
 * An address book of a thousand, looked up obliviously on loopback: octets and time. Nobody in it has
 * anything, as with most of an address book; those who have are measured as an addition, with their keys
 * and proofs. Client and members share the machine, so times are what they must not exceed, no more.
 */
import type { Directory, LookupManyOptions } from '@callbook/client';
import { nobleCryptography } from '@callbook/protocol/crypto/noble';
import type { Testnet } from '@callbook/testnet';
import { openDirectoryOf } from './claimants.ts';
import { CountingProxies } from './counting-proxies.ts';
import { measured, median } from './measurement.ts';
import type { Measurement } from './measurement.ts';
import { heldCount, identifierOf, watchedFetch } from './private-federation.ts';
import type { RelayExchange } from './private-federation.ts';
import { cpuSecondsOf } from './process-cpu.ts';

const bookCount = 1000;
const roundCount = 5;
const goals = { kilobytesMax: 60, secondsMax: 1.5 } as const;
const free = Array.from({ length: bookCount }, (_, n) => identifierOf(1_000_000 + n));
const held = Array.from({ length: heldCount }, (_, n) => identifierOf(n));

/** Measures the book asked of one member each, of a quorum, and with those who are found. */
export async function benchBook(
  testnet: Testnet,
  say: (line: string) => void,
): Promise<Measurement[]> {
  const one = await rounds(testnet, { trust: 'any-member' });
  say('one answer each is measured');
  const quorum = await rounds(testnet, { trust: 'agreed' });
  say('two answers each are measured');
  const found = await rounds(testnet, { trust: 'agreed', proof: 'published' }, [
    ...free.slice(heldCount),
    ...held,
  ]);
  const of = `private, ${bookCount} contacts`;
  return [
    ...figuresOf(`${of}, one answer each`, one, goals),
    ...figuresOf(`${of}, a quorum's answers`, quorum),
    ...figuresOf(`${of}, ${heldCount} of them found and proven`, found),
  ];
}

interface Round {
  readonly seconds: number;
  readonly clientCpuSeconds: number;
  readonly memberCpuSeconds: number;
  readonly capsuleBytes: number;
  /** All that was on the wire: capsules, HTTP, TLS. */
  readonly wireBytes: number;
}

async function rounds(
  testnet: Testnet,
  options: LookupManyOptions,
  book = free,
): Promise<readonly Round[]> {
  const done: Round[] = [];
  await using proxies = await CountingProxies.before(testnet);
  for (let round = 0; round < roundCount; round++) {
    const exchanges: RelayExchange[] = [];
    const directory = await openDirectoryOf(testnet, {
      crypto: nobleCryptography,
      fetch: watchedFetch(exchanges, proxies.fetch),
    });
    // What an app has at hand when it synchronises: charter, keys of gateways, connections.
    await directory.lookupMany(book.slice(0, 32), options);
    exchanges.length = 0;
    done.push(await timed(testnet, { directory, options, book, exchanges, proxies }));
  }
  return done;
}

interface Asked {
  readonly directory: Directory;
  readonly options: LookupManyOptions;
  readonly book: typeof free;
  readonly exchanges: readonly RelayExchange[];
  readonly proxies: CountingProxies;
}

async function timed({ members }: Testnet, asked: Asked): Promise<Round> {
  const { directory, options, book, exchanges, proxies } = asked;
  const memberCpu = (): number => members.reduce((sum, { pid }) => sum + cpuSecondsOf(pid!), 0);
  const wireBytes = proxies.count;
  const [begunMs, cpu, cpuOfMembers] = [performance.now(), process.cpuUsage(), memberCpu()];
  const found = await directory.lookupMany(book, options);
  const seconds = (performance.now() - begunMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const unanswered = found.filter(({ state }) => state === 'unanswered').length;
  if (unanswered > 0) throw new Error(`${unanswered} numbers are unanswered`);
  return {
    seconds,
    clientCpuSeconds: (user + system) / 1e6,
    memberCpuSeconds: memberCpu() - cpuOfMembers,
    capsuleBytes: exchanges.reduce((sum, one) => sum + one.askedBytes + one.answeredBytes, 0),
    wireBytes: proxies.count - wireBytes,
  };
}

function figuresOf(name: string, of: readonly Round[], goal?: typeof goals): Measurement[] {
  const figure = (pick: (round: Round) => number): number => median(of.map(pick));
  return [
    measured({
      name: `${name}, capsules`,
      value: figure(({ capsuleBytes }) => capsuleBytes / 1000),
      unit: 'kB',
    }),
    measured({
      name: `${name}, on the wire with TLS and HTTP/2`,
      value: figure(({ wireBytes }) => wireBytes / 1000),
      unit: 'kB',
      ...(goal && { goal: `<= ${goal.kilobytesMax}` as const }),
    }),
    measured({
      name,
      value: figure(({ seconds }) => seconds),
      unit: 's',
      ...(goal && { goal: `<= ${goal.secondsMax}` as const }),
    }),
    measured({
      name: `${name}, CPU of the client`,
      value: figure(({ clientCpuSeconds }) => clientCpuSeconds),
      unit: 's',
    }),
    measured({
      name: `${name}, CPU of the members`,
      value: figure(({ memberCpuSeconds }) => memberCpuSeconds),
      unit: 's',
    }),
  ];
}
