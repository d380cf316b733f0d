/** Vectors of founding charters below, at and above each limit. */
import { base, inconsistent, malformed, valid, withBeta } from './charter-case.ts';
import type { FoundingCase } from './charter-case.ts';
import {
  dayMs,
  foundingCharter,
  governanceName,
  memberNames,
  startMs,
  verifierKeyText,
} from './charter-base.ts';

const wholeYearMs = 366 * dayMs;
const tenYearsMs = 3653 * dayMs;

/** Below, at and above each limit. */
export function charterLimitCases(): FoundingCase[] {
  const three = (
    name: string,
    limit: number,
    build: (count: number) => unknown,
  ): FoundingCase[] => [
    valid(`${name}_below`, `${limit - 1}`, build(limit - 1)),
    valid(`${name}_at`, `${limit}`, build(limit)),
    malformed(`${name}_above`, `${limit + 1}, at most ${limit}`, build(limit + 1)),
  ];
  const keys = (count: number): string[] =>
    times(count, (index) => verifierKeyText(`${governanceName('beta')}${index}`));
  const zone = (count: number): string => {
    const labels = times(3, () => 'a'.repeat(50)).join('.');
    return `${labels}.${'b'.repeat(count - labels.length - 1)}`;
  };
  const lifetime = (ms: number): unknown => ({ ...base, expiresAtMs: startMs + ms });
  return [
    ...three('members', 16, (count) => foundingCharter(count, 4)).map(signedByAll),
    ...three('hold', wholeYearMs, (lockedMs) => ({ ...base, holds: { ...base.holds, lockedMs } })),
    ...three('organisation', 256, (count) =>
      withBeta({ organisation: 'é'.repeat(count / 2) + 'e'.repeat(count % 2) }),
    ),
    ...three('governance_keys', 8, (count) => withBeta({ governanceKeys: keys(count) })),
    ...three('addresses', 8, (count) =>
      withBeta({ addresses: times(count, () => '/ip4/192.0.2.1') }),
    ),
    ...three('zone_ds', 4, (count) =>
      withBeta({ zoneDs: times(count, () => base.members[1]!.zoneDs[0]) }),
    ),
    ...three('zone', 180, (count) => withBeta({ zone: zone(count) })),
    ...three('member_name', 63, (count) => withBeta({ name: 'b'.repeat(count) })),
    valid('lifetime_below', 'one ms less than 3653 days', lifetime(tenYearsMs - 1)),
    valid('lifetime_at', '3653 days', lifetime(tenYearsMs)),
    inconsistent('lifetime_above', 'one ms more than 3653 days', lifetime(tenYearsMs + 1)),
  ];
}

function signedByAll(of: FoundingCase): FoundingCase {
  return { ...of, signers: memberNames.slice(0, 16) };
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}
