/**
 * The screen `code`: the codes of a journey, and what follows from them. An entry that was signed before
 * the page was closed goes on at once, mostly without another code.
 */
import { parseIdentifier, type Identifier } from '@callbook/protocol';
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { failureOf } from '../failure.ts';
import { fill } from '../fill.ts';
import type { Holder } from '../holder/holder.ts';
import type { Journey } from '../holder/journey.ts';
import {
  areCodesSent,
  askAgain,
  dropPending,
  forgetSent,
  runClaim,
  runReplace,
} from '../holder/journeys.ts';
import { useMessages } from '../messages.ts';
import { showNumber } from '../numbers/typed-number.ts';
import { CodeSteps } from '../parts/code-steps.tsx';
import { NoJourney } from '../parts/no-journey.tsx';
import { TextField } from '../parts/text-field.tsx';
import { StepsLine } from '../parts/steps-line.tsx';
import { WithHolder } from '../parts/with-holder.tsx';
import { goTo, hrefTo, type ScreenProps } from '../router.ts';

export function CodeScreen({ parameters }: ScreenProps): JSX.Element {
  const { code } = useMessages();
  // Only who has just pressed the button wants a code: a reload must not send another.
  const [isWanted] = useState(parameters.get('send') === '1');
  const [isOver, setIsOver] = useState(false);
  const last = useRef<Journey | null>(null);
  useEffect(() => {
    if (isWanted) history.replaceState(null, '', hrefTo('code'));
  }, []);
  return (
    <WithHolder title={code.title}>
      {(holder, kept) => {
        if (isOver) return <p role="status">{code.done}</p>;
        // A journey that arrives ends before its last step has been shown.
        last.current = kept.journey ?? last.current;
        const journey = last.current;
        if (journey === null) return <NoJourney />;
        return (
          <JourneyCodes
            holder={holder}
            journey={journey}
            isWanted={isWanted}
            onOver={() => setIsOver(true)}
          />
        );
      }}
    </WithHolder>
  );
}

interface JourneyCodesProps {
  readonly holder: Holder;
  readonly journey: Journey;
  readonly isWanted: boolean;
  readonly onOver: () => void;
}

function JourneyCodes({ holder, journey, isWanted, onOver }: JourneyCodesProps): JSX.Element {
  const { code } = useMessages();
  const [secrets, setSecrets] = useState<Secrets>();
  const isFirst = journey.replacement === null && journey.pending === null;
  const { requestClass, reach, backup } = journey;
  if (backup === null || (reach === null && journey.kind === 'claim')) {
    goTo(backup === null ? 'backup' : 'reach', { replace: true });
    return <></>;
  }
  const needsSecret = isFirst && (requestClass === 'recovery' || requestClass === 'email');
  if (needsSecret && secrets === undefined) {
    return <SecretsForm requestClass={requestClass} onSecrets={setSecrets} />;
  }
  return (
    <>
      {journey.kind === 'claim' && <StepsLine step={4} />}
      <p>
        {journey.pending === null
          ? fill(journey.kind === 'claim' ? code.intro : code.introSeveral, {
              number: showNumber(journey.identifier),
            })
          : code.resuming}
      </p>
      <RunningJourney
        holder={holder}
        journey={journey}
        isStarted={isWanted || journey.pending !== null || secrets !== undefined}
        secrets={secrets ?? {}}
        onOver={onOver}
      />
    </>
  );
}

interface Secrets {
  readonly recoveryCode?: string;
  readonly email?: Identifier;
}

