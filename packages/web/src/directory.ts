/**
 * The SDK, opened once with the charter of this page's member. The member is asked first, the others as
 * ever: what it says is believed as much as what any other says.
 */
import { createDirectory, type Directory } from '@callbook/client';
import { openKeeper } from './holder/keeper.ts';
import { memberDns } from './member-dns.ts';
import { fetchPageSettings, type PageSettings } from './page-settings.ts';
import { keptSigners } from './vault/browser-key.ts';

let opening: Promise<OpenDirectory> | undefined;

export interface OpenDirectory {
  readonly directory: Directory;
  readonly settings: PageSettings;
  /** As the directory asks members: on a testnet's page by loopback, else as is. */
  readonly fetch: typeof globalThis.fetch;
}

/** Opens the directory on first use; a failure is not kept, so that it can be tried again. */
export async function openDirectory(): Promise<OpenDirectory> {
  opening ??= open();
  try {
    return await opening;
  } catch (error) {
    opening = undefined;
    throw error;
  }
}

async function open(): Promise<OpenDirectory> {
  const settings = await fetchPageSettings();
  const reach = loopbackFetch(settings.loopbackMembers);
  const directory: Directory = createDirectory({
    charterNote: settings.charterNote,
    fetch: reach,
    members: [settings.member],
    // Keys that no script can read sign from where the browser keeps them.
    signers: async (of) => await keptSigners((await openKeeper()).vault.bare)(of),
    dns: memberDns(() => directory.members, reach),
  });
  return { directory, settings, fetch: reach };
}

/** Only a page that itself comes from this machine without TLS leads requests elsewhere on it. */
function loopbackFetch(origins: PageSettings['loopbackMembers']): typeof globalThis.fetch {
  if (location.protocol !== 'http:' || location.hostname !== 'localhost') return boundFetch;
  return async (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input);
    const origin = Object.hasOwn(origins, url.origin) ? origins[url.origin] : undefined;
    if (origin === undefined) return await boundFetch(input, init);
    const there = new URL(url.pathname + url.search, origin);
    return await boundFetch(input instanceof Request ? new Request(there, input) : there, init);
  };
}

const boundFetch: typeof globalThis.fetch = async (input, init) =>
  await globalThis.fetch(input, init);
