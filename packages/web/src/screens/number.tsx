/** The screen `number`: which number is to be claimed, and whether somebody has it already. */
import { isClientError } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { fill } from '../fill.ts';
import type { Holder } from '../holder/holder.ts';
import { nextScreenOf, type Journey } from '../holder/journey.ts';
import { beginJourney } from '../holder/journeys.ts';
import type { Kept } from '../holder/keeper.ts';
import { useMessages } from '../messages.ts';
import { showNumber } from '../numbers/typed-number.ts';
import { FailureNotice } from '../parts/failure-notice.tsx';
import { NumberField, useNumberEntry } from '../parts/number-field.tsx';
import { StepsLine } from '../parts/steps-line.tsx';
import { useAction } from '../parts/use-action.ts';
import { Waiting } from '../parts/waiting.tsx';
import { WithHolder } from '../parts/with-holder.tsx';
import { goTo, hrefTo } from '../router.ts';

export function NumberScreen(): JSX.Element {
  const { number } = useMessages();
  return (
    <WithHolder title={number.title}>
      {(holder, kept) => <NumberForm holder={holder} kept={kept} />}
    </WithHolder>
  );
}

interface Taken {
  readonly identifier: Identifier;
  readonly isHere: boolean;
  readonly isDormant: boolean;
}

function NumberForm({
  holder,
  kept,
}: {
  readonly holder: Holder;
  readonly kept: Kept;
}): JSX.Element {
  const { number, common } = useMessages();
  const [entry, setEntry] = useNumberEntry();
  const [taken, setTaken] = useState<Taken>();
  const action = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    const { read } = entry;
    if (read.state !== 'good') {
      setEntry({ ...entry, isTried: true });
      document.querySelector<HTMLElement>('#number')?.focus();
      return;
    }
    setTaken(undefined);
    action.run(async () => {
      const found = await whoHas(holder, kept, read.identifier);
      if (found !== undefined) {
        setTaken(found);
        return;
      }
      await beginJourney(holder, { identifier: read.identifier });
      goTo('backup');
    });
  };
  if (kept.journey !== null && !action.isRunning) {
    return <Unfinished holder={holder} journey={kept.journey} />;
  }
  return (
    <>
      <StepsLine step={1} />
      <p>{number.intro}</p>
      <form noValidate onSubmit={submit}>
        <NumberField entry={entry} onEntry={setEntry} label={number.label} />
        {action.error !== undefined && <FailureNotice error={action.error} />}
        {taken !== undefined && <TakenNotice taken={taken} />}
        <div class="actions">
          <button type="submit" class="primary" disabled={action.isRunning}>
            {common.next}
          </button>
        </div>
        <Waiting isRunning={action.isRunning}>{number.checking}</Waiting>
      </form>
    </>
  );
}

/** Somebody's number may still be claimed when nobody can be asked: the members decide, after the code. */
async function whoHas(
  { directory }: Holder,
  kept: Kept,
  identifier: Identifier,
): Promise<Taken | undefined> {
  const own = kept.numbers.find(({ holding }) => holding.identifier === identifier);
  if (own !== undefined && own.released === null) {
    return { identifier, isHere: true, isDormant: false };
  }
  try {
    const found = await directory.survey(identifier);
    if (found.state === 'absent') return undefined;
    return { identifier, isHere: false, isDormant: found.binding.dormant };
  } catch (error) {
    if (isClientError(error) && error.code === 'rate_limited') return undefined;
    throw error;
  }
}

function TakenNotice({ taken }: { readonly taken: Taken }): JSX.Element {
  const { number, common } = useMessages();
  const parameters = { number: taken.identifier };
  if (taken.isHere) {
    return (
      <div class="notice" role="alert">
        <p>{number.here}</p>
        <a class="button" href={hrefTo('record')}>
          {number.toRecord}
        </a>
      </div>
    );
  }
  return (
    <div class="notice" role="alert">
      <h2>{number.heldTitle}</h2>
      <p>{number.heldText}</p>
      {taken.isDormant && <p>{number.heldDormant}</p>}
      <div class="actions">
        <a class="button" href={hrefTo('restore', parameters)}>
          {common.bringBackup}
        </a>
        <a class="button" href={hrefTo('lost', parameters)}>
          {common.keyLost}
        </a>
      </div>
    </div>
  );
}

/** One journey at a time: the one that was begun goes on, or is given up. */
export function Unfinished({
  holder,
  journey,
}: {
  readonly holder: Holder;
  readonly journey: Journey;
}): JSX.Element {
  const { number, common } = useMessages();
  const action = useAction();
  return (
    <div class="card">
      <h2>{number.unfinishedTitle}</h2>
      <p>{fill(number.unfinished, { number: showNumber(journey.identifier) })}</p>
      <div class="actions">
        <a class="button primary" href={hrefTo(nextScreenOf(journey))}>
          {common.goOn}
        </a>
        <button
          type="button"
          onClick={() => action.run(async () => await holder.keeper.setJourney(null))}
        >
          {common.startOver}
        </button>
      </div>
    </div>
  );
}
