/** The screen `lost`: what will happen and when, before anything does; then a new key for the number. */

import type { RequestClass } from '@callbook/protocol';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { fill } from '../fill.ts';
import type { Holder } from '../holder/holder.ts';
import type { Kept } from '../holder/keeper.ts';
import type { Journey } from '../holder/journey.ts';
import { beginJourney } from '../holder/journeys.ts';
import { holdMsOf, plannedTimeline } from '../holder/timeline.ts';
import { useMessages } from '../messages.ts';
import { showNumber } from '../numbers/typed-number.ts';
import { FailureNotice } from '../parts/failure-notice.tsx';
import { NumberField, useNumberEntry, type NumberEntry } from '../parts/number-field.tsx';
import { showDuration } from '../parts/times.ts';
import { TimelineList } from '../parts/timeline-list.tsx';
import { useAction } from '../parts/use-action.ts';
import { useNow } from '../parts/use-now.ts';
import { WithHolder } from '../parts/with-holder.tsx';
import { goTo, hrefTo, type ScreenProps } from '../router.ts';
import { Unfinished } from './number.tsx';

const requestClasses: readonly RequestClass[] = ['possession', 'recovery', 'email'];

export function LostScreen({ parameters }: ScreenProps): JSX.Element {
  const { lost } = useMessages();
  const number = parameters.get('number') ?? '';
  return (
    <WithHolder title={lost.title}>
      {(holder, kept) => <LostForm holder={holder} kept={kept} number={number} />}
    </WithHolder>
  );
}

function LostForm({
  holder,
  kept,
  number: given,
}: {
  readonly holder: Holder;
  readonly kept: Kept;
  readonly number: string;
}): JSX.Element {
  const { lost, number, common } = useMessages();
  const [entry, setEntry] = useNumberEntry(given === '' ? '' : showNumber(given));
  const [requestClass, setRequestClass] = useState<RequestClass>('possession');
  const holds = useHolds(holder);
  const action = useAction();
  const nowMs = useNow(30_000);
  const submit = (event: Event): void => {
    event.preventDefault();
    const { read } = entry;
    if (read.state !== 'good') {
      setEntry({ ...entry, isTried: true });
      document.querySelector<HTMLElement>('#number')?.focus();
      return;
    }
    action.run(async () => {
      await beginJourney(holder, { identifier: read.identifier, requestClass });
      goTo('backup');
    });
  };
  if (!action.isRunning && isInTheWay(kept.journey, entry, given)) {
    return <Unfinished holder={holder} journey={kept.journey} />;
  }
  return (
    <>
      <p>{lost.intro}</p>
      <div class="card">
        <p>{lost.backupFirst}</p>
        <a class="button" href={hrefTo('restore', given === '' ? {} : { number: given })}>
          {common.bringBackup}
        </a>
      </div>
      <form noValidate onSubmit={submit}>
        <NumberField entry={entry} onEntry={setEntry} label={number.label} />
        <fieldset>
          <legend>{lost.way}</legend>
          {requestClasses.map((one) => (
            <label class="choice" key={one}>
              <input
                type="radio"
                name="class"
                checked={requestClass === one}
                onChange={() => setRequestClass(one)}
              />
              <span>{fill(lost.ways[one], { duration: showDuration(holdMsOf(one, holds)) })}</span>
            </label>
          ))}
        </fieldset>
        <h2>{lost.timeline}</h2>
        <TimelineList steps={plannedTimeline(requestClass, holds, nowMs)} />
        <p class="quiet">{fill(lost.locked, { duration: showDuration(holds.lockedMs) })}</p>
        {action.error !== undefined && <FailureNotice error={action.error} />}
        <div class="actions">
          <button type="submit" class="primary" disabled={action.isRunning}>
            {lost.begin}
          </button>
        </div>
      </form>
    </>
  );
}

/** One journey at a time; but who comes from a claim that was refused as held changes over to this. */
function isInTheWay(
  journey: Journey | null,
  { read }: NumberEntry,
  given: string,
): journey is Journey {
  if (journey === null) return false;
  const isSame = read.state === 'good' && journey.identifier === read.identifier;
  return !(isSame && given !== '' && journey.kind === 'claim');
}

/** The charter's times; the newest charter may have others than the one the page came with. */
export function useHolds({ directory }: Holder): Holder['directory']['charter']['holds'] {
  const [holds, setHolds] = useState(directory.charter.holds);
  useEffect(() => {
    // Where nobody answers, the times that are known stand; asking will say that nobody answers.
    directory.walk().then(
      () => setHolds(directory.charter.holds),
      () => undefined,
    );
  }, []);
  return holds;
}
