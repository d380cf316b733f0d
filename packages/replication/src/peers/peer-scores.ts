/**
 * What each member's mistakes count for: every broken rule adds a point, and points halve in a
 * minute. From some points on a member is served slower, from more on not at all for a while; since
 * there is an upper end, even the worst is served again soon after it stops. One mistake changes
 * nothing: software has defects, and a member cut off for ever could not prove anything any more.
 */
import type { Clock, VerdictCode } from '@callbook/protocol';

import {
  peerPointsHalfLifeMs,
  peerPointsMax,
  peerPointsRefused,
  peerPointsSlow,
} from '../limits.ts';

/** Codes that say something of a log or of two members, not of whoever passed it on. */
const blameless: ReadonlySet<VerdictCode> = new Set(['log_forked', 'index_root_differs']);

export class PeerScores {
  readonly #clock: Clock;
  readonly #points = new Map<string, { readonly points: number; readonly atMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Counts a broken rule; returns the points, with two decimals, for the operator. */
  add(memberName: string, code: VerdictCode): number {
    const points = Math.min(peerPointsMax, this.points(memberName) + (blameless.has(code) ? 0 : 1));
    this.#points.set(memberName, { points, atMs: this.#clock.nowMs() });
    return Math.round(points * 100) / 100;
  }

  /** Points as they are now, from 0 to `peerPointsMax`. */
  points(memberName: string): number {
    const known = this.#points.get(memberName);
    if (known === undefined) return 0;
    // A clock that was set back lets nothing grow.
    const pastMs = Math.max(0, this.#clock.nowMs() - known.atMs);
    return known.points * 2 ** (-pastMs / peerPointsHalfLifeMs);
  }

  isSlowed(memberName: string): boolean {
    return this.points(memberName) >= peerPointsSlow;
  }

  isRefused(memberName: string): boolean {
    return this.points(memberName) >= peerPointsRefused;
  }
}
