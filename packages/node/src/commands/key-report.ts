/** What the commands about keys say: results as values for programs, and as lines for people. */
import { delegatedKeys, dnskeyOfEntry, dsOf, formatDs, keysIn } from '@callbook/dns';
import type { KeyEntry, KeyState } from '@callbook/dns';
import type { CharterMember } from '@callbook/protocol';
import { isInCharter, nameOfZone } from '../member-keys.ts';
import type { ZoneKeyOutlook } from '../status/zone-key-outlook.ts';

export interface Report {
  /** For `--json`. */
  readonly result: object;
  /** For people; what to do next comes last. */
  readonly lines: readonly string[];
}

/** Says which keys there are and what comes next. */
export function reportKeys(outlook: ZoneKeyOutlook): Report {
  const { nextStepAtMs, presignedUntilMs, awaitsDs } = outlook;
  const keys = outlook.keys.map(({ sinceMs, ...key }) => ({ ...key, since: isoTime(sinceMs) }));
  const nextStepAt = nextStepAtMs === undefined ? undefined : isoTime(nextStepAtMs);
  const presignedUntil = presignedUntilMs === undefined ? undefined : isoTime(presignedUntilMs);
  const rows = keys.map(({ id, keyTag, algorithm, phase, since }) =>
    [id.padEnd(8), String(keyTag).padStart(5), String(algorithm), phase.padEnd(9), since].join(
      '  ',
    ),
  );
  return {
    result: {
      keys,
      ...(nextStepAt !== undefined && { nextStepAt }),
      ...(presignedUntil !== undefined && { presignedUntil }),
    },
    lines: [
      'key       tag   alg phase      since',
      ...rows,
      ...(nextStepAt === undefined ? [] : [`Next step by itself: ${nextStepAt}`]),
      ...(presignedUntil === undefined ? [] : [`Pre-signed keys end: ${presignedUntil}`]),
      ...(awaitsDs === undefined
        ? []
        : [
            `Next: the parent and the charter need the DS of ${awaitsDs}: callbook-node keys ds --config …`,
          ]),
    ],
  };
}

/** Says which DS the parent and the charter should have, and which the charter has. */
export function reportDs(state: KeyState, member: CharterMember): Report {
  const apex = nameOfZone(member.zone);
  const wanted = delegatedKeys(state);
  const listed = [
    ...wanted,
    ...keysIn(state, 'ksk', ['generated', 'published', 'active', 'retired']),
  ];
  const ds = [...new Set(listed)].map((entry) => ({
    id: entry.id,
    phase: entry.phase,
    ds: formatDs(dsOf(apex, dnskeyOfEntry(entry))),
    wanted: wanted.includes(entry),
    inCharter: isInCharter(member, dnskeyOfEntry(entry)),
  }));
  const missing = ds.filter((entry) => entry.wanted && !entry.inCharter);
  return {
    result: { zone: `${member.zone}.`, ds },
    lines: [
      ...ds.map((entry) => `${member.zone}. 3600 IN DS ${entry.ds} ; ${entry.id}, ${usage(entry)}`),
      ...missing.flatMap(({ id, ds }) => [
        `Next: propose a charter whose zoneDs for this member also has "${ds}",`,
        `and see that the parent zone takes it from CDS, or give it to the parent yourself.`,
        `When the parent has it: callbook-node keys ds --confirm ${id} --config …`,
      ]),
    ],
  };
}

function usage(entry: { phase: string; wanted: boolean; inCharter: boolean }): string {
  const wish = entry.wanted ? 'to be at the parent' : 'not to be at the parent';
  return `${entry.phase}, ${wish}, ${entry.inCharter ? 'in the charter' : 'not in the charter'}`;
}

/** Says what asking for a roll-over has done. */
export function reportRoll(before: KeyState, after: KeyState, role: KeyEntry['role']): Report {
  const [active] = keysIn(after, role, ['active']);
  const isNew = before !== after;
  const { id } = active!;
  return {
    result: { role, replaces: id, requested: isNew },
    lines: [
      isNew ? `${id} will be replaced.` : `${id} is being replaced already.`,
      'A running member takes this up within 10 seconds, another when it starts.',
      'Next: callbook-node keys list --config … shows how far it is.',
    ],
  };
}

/** ISO 8601, to the second. */
export function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
