/** A timeline as a list: what is done, what is now, what comes, with its time. */
import type { JSX } from 'preact';
import type { TimelineStep } from '../holder/timeline.ts';
import { useMessages } from '../messages.ts';
import { showMoment } from './times.ts';

export function TimelineList({ steps }: { readonly steps: readonly TimelineStep[] }): JSX.Element {
  const { lost } = useMessages();
  return (
    <ol class="timeline plain" aria-label={lost.timeline}>
      {steps.map(({ name, atMs, state }) => (
        <li key={name} data-state={state} aria-current={state === 'now' ? 'step' : undefined}>
          <strong>{lost.steps[name].title}</strong>
          {state === 'done' && <span class="quiet"> · {lost.isDone}</span>}
          {atMs !== null && state !== 'done' && (
            <time dateTime={new Date(atMs).toISOString()} class="quiet">
              {showMoment(atMs)}
            </time>
          )}
          <div>{lost.steps[name].text}</div>
        </li>
      ))}
    </ol>
  );
}