function RunningJourney({
  holder,
  journey,
  isStarted,
  secrets,
  onOver,
}: {
  readonly holder: Holder;
  readonly journey: Journey;
  readonly isStarted: boolean;
  readonly secrets: Secrets;
  readonly onOver: () => void;
}): JSX.Element {
  const { code, common } = useMessages();
  const isSent = useSent(holder, journey);
  const { directory, member, keeper } = holder;
  const names = directory.members.map(({ name }) => name);
  const members = [member, ...names.filter((name) => name !== member)];
  const onDone = (): void => {
    onOver();
    const goesOn = keeper.kept.journey !== null;
    goTo(goesOn ? 'hold' : 'record', { replace: true, parameters: goesOn ? {} : { new: '1' } });
  };
  if (isSent === undefined) return <p class="waiting">{common.opening}</p>;
  return (
    <CodeSteps
      task={async (ports, { members: order, isAnew }) => {
        if (isAnew) await forgetSent(holder, journey);
        const run = journey.kind === 'claim' ? runClaim : runReplace;
        await run(holder, ports, { members: order, ...secrets });
      }}
      onDone={onDone}
      members={members}
      isStarted={isStarted || isSent}
      startText={code.send}
      waysOut={(error) => <WaysOut holder={holder} journey={journey} error={error} />}
    />
  );
}

/** Whether codes are on their way, from before the page was loaded anew; undefined until that is known. */
function useSent(holder: Holder, journey: Journey): boolean | undefined {
  const [isSent, setIsSent] = useState<boolean>();
  useEffect(() => {
    void areCodesSent(holder, journey).then(setIsSent);
  }, []);
  return isSent;
}

/** What else can be done about a failure, beside trying again. */
function WaysOut({
  holder,
  journey,
  error,
}: {
  readonly holder: Holder;
  readonly journey: Journey;
  readonly error: unknown;
}): JSX.Element {
  const { common, record } = useMessages();
  const { kind } = failureOf(error);
  const parameters = { number: journey.identifier };
  const isStuck = journey.pending !== null && kind !== 'incomplete' && kind !== 'unreachable';
  return (
    <>
      {kind === 'held' && (
        <>
          <a class="button" href={hrefTo('restore', parameters)}>
            {common.bringBackup}
          </a>
          <a class="button" href={hrefTo('lost', parameters)}>
            {common.keyLost}
          </a>
        </>
      )}
      {(kind === 'storage_lost' || kind === 'key_missing') && (
        <a class="button" href={hrefTo('restore', parameters)}>
          {common.bringBackup}
        </a>
      )}
      {kind === 'free' && (
        <a class="button" href={hrefTo('number')}>
          {record.claim}
        </a>
      )}
      {kind === 'hold' && (
        <a class="button" href={hrefTo('hold')}>
          {common.goOn}
        </a>
      )}
      {(kind === 'vetoed' || kind === 'superseded') && (
        <button
          type="button"
          onClick={() => {
            void askAgain(holder).then(() => goTo('lost', { parameters }));
          }}
        >
          {common.startOver}
        </button>
      )}
      {isStuck && (
        <button type="button" onClick={() => void dropPending(holder)}>
          {common.startOver}
        </button>
      )}
    </>
  );
}

/** What must not be kept is asked for right before it is used. */
function SecretsForm({
  requestClass,
  onSecrets,
}: {
  readonly requestClass: 'email' | 'recovery';
  readonly onSecrets: (secrets: Secrets) => void;
}): JSX.Element {
  const { code, common, failures } = useMessages();
  const [text, setText] = useState('');
  const [isBad, setIsBad] = useState(false);
  const isRecovery = requestClass === 'recovery';
  const submit = (event: Event): void => {
    event.preventDefault();
    if (isRecovery) {
      // The directory reads it; what is plainly too short is said here.
      const isLongEnough = text.replaceAll(/[\s-]/g, '').length === 32;
      setIsBad(!isLongEnough);
      if (isLongEnough) onSecrets({ recoveryCode: text });
      return;
    }
    const email = parseIdentifier(`mailto:${text.trim().toLowerCase()}`);
    setIsBad(email.verdict !== 'accept');
    if (email.verdict === 'accept') onSecrets({ email: email.value });
  };
  return (
    <form noValidate onSubmit={submit}>
      <TextField
        id="secret"
        label={isRecovery ? code.recoveryLabel : code.emailLabel}
        hint={isRecovery ? code.recoveryHint : ''}
        fault={isBad ? (isRecovery ? failures.kinds.recovery.next : code.emailFault) : undefined}
        value={text}
        onValue={setText}
        input={isRecovery ? {} : { type: 'email', autocomplete: 'email' }}
      />
      <div class="actions">
        <button type="submit" class="primary">
          {common.next}
        </button>
      </div>
    </form>
  );
}
