/** A screen of a journey that has ended, or was begun in another browser: where to go from here. */
import type { JSX } from 'preact';
import { useMessages } from '../messages.ts';
import { hrefTo } from '../router.ts';

/** A number that another browser holds: its key comes with the backup. */
export function NotHere({ number }: { readonly number: string }): JSX.Element {
  const { record, common } = useMessages();
  const parameters = number === '' ? {} : { number };
  return (
    <>
      <p>{record.notHere}</p>
      <div class="actions">
        <a class="button primary" href={hrefTo('restore', parameters)}>
          {common.bringBackup}
        </a>
        <a class="button" href={hrefTo('lost', parameters)}>
          {common.keyLost}
        </a>
      </div>
    </>
  );
}

export function NoJourney(): JSX.Element {
  const { record } = useMessages();
  return (
    <>
      <p>{record.noJourney}</p>
      <div class="actions">
        <a class="button primary" href={hrefTo('number')}>
          {record.claim}
        </a>
        <a class="button" href={hrefTo('record')}>
          {record.title}
        </a>
      </div>
    </>
  );
}
