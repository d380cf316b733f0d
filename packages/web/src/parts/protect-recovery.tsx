/** A recovery code: made, shown once, typed back, and only then put in force; it is kept nowhere. */
import { isClientError, type Holding } from '@callbook/client';
import { bytesEqual, type Charter } from '@callbook/protocol';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { fill } from '../fill.ts';
import { changeTerms, newRecoveryCode, recoveryTerms } from '../holder/changes.ts';
import type { Holder } from '../holder/holder.ts';
import type { KeptNumber } from '../holder/kept-number.ts';
import { useMessages } from '../messages.ts';
import { ChangeFailure } from './change-failure.tsx';
import { TextField } from './text-field.tsx';
import { showDuration } from './times.ts';
import { useAction } from './use-action.ts';

export interface ProtectProps {
  readonly holder: Holder;
  readonly number: KeptNumber;
  readonly holds: Charter['holds'];
}

export function ProtectRecovery({ holder, number, holds }: ProtectProps): JSX.Element {
  const { protect } = useMessages();
  const [code, setCode] = useState<string>();
  const [isDone, setIsDone] = useState(false);
  const { holding } = number;
  const duration = showDuration(holds.recoveryMs);
  const long = showDuration(holds.possessionMs);
  return (
    <section aria-labelledby="recovery">
      <h2 id="recovery">{protect.recovery}</h2>
      <p>{fill(protect.recoveryText, { duration, long })}</p>
      {holding.recovery !== null && <p class="tone-good">{protect.recoveryOn}</p>}
      {code === undefined ? (
        <>
          <p role="status" class="tone-good">
            {isDone ? protect.recoveryDone : ''}
          </p>
          <div class="actions">
            <button type="button" onClick={() => setCode(newRecoveryCode())}>
              {holding.recovery === null ? protect.make : protect.makeNew}
            </button>
          </div>
        </>
      ) : (
        <TypeBack
          holder={holder}
          number={number}
          code={code}
          onDone={() => {
            setCode(undefined);
            setIsDone(true);
          }}
        />
      )}
    </section>
  );
}

function TypeBack({
  holder,
  number,
  code,
  onDone,
}: {
  readonly holder: Holder;
  readonly number: KeptNumber;
  readonly code: string;
  readonly onDone: () => void;
}): JSX.Element {
  const { protect } = useMessages();
  const [text, setText] = useState('');
  const [isOther, setIsOther] = useState(false);
  const action = useAction();
  const submit = (event: Event): void => {
    event.preventDefault();
    const isSame = isSameCode(text, code, number.holding);
    setIsOther(!isSame);
    if (!isSame) return;
    action.run(async () => {
      await changeTerms(holder, number, recoveryTerms(code, number.holding.identifier));
      onDone();
    });
  };
  return (
    <form noValidate onSubmit={submit} class="card">
      <p>{protect.shown}</p>
      <p class="recovery-code">
        <output aria-label={protect.codeLabel} translate={false}>
          {code}
        </output>
      </p>
      <TextField
        id="back"
        label={protect.typeBack}
        hint={protect.typeBackHint}
        fault={isOther ? protect.other : undefined}
        value={text}
        onValue={(value) => {
          setIsOther(false);
          setText(value);
        }}
        input={{ autocapitalize: 'characters' }}
      />
      {action.error !== undefined && (
        <ChangeFailure
          error={action.error}
          holder={holder}
          number={number}
          onMended={action.clear}
        />
      )}
      <div class="actions">
        <button type="submit" class="primary" disabled={action.isRunning}>
          {protect.put}
        </button>
      </div>
      <p role="status" class="waiting">
        {action.isRunning ? protect.working : ''}
      </p>
    </form>
  );
}

/** As the directory will read it some day: capitals, hyphens and look-alikes do not count. */
function isSameCode(typed: string, code: string, { identifier }: Holding): boolean {
  const [wanted, given] = [code, typed].map((text) => {
    try {
      return recoveryTerms(text, identifier).recovery ?? undefined;
    } catch (error) {
      if (isClientError(error)) return undefined;
      throw error;
    }
  });
  return wanted !== undefined && given !== undefined && bytesEqual(wanted, given);
}
