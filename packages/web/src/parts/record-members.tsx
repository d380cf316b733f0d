/** What every member says of a number now: asked directly, and in its DNS zone. */
import type { Holding, Member } from '@callbook/client';
import { holdingPayload } from '@callbook/client';
import type { JSX } from 'preact';
import { fill } from '../fill.ts';
import { apiSayingOf, dnsSaying } from '../holder/record-state.ts';
import { useMessages } from '../messages.ts';
import { showMoment } from './times.ts';
import type { LiveRecord } from './use-record.ts';

export function RecordMembers({
  holding,
  live,
  members,
}: {
  readonly holding: Holding;
  readonly live: LiveRecord;
  readonly members: readonly Member[];
}): JSX.Element {
  const { record } = useMessages();
  const { survey, zones, entry, askedAtMs, error } = live;
  const { visibility } = holdingPayload(holding);
  const rows = members.map(({ name }) => {
    const answer = survey?.members.find(({ member }) => member === name);
    const isSilent = error !== undefined || answer === undefined;
    const api = isSilent ? undefined : apiSayingOf(holding, answer, entry);
    return { name, api, dns: dnsSaying(zones.get(name), holding, visibility) };
  });
  return (
    <>
      <h3>{record.members}</h3>
      {rows.some(({ dns }) => dns === 'clock') && (
        <p class="notice" role="alert">
          {record.clock}
        </p>
      )}
      <div class="wide">
        <table class="record-members">
          <thead>
            <tr>
              <th scope="col">{record.member}</th>
              <th scope="col">{record.api}</th>
              <th scope="col">{record.dns}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, api, dns }) => (
              <tr key={name} data-member={name} data-api={api} data-dns={dns}>
                <th scope="row">{name}</th>
                <td class={toneOf(api)}>{api === undefined ? '…' : record.apiSayings[api]}</td>
                <td class={toneOf(dns)}>{record.dnsSayings[dns]}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="quiet">
        {askedAtMs === undefined
          ? record.asking
          : fill(record.checkedAt, { time: showMoment(askedAtMs) })}
      </p>
    </>
  );
}

function toneOf(saying: string | undefined): string | undefined {
  if (saying === 'same' || saying === 'hidden') return 'tone-good';
  if (saying === 'other' || saying === 'bogus') return 'tone-bad';
  return saying === undefined || saying === 'asking' ? undefined : 'tone-warn';
}
