/** The charter in force: its version, what decisions take, and how long changes of owner wait. */
import type { Charter } from '@callbook/protocol';
import type { JSX } from 'preact';
import { fill } from '../fill.ts';
import { showDate } from '../lookup/show-time.ts';
import { showDuration } from '../lookup/show-duration.ts';
import { useMessages } from '../messages.ts';

export function CharterFacts({
  charter,
  quorum,
  count,
}: {
  readonly charter: Charter;
  readonly quorum: number;
  /** Active members. */
  readonly count: number;
}): JSX.Element {
  const { transparency } = useMessages();
  const { holds, faults } = charter;
  const waits: readonly [string, number][] = [
    [transparency.holdRecovery, holds.recoveryMs],
    [transparency.holdEmail, holds.emailMs],
    [transparency.holdPossession, holds.possessionMs],
    [transparency.holdLocked, holds.lockedMs],
    [transparency.holdRelease, holds.releaseMs],
  ];
  return (
    <>
      <h2>{transparency.charter}</h2>
      <p>
        {transparency.charterText} <a href="/v1/charter">{transparency.charterLink}</a>
      </p>
      <dl class="facts">
        <dt>{transparency.version}</dt>
        <dd>{charter.version}</dd>
        <dt>{transparency.inForce}</dt>
        <dd>{showDate(charter.effectiveAtMs)}</dd>
        <dt>{transparency.expires}</dt>
        <dd>{showDate(charter.expiresAtMs)}</dd>
        <dt>{transparency.quorum}</dt>
        <dd>
          {fill(faults === 0 ? transparency.quorumOfFew : transparency.quorumText, {
            quorum,
            count,
            faults,
          })}
        </dd>
      </dl>
      <h3>{transparency.holds}</h3>
      <dl class="facts">
        {waits.map(([what, ms]) => (
          <>
            <dt>{what}</dt>
            <dd>{showDuration(ms)}</dd>
          </>
        ))}
      </dl>
    </>
  );
}
