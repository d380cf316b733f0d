/** The proof of what is published, and when the last change came into which log. */
import type { Holding } from '@callbook/client';
import { bytesEqual } from '@callbook/protocol';
import type { JSX } from 'preact';
import { fill } from '../fill.ts';
import { useMessages } from '../messages.ts';
import { showMoment } from './times.ts';
import type { LiveRecord } from './use-record.ts';

export function RecordProof({
  holding,
  live,
}: {
  readonly holding: Holding;
  readonly live: LiveRecord;
}): JSX.Element {
  const { record } = useMessages();
  const { proof, survey, entry } = live;
  const binding = proof?.binding ?? null;
  const isNewest = binding !== null && bytesEqual(binding.entryId, holding.entryId);
  const leaves = newestLeaves(entry);
  return (
    <>
      <h3>{record.proof}</h3>
      {proof === undefined ? (
        <p>{record.noProof}</p>
      ) : (
        <>
          <p data-proof={isNewest ? 'newest' : 'older'}>
            {fill(isNewest ? record.proven : record.provenOther, {
              member: proof.member,
              count: proof.logs.length,
            })}
          </p>
          <ul class="quiet">
            {proof.logs.map(({ origin, agreedSize, agreedAtMs }) => (
              <li key={origin}>
                {fill(record.agreedAt, {
                  origin,
                  size: agreedSize,
                  time: agreedAtMs === null ? '–' : showMoment(agreedAtMs),
                })}
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>{record.changes}</h3>
      <ul>
        {survey?.state === 'published' && (
          <li>{fill(record.changedAt, { time: showMoment(survey.binding.changedAtMs) })}</li>
        )}
        {leaves.map(({ origin, atMs }) => (
          <li key={origin}>{fill(record.loggedAt, { origin, time: showMoment(atMs) })}</li>
        ))}
        <li>{fill(record.holder, { epoch: holding.epoch + 1, seq: holding.seq })}</li>
      </ul>
    </>
  );
}

/** The leaves of the newest entry, each log's first. */
function newestLeaves(entry: LiveRecord['entry']): { origin: string; atMs: number }[] {
  const leaves = (entry ?? []).flatMap((answer) => ('leaves' in answer ? answer.leaves : []));
  const byOrigin = new Map(leaves.map((leaf) => [leaf.origin, leaf]));
  return [...byOrigin.values()].toSorted((a, b) => a.atMs - b.atMs);
}
