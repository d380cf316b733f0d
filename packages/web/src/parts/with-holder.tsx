/**
 * Opens what a holder's screen works with and draws it again at every change, of this tab or another. The
 * heading is there from the beginning, since it gets the focus.
 */
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { openHolder, type Holder } from '../holder/holder.ts';
import type { Kept } from '../holder/keeper.ts';
import { useMessages } from '../messages.ts';
import { hrefTo } from '../router.ts';
import { FailureNotice } from './failure-notice.tsx';
import { Waiting } from './waiting.tsx';

type Opened =
  | { readonly state: 'opening' }
  | { readonly state: 'failed'; readonly error: unknown }
  | { readonly state: 'open'; readonly holder: Holder; readonly kept: Kept };

export function WithHolder({
  title,
  children,
}: {
  readonly title: string;
  readonly children: (holder: Holder, kept: Kept) => ComponentChildren;
}): JSX.Element {
  const { common } = useMessages();
  const [opened, setOpened] = useState<Opened>({ state: 'opening' });
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let stop: (() => void) | undefined;
    let isWanted = true;
    openHolder().then(
      (holder) => {
        if (!isWanted) return;
        const show = (): void => setOpened({ state: 'open', holder, kept: holder.keeper.kept });
        stop = holder.keeper.onChange(show);
        show();
      },
      (error: unknown) => isWanted && setOpened({ state: 'failed', error }),
    );
    return () => {
      isWanted = false;
      stop?.();
    };
  }, [attempt]);
  return (
    <>
      <h1>{title}</h1>
      {opened.state === 'opening' && <Waiting isRunning>{common.opening}</Waiting>}
      {opened.state === 'failed' && (
        <FailureNotice error={opened.error}>
          <button type="button" onClick={() => setAttempt(attempt + 1)}>
            {common.again}
          </button>
          <a class="button" href={hrefTo('restore')}>
            {common.bringBackup}
          </a>
        </FailureNotice>
      )}
      {opened.state === 'open' && (
        <>
          {!opened.holder.keeper.vault.lasting && <p class="notice">{common.notLasting}</p>}
          {children(opened.holder, opened.kept)}
        </>
      )}
    </>
  );
}
