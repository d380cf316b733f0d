/** One number that is held: its state in a word, what is published, what every member says, and what can be done. */
import { holdingPayload } from '@callbook/client';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { changeReach, forgetNumber, reloadNumber, resumeChange } from '../holder/changes.ts';
import type { Holder } from '../holder/holder.ts';
import { lockOf, type KeptNumber } from '../holder/kept-number.ts';
import { apiSayingOf, recordStateOf } from '../holder/record-state.ts';
import { useMessages } from '../messages.ts';
import { showNumber } from '../numbers/typed-number.ts';
import { hrefTo } from '../router.ts';
import { ChangeFailure } from './change-failure.tsx';
import { RecordMembers } from './record-members.tsx';
import { RecordProof } from './record-proof.tsx';
import { ReleasedNotice } from './released-notice.tsx';
import { useAction, type Action } from './use-action.ts';
import { useRecord, type LiveRecord } from './use-record.ts';

export function NumberRecord({
  holder,
  number,
}: {
  readonly holder: Holder;
  readonly number: KeptNumber;
}): JSX.Element {
  const { holding, released } = number;
  const live = useRecord(holder, holding);
  const action = useAction();
  return (
    <section aria-labelledby={`record-${holding.identifier}`} data-number={holding.identifier}>
      <h2 id={`record-${holding.identifier}`}>{showNumber(holding.identifier)}</h2>
      {released === null ? (
        <StateNotice holder={holder} number={number} live={live} action={action} />
      ) : (
        <ReleasedNotice holder={holder} number={number} />
      )}
      {action.error !== undefined && (
        <ChangeFailure
          error={action.error}
          holder={holder}
          number={number}
          onMended={action.clear}
        />
      )}
      <Published number={number} />
      {released === null && <Links number={number} />}
      <RecordMembers holding={holding} live={live} members={holder.directory.members} />
      <RecordProof holding={holding} live={live} />
      <Forgetting holder={holder} number={number} />
    </section>
  );
}

function StateNotice({
  holder,
  number,
  live,
  action,
}: {
  readonly holder: Holder;
  readonly number: KeptNumber;
  readonly live: LiveRecord;
  readonly action: Action;
}): JSX.Element {
  const { record } = useMessages();
  const { survey, error } = live;
  if (number.pending !== null) {
    return <PendingNotice holder={holder} number={number} action={action} />;
  }
  if (survey === undefined) {
    return (
      <p class="card" role="status">
        {error === undefined ? record.asking : record.states.unknown}
      </p>
    );
  }
  const sayings = survey.members.map((answer) => apiSayingOf(number.holding, answer, live.entry));
  const state = error === undefined ? recordStateOf(sayings, survey.agreement.quorum) : 'unknown';
  const tone = { good: 'success', partly: 'notice', changed: 'problem', unknown: 'notice' }[state];
  const isDormant = survey.state === 'published' && survey.binding.dormant;
  return (
    <div class={tone} role="status" data-state={state}>
      <p>{record.states[state]}</p>
      {state === 'changed' && (
        <button
          type="button"
          disabled={action.isRunning}
          onClick={() =>
            action.run(async () => {
              await reloadNumber(holder, number);
            })
          }
        >
          {record.reload}
        </button>
      )}
      {isDormant && (
        <>
          <p>{record.dormant}</p>
          <button
            type="button"
            disabled={action.isRunning}
            onClick={() =>
              action.run(async () => {
                const { routes, visibility } = holdingPayload(number.holding);
                await changeReach(holder, number, { routes, visibility, ownKeys: [] });
              })
            }
          >
            {record.confirm}
          </button>
        </>
      )}
    </div>
  );
}

/** A change that was broken off: it goes on before any other. */
function PendingNotice({
  holder,
  number,
  action,
}: {
  readonly holder: Holder;
  readonly number: KeptNumber;
  readonly action: Action;
}): JSX.Element {
  const { record } = useMessages();
  return (
    <div class="notice" role="status" data-state="pending">
      <p>{record.pending}</p>
      <button
        type="button"
        disabled={action.isRunning}
        onClick={() =>
          action.run(async () => {
            await resumeChange(holder, number);
          })
        }
      >
        {record.goOn}
      </button>
    </div>
  );
}

function Published({ number }: { readonly number: KeptNumber }): JSX.Element {
  const { record } = useMessages();
  const { holding } = number;
  const { routes, keys, visibility } = holdingPayload(holding);
  return (
    <dl class="facts">
      <dt>{record.addresses}</dt>
      <dd>
        {routes.length === 0
          ? record.noAddress
          : routes.map(({ uri }) => (
              <div key={uri}>
                <code>{uri}</code>
              </div>
            ))}
      </dd>
      <dt>{record.keys}</dt>
      <dd>{[...new Set(keys.map(({ use }) => record.keyUses[use]))].join(', ')}</dd>
      <dt>{record.visibility}</dt>
      <dd>{record.visibilities[visibility]}</dd>
      <dt>{record.lock}</dt>
      <dd>{lockOf(number, Date.now()) === 'off' ? record.lockOff : record.lockOn}</dd>
      <dt>{record.recovery}</dt>
      <dd>{holding.recovery === null ? record.recoveryOff : record.recoveryOn}</dd>
      <dt>{record.keyAt}</dt>
      <dd>{holding.seed === null ? record.keyInBrowser : record.keySealed}</dd>
    </dl>
  );
}

function Links({ number }: { readonly number: KeptNumber }): JSX.Element {
  const { record } = useMessages();
  const parameters = { number: number.holding.identifier };
  return (
    <div class="actions">
      <a class="button" href={hrefTo('reach', parameters)}>
        {record.edit}
      </a>
      <a class="button" href={hrefTo('protect', parameters)}>
        {record.protect}
      </a>
      <a class="button" href={hrefTo('release', parameters)}>
        {record.release}
      </a>
    </div>
  );
}

function Forgetting({
  holder,
  number,
}: {
  readonly holder: Holder;
  readonly number: KeptNumber;
}): JSX.Element {
  const { record, common } = useMessages();
  const [isAsked, setIsAsked] = useState(false);
  if (!isAsked) {
    return (
      <button type="button" class="link" onClick={() => setIsAsked(true)}>
        {record.forget}
      </button>
    );
  }
  return (
    <div class="notice" role="alert">
      <p>{record.forgetText}</p>
      <div class="actions">
        <button type="button" class="danger" onClick={() => void forgetNumber(holder, number)}>
          {record.forgetYes}
        </button>
        <button type="button" onClick={() => setIsAsked(false)}>
          {common.cancel}
        </button>
      </div>
    </div>
  );
}
