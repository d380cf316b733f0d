/** The screen `lookup`: one number, or a pasted list, with the reason why each answer is believed. */
import { isClientError, type Lookup, type MemberLookup } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { openDirectory } from '../directory.ts';
import { useMessages } from '../messages.ts';
import { FailureNotice } from '../parts/failure-notice.tsx';
import { ListLookup } from '../parts/list-lookup.tsx';
import { LookupAnswer } from '../parts/lookup-answer.tsx';
import { MemberSayings } from '../parts/lookup-reasons.tsx';
import { NumberField, useNumberEntry } from '../parts/number-field.tsx';
import { useAction } from '../parts/use-action.ts';
import { Waiting } from '../parts/waiting.tsx';
import type { ScreenProps } from '../router.ts';

export function LookupScreen({ parameters }: ScreenProps): JSX.Element {
  const { lookup } = useMessages();
  const [isList, setIsList] = useState(false);
  return (
    <>
      <h1>{lookup.title}</h1>
      <p>{lookup.intro}</p>
      <fieldset class="switch">
        <legend class="hidden-text">{lookup.title}</legend>
        {[false, true].map((list) => (
          <label class="choice" key={String(list)}>
            <input
              type="radio"
              name="kind"
              checked={isList === list}
              onChange={() => setIsList(list)}
            />
            {list ? lookup.list : lookup.one}
          </label>
        ))}
      </fieldset>
      {isList ? <ListLookup /> : <OneLookup typed={parameters.get('number') ?? ''} />}
    </>
  );
}

function OneLookup({ typed }: { readonly typed: string }): JSX.Element {
  const { lookup } = useMessages();
  const [entry, setEntry] = useNumberEntry(typed);
  const [found, setFound] = useState<Lookup>();
  const [sayings, setSayings] = useState<readonly MemberLookup[]>();
  const action = useAction();
  const ask = (): void => {
    const { read } = entry;
    if (read.state !== 'good') {
      setEntry({ ...entry, isTried: true });
      document.querySelector<HTMLElement>('#number')?.focus();
      return;
    }
    setFound(undefined);
    setSayings(undefined);
    action.run(async () => {
      try {
        setFound(await lookUp(read.identifier));
      } catch (error) {
        // Whoever contradicts the others is named.
        if (isContradiction(error)) setSayings(await sayingsOf(read.identifier));
        throw error;
      }
    });
  };
  return (
    <>
      <form
        noValidate
        onSubmit={(event) => {
          event.preventDefault();
          ask();
        }}
      >
        <NumberField entry={entry} onEntry={setEntry} label={lookup.number} />
        <div class="actions">
          <button type="submit" class="primary" disabled={action.isRunning}>
            {lookup.ask}
          </button>
        </div>
      </form>
      <Waiting isRunning={action.isRunning}>{lookup.asking}</Waiting>
      {action.error !== undefined && (
        <FailureNotice error={action.error}>
          <button type="button" onClick={ask}>
            {lookup.again}
          </button>
        </FailureNotice>
      )}
      {sayings !== undefined && <MemberSayings members={sayings} isOpen />}
      {found !== undefined && <LookupAnswer found={found} />}
    </>
  );
}

async function lookUp(identifier: Identifier): Promise<Lookup> {
  const { directory } = await openDirectory();
  return await directory.lookup(identifier);
}

function isContradiction(error: unknown): boolean {
  const codes = ['members_disagree', 'zone_differs', 'zone_bogus', 'proof_differs'];
  return isClientError(error) && codes.includes(error.code);
}

async function sayingsOf(identifier: Identifier): Promise<readonly MemberLookup[] | undefined> {
  const { directory } = await openDirectory();
  return await directory.survey(identifier).then(
    ({ members }) => members,
    () => undefined,
  );
}
