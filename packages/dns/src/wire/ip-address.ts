/**
 * IPv4 and IPv6 addresses between text and octets, as A and AAAA records need them. Browser-safe,
 * hence not `node:net`. Scope identifiers are not accepted.
 */
import { accept, reject } from '@callbook/protocol';
import type { Verdict } from '@callbook/protocol';

/** Parses an address: 4 octets for IPv4, 16 for IPv6. Code: `dns_rdata_malformed`. */
export function parseIpAddress(text: string): Verdict<Uint8Array> {
  const octets = text.includes(':') ? parseIpv6(text) : parseIpv4(text);
  return octets === undefined
    ? reject('dns_rdata_malformed', 'an address is neither IPv4 nor IPv6')
    : accept(Uint8Array.from(octets));
}

function parseIpv4(text: string): number[] | undefined {
  const parts = text.split('.');
  const valid =
    parts.length === 4 &&
    parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  return valid ? parts.map(Number) : undefined;
}

/** RFC 4291 §2.2: up to eight groups, one `::` for zeros, the last 32 bits may be dotted. */
function parseIpv6(text: string): number[] | undefined {
  const halves = text.split('::');
  const last = parseGroups(halves.at(-1)!, true);
  if (halves.length > 2 || last === undefined) return undefined;
  if (halves.length === 1) return last.length === 16 ? last : undefined;
  const first = parseGroups(halves[0]!, false);
  if (first === undefined || first.length + last.length > 14) return undefined;
  const zeros = new Uint8Array(16 - first.length - last.length);
  return [...first, ...zeros, ...last];
}

function parseGroups(half: string, mayEndDotted: boolean): number[] | undefined {
  if (half === '') return [];
  const octets: number[] = [];
  const groups = half.split(':');
  for (const [position, group] of groups.entries()) {
    const isLast = mayEndDotted && position === groups.length - 1;
    const dotted = isLast ? parseIpv4(group) : undefined;
    if (dotted === undefined && !/^[\da-f]{1,4}$/i.test(group)) return undefined;
    const value = Number.parseInt(group, 16);
    octets.push(...(dotted ?? [value >> 8, value & 0xff]));
  }
  return octets;
}

/** Formats 4 or 16 octets; IPv6 by RFC 5952: longest run of zero groups shortened, lower case. */
export function formatIpAddress(octets: Uint8Array): string {
  if (octets.length === 4) return octets.join('.');
  const groups = Array.from({ length: 8 }, (_, index) =>
    ((octets[index * 2]! << 8) | octets[index * 2 + 1]!).toString(16),
  );
  const runs = [...groups.join(':').matchAll(/(?<![\da-f])0(:0)+(?![\da-f])/g)];
  const longest = runs.reduce<RegExpExecArray | undefined>(
    (best, run) => (best === undefined || run[0].length > best[0].length ? run : best),
    undefined,
  );
  if (longest === undefined) return groups.join(':');
  const text = groups.join(':');
  const before = text.slice(0, longest.index).replace(/:$/, '');
  const after = text.slice(longest.index + longest[0].length).replace(/^:/, '');
  return `${before}::${after}`;
}
