/** Looks up a pasted list: what can be read of it, how far it is, and a table of the answers. */
import type { ManyLookup } from '@callbook/client';
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import { openDirectory } from '../directory.ts';
import { fill } from '../fill.ts';
import { listedMax, readPastedList } from '../lookup/pasted-list.ts';
import { useMessages } from '../messages.ts';
import { guessCountry, showNumber } from '../numbers/typed-number.ts';
import { FailureNotice } from './failure-notice.tsx';
import { routesOf } from './lookup-answer.tsx';
import { useAction } from './use-action.ts';
import { Waiting } from './waiting.tsx';

interface Progress {
  readonly done: number;
  readonly count: number;
}

export function ListLookup(): JSX.Element {
  const { lookup } = useMessages();
  const [text, setText] = useState('');
  const [said, setSaid] = useState('');
  const [progress, setProgress] = useState<Progress>({ done: 0, count: 0 });
  const [found, setFound] = useState<readonly ManyLookup[]>();
  const action = useAction();
  const ask = (): void => {
    const { identifiers, skippedCount } = readPastedList(text, guessCountry(navigator.languages));
    const count = identifiers.length;
    setSaid(skippedCount > 0 ? fill(lookup.skipped, { count: skippedCount }) : '');
    if (count === 0) setSaid(lookup.nothingRead);
    if (count > listedMax) setSaid(fill(lookup.tooMany, { count, max: listedMax }));
    if (count === 0 || count > listedMax) return;
    setFound(undefined);
    setProgress({ done: 0, count });
    action.run(async () => {
      const { directory } = await openDirectory();
      const onDone = (done: number): void => setProgress({ done, count });
      setFound(await directory.lookupMany(identifiers, { proof: 'published', onDone }));
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
        <div class="field">
          <label for="list">{lookup.listLabel}</label>
          <textarea
            id="list"
            rows={6}
            spellcheck={false}
            aria-describedby="list-hint"
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
          <p id="list-hint" class="hint">
            {fill(lookup.listHint, { max: listedMax })}
          </p>
        </div>
        <div class="actions">
          <button type="submit" class="primary" disabled={action.isRunning}>
            {lookup.ask}
          </button>
        </div>
      </form>
      <Waiting isRunning={action.isRunning} otherwise={said}>
        {fill(lookup.askingList, { ...progress })}
      </Waiting>
      {action.error !== undefined && (
        <FailureNotice error={action.error}>
          <button type="button" onClick={ask}>
            {lookup.again}
          </button>
        </FailureNotice>
      )}
      {found !== undefined && <ListAnswers found={found} />}
    </>
  );
}

function ListAnswers({ found }: { readonly found: readonly ManyLookup[] }): JSX.Element {
  const { lookup } = useMessages();
  const published = found.filter(({ state }) => state === 'published').length;
  return (
    // Whoever has no pointer scrolls it with the keys.
    <div class="wide" role="region" tabIndex={0} aria-label={lookup.results}>
      <table class="answers" role="table">
        <caption>{fill(lookup.listResults, { count: found.length, published })}</caption>
        <thead>
          <tr>
            <th scope="col">{lookup.columnNumber}</th>
            <th scope="col">{lookup.columnAnswer}</th>
            <th scope="col">{lookup.columnRoute}</th>
            <th scope="col">{lookup.columnWhy}</th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          {found.map((one) => (
            <ListRow key={one.identifier} one={one} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function ListRow({ one }: { readonly one: ManyLookup }): JSX.Element {
  const { lookup } = useMessages();
  return (
    <tr role="row" data-answer={one.state}>
      <th scope="row" role="rowheader">
        {showNumber(one.identifier)}
      </th>
      <td role="cell">{lookup.shortStates[one.state]}</td>
      <td role="cell">{one.state === 'unanswered' ? '' : <code>{routesOf(one)[0] ?? ''}</code>}</td>
      <td role="cell">{useWhy(one)}</td>
    </tr>
  );
}

function useWhy(one: ManyLookup): string {
  const { lookup } = useMessages();
  if (one.state === 'unanswered') return one.code;
  if (one.reason.proof.state === 'proven') return lookup.whyProven;
  return fill(lookup.whyAgreed, { agreeing: one.reason.agreement.agreeing });
}
