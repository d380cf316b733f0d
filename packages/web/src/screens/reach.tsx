/**
 * The screen `reach`: addresses, visibility and keys, on the way to a number or of one that is held. What
 * was typed in a number's form stays when publishing fails.
 */
import { holdingPayload } from '@callbook/client';
import type { Visibility } from '@callbook/protocol';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { fill } from '../fill.ts';
import { changeReach } from '../holder/changes.ts';
import type { Holder } from '../holder/holder.ts';
import type { Journey, Reach } from '../holder/journey.ts';
import { setReach } from '../holder/journeys.ts';
import type { KeptNumber } from '../holder/kept-number.ts';
import { providers } from '../holder/providers.ts';
import {
  hasPrivateKey,
  readReach,
  writeReach,
  type ReachFault,
  type ReachText,
} from '../holder/reach-text.ts';
import { useMessages } from '../messages.ts';
import { ChangeFailure } from '../parts/change-failure.tsx';
import { NoJourney, NotHere } from '../parts/no-journey.tsx';
import { StepsLine } from '../parts/steps-line.tsx';
import { TextField } from '../parts/text-field.tsx';
import { useAction } from '../parts/use-action.ts';
import { Waiting } from '../parts/waiting.tsx';
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
        if (wanted !== null) return <NotHere number={wanted} />;
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
      {isSaved && !action.isRunning ? (
        <p role="status" class="success">
          {reach.saved}
        </p>
      ) : (
        <Waiting isRunning={action.isRunning}>{reach.saving}</Waiting>
      )}
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
      <TextField
        id="sip"
        label={reach.sip}
        hint={reach.sipHint}
        fault={fault?.field === 'sip' ? reach.sipFault : undefined}
        value={text.sip}
        onValue={(sip) => change({ sip })}
        input={{ inputMode: 'email' }}
      />
      <ProviderList />
      <VisibilityChoice
        visibility={text.visibility}
        onChoice={(visibility) => change({ visibility })}
      />
      <FurtherFields text={text} fault={fault} onChange={change} />
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

function VisibilityChoice({
  visibility,
  onChoice,
}: {
  readonly visibility: Visibility;
  readonly onChoice: (visibility: Visibility) => void;
}): JSX.Element {
  const { reach } = useMessages();
  return (
    <fieldset>
      <legend>{reach.visibility}</legend>
      {(['dns', 'api'] as const).map((one) => (
        <label class="choice" key={one}>
          <input
            type="radio"
            name="visibility"
            checked={visibility === one}
            onChange={() => onChoice(one)}
          />
          <span>{reach.visibilities[one]}</span>
        </label>
      ))}
    </fieldset>
  );
}

function FurtherFields({
  text,
  fault,
  onChange,
}: {
  readonly text: ReachText;
  readonly fault: ReachFault | undefined;
  readonly onChange: (changed: Partial<ReachText>) => void;
}): JSX.Element {
  const { reach } = useMessages();
  return (
    <>
      <details open={text.more !== '' || undefined}>
        <summary>{reach.more}</summary>
        <TextField
          id="more"
          label={reach.moreLabel}
          hint={reach.moreHint}
          fault={
            fault?.field === 'more' ? fill(reach.moreFault, { place: fault.place }) : undefined
          }
          value={text.more}
          onValue={(more) => onChange({ more })}
          rows={3}
        />
      </details>
      <details>
        <summary>{reach.keys}</summary>
        <TextField
          id="keys"
          label={reach.keysLabel}
          hint={reach.keysHint}
          fault={
            fault?.field === 'keys'
              ? fill(hasPrivateKey(text.keys) ? reach.keysPrivate : reach.keysFault, {
                  place: fault.place,
                })
              : undefined
          }
          value={text.keys}
          onValue={(keys) => onChange({ keys })}
          rows={6}
        />
      </details>
    </>
  );
}
