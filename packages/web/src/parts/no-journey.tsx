/** A screen of a journey that has ended, or was begun in another browser: where to go from here. */
import type { JSX } from 'preact';
import { useMessages } from '../messages.ts';
import { hrefTo } from '../router.ts';

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
