/**
 * What the member says of itself to its own page: its name and the founding charter that it follows. The
 * page takes them from where it takes its scripts; whoever could lie here could as well serve another page.
 */

export interface PageSettings {
  /** Name of the member whose page this is. */
  readonly member: string;
  /** The founding charter, a signed note: what all else is verified by. */
  readonly charterNote: string;
  /**
   * Origins on this machine that stand in for members' APIs, which only a testnet has: browsers do not know
   * its certification authority. Empty on every other page.
   */
  readonly loopbackMembers: Readonly<Record<string, string>>;
}

/** Asks this page's own member. Rejects when it does not answer. */
export async function fetchPageSettings(): Promise<PageSettings> {
  const response = await fetch('/page.json', { cache: 'no-store', credentials: 'omit' });
  if (!response.ok) throw new TypeError(`the member answered ${response.status}`);
  return (await response.json()) as PageSettings;
}
