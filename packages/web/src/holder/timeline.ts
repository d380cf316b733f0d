/**
 * What happens when a lost key is replaced, and when: before it is asked for from the charter's times, and
 * then from what the members say. A lock makes it longer, which nobody knows before.
 */
import type { ReplacementStanding } from '@callbook/client';
import type { Charter, RequestClass } from '@callbook/protocol';

type TimelineStepName = 'ask' | 'told' | 'wait' | 'take' | 'yours';

/** One line of the timeline. */
export interface TimelineStep {
  readonly name: TimelineStepName;
  /** When it is, or begins; null where that is up to the person. */
  readonly atMs: number | null;
  readonly state: 'done' | 'later' | 'now';
}

type Holds = Charter['holds'];

/** How long the hold of a class is, unless the number is locked. */
export function holdMsOf(requestClass: RequestClass, holds: Holds): number {
  const { recoveryMs, emailMs, possessionMs } = holds;
  return { recovery: recoveryMs, email: emailMs, possession: possessionMs }[requestClass];
}

/** The timeline of a request that would be made now. */
export function plannedTimeline(
  requestClass: RequestClass,
  holds: Holds,
  nowMs: number,
): TimelineStep[] {
  const overMs = nowMs + holdMsOf(requestClass, holds);
  return [
    { name: 'ask', atMs: nowMs, state: 'now' },
    { name: 'told', atMs: nowMs, state: 'later' },
    { name: 'wait', atMs: overMs, state: 'later' },
    { name: 'take', atMs: null, state: 'later' },
    { name: 'yours', atMs: null, state: 'later' },
  ];
}

/** The timeline of a request that was made; `commitFromMs` is what the members say of its hold. */
export function runningTimeline(commitFromMs: number, nowMs: number): TimelineStep[] {
  const isOver = nowMs >= commitFromMs;
  return [
    { name: 'ask', atMs: null, state: 'done' },
    { name: 'told', atMs: null, state: 'done' },
    { name: 'wait', atMs: commitFromMs, state: isOver ? 'done' : 'now' },
    { name: 'take', atMs: null, state: isOver ? 'now' : 'later' },
    { name: 'yours', atMs: null, state: 'later' },
  ];
}

/** The end of the hold as the members see it; what was known before where they say nothing of it. */
export function commitFromMsOf(standing: ReplacementStanding | undefined, knownMs: number): number {
  return standing?.state === 'holding' || standing?.state === 'ready'
    ? standing.commitFromMs
    : knownMs;
}

/** A length of time in the largest unit that leaves a number of at least one, for `Intl`. */
export function roundedDuration(ms: number): {
  readonly value: number;
  readonly unit: 'day' | 'hour' | 'minute' | 'second';
} {
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
  ] as const;
  // Three days are easier to read as 72 hours only to machines; one and a half days as 36 hours to all.
  const fitting = units.find(([, size]) => ms >= size && (ms % size === 0 || ms >= 2 * size));
  const [unit, size] = fitting ?? (['second', 1000] as const);
  return { value: Math.max(0, Math.ceil(ms / size)), unit };
}
