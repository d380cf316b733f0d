/** A testnet whose members are tapped, and what each of them has seen. */
import { mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fetch } from '@callbook/client';
import { openLab } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { foundIn, spellingsOf } from '../forgetting/spellings.ts';

export interface TappedLab extends AsyncDisposable {
  readonly lab: Lab;
  /** Forgets what members have seen so far. */
  forget(): Promise<void>;
  views(): Promise<readonly View[]>;
}

/** What one member has seen. */
export interface View {
  readonly member: string;
  readonly exchanges: readonly Exchange[];
}

/** One request with its answer, or one message that was opened. */
interface Exchange {
  readonly name: string;
  /** The address of who asked; empty for what the member itself has sent or opened. */
  readonly from: string;
  readonly octets: Buffer;
}

/** Starts three members with `member-tap.ts` in each. */
export async function openTappedLab(): Promise<TappedLab> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-views-'));
  const tap = join(import.meta.dirname, 'member-tap.ts');
  const before = process.env['NODE_OPTIONS'];
  // Members take their environment from here; commands that are run later must not.
  process.env['NODE_OPTIONS'] = `--import=${tap}`;
  process.env['CALLBOOK_TAP_FOLDER'] = folder;
  let lab: Lab;
  try {
    lab = await openLab(3);
  } finally {
    delete process.env['CALLBOOK_TAP_FOLDER'];
    if (before === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = before;
  }
  const fileOf = (member: string): string => join(folder, `${member}.jsonl`);
  const names = lab.testnet.layout.members.map(({ name }) => name);
  return {
    lab,
    forget: async () => {
      await Promise.all(names.map(async (name) => await truncate(fileOf(name))));
    },
    views: async () =>
      await Promise.all(
        names.map(async (member) => ({
          member,
          exchanges: readExchanges(await readFile(fileOf(member), 'utf8')),
        })),
      ),
    [Symbol.asyncDispose]: async () => {
      await lab[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function readExchanges(lines: string): Exchange[] {
  const exchanges = new Map<string, Exchange>();
  // Members go on writing: what stands behind the last end of line is none yet.
  for (const line of lines.split('\n').slice(0, -1)) {
    const { exchange, from, head, octets } = JSON.parse(line) as Record<string, string>;
    const known = exchanges.get(exchange!) ?? {
      name: exchange!,
      from: from!,
      octets: Buffer.alloc(0),
    };
    const seen = [known.octets, Buffer.from(JSON.stringify(head)), Buffer.from(octets!, 'base64')];
    exchanges.set(exchange!, { ...known, octets: Buffer.concat(seen) });
  }
  return [...exchanges.values()];
}

/** The same without the messages that the member has opened with a key of its own. */
export function onTheWire({ member, exchanges }: View): View {
  return { member, exchanges: exchanges.filter(({ name }) => !name.startsWith('opened')) };
}

/** Members that have seen the address of who asked, anywhere in anything. */
export function whoSee(address: string, views: readonly View[]): string[] {
  return views
    .filter(({ exchanges }) => exchanges.some((exchange) => hasAddress(exchange, address)))
    .map(({ member }) => member);
}

/** Members that have seen one of the numbers, in any spelling, in anything. */
export function whatSee(numbers: readonly string[], views: readonly View[]): string[] {
  const spelt = numbers.map((number) => spellingsOf(number));
  return views
    .filter(({ exchanges }) =>
      exchanges.some(({ octets }) =>
        spelt.some((spellings) => foundIn(octets, spellings).length > 0),
      ),
    )
    .map(({ member }) => member);
}

function hasAddress({ from, octets }: Exchange, address: string): boolean {
  return from.endsWith(address) || octets.includes(address);
}

/** A fetch that comes from an address of its own: the way to tell a client from the members. */
export function fetchFrom(localAddress: string, authority: string): Fetch {
  return async (url, init) => {
    const { promise, resolve, reject } = Promise.withResolvers<Response>();
    const headers = Object.fromEntries(new Headers(init.headers));
    const sent = request(
      url,
      { method: init.method, headers, ca: authority, localAddress, family: 4, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const type = response.headers['content-type'];
          const { statusCode: status = 500 } = response;
          const body = chunks.length === 0 ? null : Buffer.concat(chunks);
          resolve(
            new Response(body, {
              status,
              headers: type === undefined ? {} : { 'content-type': type },
            }),
          );
        });
      },
    );
    sent.on('error', reject);
    init.signal?.addEventListener('abort', () => sent.destroy(new Error('aborted')), {
      once: true,
    });
    sent.end(init.body as Uint8Array | string | undefined);
    return await promise;
  };
}
