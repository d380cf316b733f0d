/** The screen `start`: what this is, and the ways from here. It is loaded first and imports no SDK. */
import type { JSX } from 'preact';
import { useMessages } from '../messages.ts';
import { hrefTo } from '../router.ts';

export function StartScreen(): JSX.Element {
  const { start } = useMessages();
  return (
    <>
      <h1>{start.title}</h1>
      <p>{start.what}</p>
      <p>{start.why}</p>
      <p>{start.who}</p>
      <div class="actions">
        <a class="button primary" href={hrefTo('number')}>
          {start.claim}
        </a>
        <a class="button" href={hrefTo('record')}>
          {start.mine}
        </a>
        <a class="button" href={hrefTo('lookup')}>
          {start.lookup}
        </a>
      </div>
      <h2>{start.needTitle}</h2>
      <ul>
        {start.needs.map((need) => (
          <li key={need}>{need}</li>
        ))}
      </ul>
      <h2>{start.moreTitle}</h2>
      <ul class="plain links">
        <li>
          <a href={hrefTo('restore')}>{start.restore}</a>
        </li>
        <li>
          <a href={hrefTo('lost')}>{start.lost}</a>
        </li>
        <li>
          <a href={hrefTo('transparency')}>{start.transparency}</a>
        </li>
      </ul>
    </>
  );
}
