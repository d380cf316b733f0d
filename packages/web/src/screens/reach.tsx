/**
 * The screen `reach`: addresses, visibility and keys, on the way to a number or of one that is held. What
 * was typed in a number's form stays when publishing fails.
 */
import { holdingPayload } from '@callbook/client';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { fill } from '../fill.ts';
import { changeReach } from '../holder/changes.ts';
import type { Holder } from '../holder/holder.ts';
import type { Journey, Reach } from '../holder/journey.ts';
import { setReach } from '../holder/journeys.ts';
import type { KeptNumber } from '../holder/kept-number.ts';
import { providers } from '../holder/providers.ts';
import { readReach, writeReach, type ReachFault, type ReachText } from '../holder/reach-text.ts';
import { useMessages } from '../messages.ts';
import { ChangeFailure } from '../parts/change-failure.tsx';
import { NoJourney } from '../parts/no-journey.tsx';
import { StepsLine } from '../parts/steps-line.tsx';
import { useAction } from '../parts/use-action.ts';
import { WithHolder } from '../parts/with-holder.tsx';
import { goTo, hrefTo, type ScreenProps } from '../router.ts';

export function ReachScreen({ parameters }: ScreenProps): JSX.Element {
  const { reach } = useMessages();
  const wanted = parameters.get('number');
  return (
    <WithHolder title={wanted === null ? reach.title : reach.editTitle}>
      {(holder, { journey, numbers }) => {
        const number = numbers.find(({ holding }) => holding.identifier === wanted);
        if (number !== undefined) return <EditReach holder={holder} number={number} />;
        if (journey === null) return <NoJourney />;
        return <JourneyReach holder={holder} journey={journey} />;
      }}
    </WithHolder>
  );
}

const nothing: Pick<Reach, 'routes' | 'visibility'> = { routes: [], visibility: 'dns' };

function JourneyReach({
  holder,
  journey,
}: {
  readonly holder: Holder;
  readonly journey: Journey;
}): JSX.Element {
  const { reach } = useMessages();
  const action = useAction();
  if (journey.backup === null) {
    goTo('backup', { replace: true });
    return <></>;
  }
  const submit = (read: Reach): void =>
    action.run(async () => {
      await setReach(holder, read);
      goTo('code', { parameters: { send: '1' } });
    });
  return (
    <>
      <StepsLine step={3} />
      <p>{reach.intro}</p>
      <ReachForm
        of={journey.reach ?? nothing}
        onSubmit={submit}
        submitText={reach.sendCode}
        isBusy={action.isRunning}
      />
      {action.error !== undefined && <ChangeFailure error={action.error} />}
    </>
  );
}

function EditReach({
  holder,
  number,
}: {
  readonly holder: Holder;
  readonly number: KeptNumber;
}): JSX.Element {
  const { reach, common, record } = useMessages();
  const action = useAction();
  const [isSaved, setIsSaved] = useState(false);
  const submit = (read: Reach): void => {
    setIsSaved(false);
    action.run(async () => {
      await changeReach(holder, number, read);
      setIsSaved(true);
    });
  };
  return (
    <>
      <ReachForm
        of={holdingPayload(number.holding)}
        onSubmit={submit}
        submitText={reach.save}
        isBusy={action.isRunning}
      />
      {action.error !== undefined && (
        <ChangeFailure
          error={action.error}
          holder={holder}
          number={number}
          onMended={action.clear}
        />
      )}
      <p role="status" class={isSaved ? 'success' : 'waiting'}>
        {action.isRunning ? reach.saving : isSaved ? reach.saved : ''}
      </p>
      <a class="button" href={hrefTo('record')}>
        {isSaved ? record.title : common.back}
      </a>
    </>
  );
}

