/** The screen `hold`: a replacement that waits, as the members see it, until the number can be taken over. */
import type { ReplacementStanding } from '@callbook/client';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { fill } from '../fill.ts';
import type { Holder } from '../holder/holder.ts';
import { nextScreenOf, type Journey } from '../holder/journey.ts';
import { askAgain } from '../holder/journeys.ts';
import { commitFromMsOf, runningTimeline } from '../holder/timeline.ts';
import { useMessages } from '../messages.ts';
import { showNumber } from '../numbers/typed-number.ts';
import { NoJourney } from '../parts/no-journey.tsx';
import { showDuration } from '../parts/times.ts';
import { TimelineList } from '../parts/timeline-list.tsx';
import { useAction } from '../parts/use-action.ts';
import { useNow } from '../parts/use-now.ts';
import { WithHolder } from '../parts/with-holder.tsx';
import { goTo, hrefTo } from '../router.ts';

/** How often the members are asked how the request stands. */
const askEveryMs = 5000;

export function HoldScreen(): JSX.Element {
  const { lost } = useMessages();
  return (
    <WithHolder title={lost.holdTitle}>
      {(holder, { journey }) => {
        if (journey === null) return <NoJourney />;
        const commitFromMs = journey.replacement?.commitFromMs;
        if (commitFromMs == null) {
          goTo(nextScreenOf(journey), { replace: true });
          return <></>;
        }
        return <Hold holder={holder} journey={journey} commitFromMs={commitFromMs} />;
      }}
    </WithHolder>
  );
}

function Hold({
  holder,
  journey,
  commitFromMs: known,
}: {
  readonly holder: Holder;
  readonly journey: Journey;
  readonly commitFromMs: number;
}): JSX.Element {
  const { lost } = useMessages();
  const standing = useStanding(holder, journey);
  const nowMs = useNow(1000);
  const commitFromMs = commitFromMsOf(standing, known);
  const leftMs = commitFromMs - nowMs;
  if (standing !== undefined && isOver(standing)) {
    return <Over holder={holder} state={standing.state} />;
  }
  return (
    <>
      <p>{fill(lost.holdFor, { number: showNumber(journey.identifier) })}</p>
      <p role={leftMs > 0 ? 'timer' : 'status'} class={leftMs > 0 ? 'notice' : 'success'}>
        {leftMs > 0 ? fill(lost.left, { duration: showDuration(roughly(leftMs)) }) : lost.ready}
      </p>
      {leftMs <= 0 && (
        <div class="actions">
          <a class="button primary" href={hrefTo('code', { send: '1' })}>
            {lost.take}
          </a>
        </div>
      )}
      <TimelineList steps={runningTimeline(commitFromMs, nowMs)} />
      <p class="quiet">{lost.keepOpen}</p>
    </>
  );
}

type OverState = 'free' | 'superseded' | 'vetoed';

function isOver(
  standing: ReplacementStanding,
): standing is Extract<ReplacementStanding, { readonly state: OverState }> {
  return ['free', 'superseded', 'vetoed'].includes(standing.state);
}

function Over({
  holder,
  state,
}: {
  readonly holder: Holder;
  readonly state: OverState;
}): JSX.Element {
  const { lost, record } = useMessages();
  const action = useAction();
  return (
    <div class="problem" role="alert">
      <p>
        <strong>{lost[state]}</strong>
      </p>
      {state !== 'free' && <p>{lost.vetoedText}</p>}
      <div class="actions">
        {state !== 'free' && (
          <button
            type="button"
            class="primary"
            onClick={() =>
              action.run(async () => {
                await askAgain(holder);
                goTo('code');
              })
            }
          >
            {lost.again}
          </button>
        )}
        <button
          type="button"
          onClick={() =>
            action.run(async () => {
              await holder.keeper.setJourney(null);
              goTo('number');
            })
          }
        >
          {state === 'free' ? record.claim : lost.giveUp}
        </button>
      </div>
    </div>
  );
}

/** What the members say, again and again; undefined until they have. */
function useStanding(
  { directory }: Holder,
  { replacement }: Journey,
): ReplacementStanding | undefined {
  const [standing, setStanding] = useState<ReplacementStanding>();
  useEffect(() => {
    if (replacement === null) return undefined;
    let isWanted = true;
    const ask = (): void => {
      // A network that is gone changes nothing of the request: the last that was known stands.
      directory.replacementStanding(replacement).then(
        (answer) => isWanted && setStanding(answer),
        () => undefined,
      );
    };
    ask();
    const timer = setInterval(ask, askEveryMs);
    return () => {
      isWanted = false;
      clearInterval(timer);
    };
  }, [replacement]);
  return standing;
}

/** Seconds count at the end only: before, they would make a restless page. */
function roughly(ms: number): number {
  return ms > 600_000 ? Math.ceil(ms / 60_000) * 60_000 : Math.ceil(ms / 1000) * 1000;
}
