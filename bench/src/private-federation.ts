/** Three members and some people who hold numbers: what private look-ups are measured at. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Fetch } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
import { startOnFreePorts } from '@callbook/testnet';
import type { Testnet } from '@callbook/testnet';
import { claimOf, inLanes, openDirectoryOf, Outbox } from './claimants.ts';

/** Numbers that somebody holds: those below; `identifierOf` of any other is free. */
export const heldCount = 64;
const laneCount = 16;

export const identifierOf = (n: number): Identifier => `tel:+4915${100_000_000 + n}`;

/** Runs `measure` at a new testnet whose members all know every claim. */
export async function withPrivateFederation<T>(
  say: (line: string) => void,
  measure: (testnet: Testnet) => Promise<T>,
): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-'));
  const options = { folder: join(folder, 'testnet'), memberCount: 3, fresh: false, say };
  try {
    await using testnet = await startOnFreePorts(options);
    say(`${heldCount} numbers are claimed`);
    const outbox = new Outbox(testnet.layout.outboxFile);
    const claimant = await openDirectoryOf(testnet);
    await inLanes({ count: heldCount, laneCount }, async (n) => {
      await claimant.claim(claimOf(n, outbox));
    });
    await untilAllKnow(testnet);
    return await measure(testnet);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function untilAllKnow(testnet: Testnet): Promise<void> {
  const directory = await openDirectoryOf(testnet, { privacy: 'plain' });
  const held = Array.from({ length: heldCount }, (_, n) => identifierOf(n));
  for (;;) {
    const found = await directory.lookupMany(held, { trust: 'all-members', proof: 'published' });
    const isKnown = ({ state }: { readonly state: string }): boolean => state === 'published';
    if (found.every(isKnown)) return;
  }
}

/** One exchange with a relay, as whoever sits there sees it. */
export interface RelayExchange {
  readonly ms: number;
  /** Octets of the capsules, without headers. */
  readonly askedBytes: number;
  readonly answeredBytes: number;
}

/** A fetch that keeps what relays see of it. */
export function watchedFetch(exchanges: RelayExchange[], fetch: Fetch): Fetch {
  return async (url, init) => {
    if (!url.includes('/v1/relay/')) return await fetch(url, init);
    const begunMs = performance.now();
    const response = await fetch(url, init);
    const answer = await response.arrayBuffer();
    exchanges.push({
      ms: performance.now() - begunMs,
      askedBytes: (init.body as Uint8Array).length,
      answeredBytes: answer.byteLength,
    });
    const { status, headers } = response;
    return new Response(answer, { status, headers });
  };
}