function ReachForm({
  of,
  onSubmit,
  submitText,
  isBusy,
}: {
  readonly of: Pick<Reach, 'routes' | 'visibility'>;
  readonly onSubmit: (reach: Reach) => void;
  readonly submitText: string;
  readonly isBusy: boolean;
}): JSX.Element {
  const { reach } = useMessages();
  const [text, setText] = useState<ReachText>(() => writeReach(of));
  const [fault, setFault] = useState<ReachFault>();
  const change = (changed: Partial<ReachText>): void => {
    setFault(undefined);
    setText({ ...text, ...changed });
  };
  const submit = (event: Event): void => {
    event.preventDefault();
    const read = readReach(text);
    if (!('field' in read)) {
      onSubmit(read);
      return;
    }
    setFault(read);
    const field = document.querySelector<HTMLElement>(`#${read.field}`);
    field?.closest('details')?.setAttribute('open', '');
    field?.focus();
  };
  return (
    <form noValidate onSubmit={submit}>
      <Field
        name="sip"
        label={reach.sip}
        hint={reach.sipHint}
        fault={fault?.field === 'sip' ? reach.sipFault : undefined}
        value={text.sip}
        onValue={(sip) => change({ sip })}
      />
      <ProviderList />
      <fieldset>
        <legend>{reach.visibility}</legend>
        {(['dns', 'api'] as const).map((one) => (
          <label class="choice" key={one}>
            <input
              type="radio"
              name="visibility"
              checked={text.visibility === one}
              onChange={() => change({ visibility: one })}
            />
            <span>{reach.visibilities[one]}</span>
          </label>
        ))}
      </fieldset>
      <details open={text.more !== '' || undefined}>
        <summary>{reach.more}</summary>
        <Field
          name="more"
          label={reach.moreLabel}
          hint={reach.moreHint}
          fault={
            fault?.field === 'more' ? fill(reach.moreFault, { place: fault.place }) : undefined
          }
          value={text.more}
          onValue={(more) => change({ more })}
          rows={3}
        />
      </details>
      <details>
        <summary>{reach.keys}</summary>
        <Field
          name="keys"
          label={reach.keysLabel}
          hint={reach.keysHint}
          fault={
            fault?.field === 'keys' ? fill(reach.keysFault, { place: fault.place }) : undefined
          }
          value={text.keys}
          onValue={(keys) => change({ keys })}
          rows={6}
        />
      </details>
      <div class="actions">
        <button type="submit" class="primary" disabled={isBusy}>
          {submitText}
        </button>
      </div>
    </form>
  );
}

function ProviderList(): JSX.Element {
  const { reach } = useMessages();
  return (
    <details>
      <summary>{reach.noProvider}</summary>
      <p>{reach.providersText}</p>
      <ul>
        {providers.map(({ name, domain, page }) => (
          <li key={domain}>
            <a href={page} target="_blank" rel="noopener noreferrer">
              {name}
            </a>{' '}
            <span class="quiet">…@{domain}</span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Field({
  name,
  label,
  hint,
  fault,
  value,
  onValue,
  rows,
}: {
  readonly name: string;
  readonly label: string;
  readonly hint: string;
  readonly fault: string | undefined;
  readonly value: string;
  readonly onValue: (value: string) => void;
  readonly rows?: number;
}): JSX.Element {
  const shared = {
    id: name,
    value,
    autocomplete: 'off',
    autocapitalize: 'none',
    spellcheck: false,
    'aria-invalid': fault !== undefined,
    'aria-describedby': `${name}-hint`,
    onInput: (event: { currentTarget: { value: string } }) => onValue(event.currentTarget.value),
  } as const;
  return (
    <div class="field">
      <label for={name}>{label}</label>
      {rows === undefined ? (
        <input inputMode="email" {...shared} />
      ) : (
        <textarea rows={rows} {...shared} />
      )}
      <p
        id={`${name}-hint`}
        class="hint"
        data-tone={fault === undefined ? 'plain' : 'bad'}
        aria-live="polite"
      >
        {fault ?? hint}
      </p>
    </div>
  );
}
