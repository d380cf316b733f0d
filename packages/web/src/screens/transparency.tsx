/** The screen `transparency`: who runs the directory, by which rules, and whether they agree right now. */
import { activeMembers, quorumOf, type Charter } from '@callbook/protocol';
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { openDirectory } from '../directory.ts';
import {
  FederationWatch,
  type EvidenceView,
  type FederationView,
} from '../federation/federation-view.ts';
import { fill } from '../fill.ts';
import { showTime } from '../lookup/show-time.ts';
import { useMessages } from '../messages.ts';
import { CharterFacts } from '../parts/charter-facts.tsx';
import { FailureNotice } from '../parts/failure-notice.tsx';
import { MemberCard } from '../parts/member-card.tsx';
import { Waiting } from '../parts/waiting.tsx';

const everySeconds = 5;

interface Seen {
  readonly view: FederationView;
  readonly charter: Charter;
  /** Name of the member that the page comes from. */
  readonly here: string;
}

export function TransparencyScreen(): JSX.Element {
  const { transparency } = useMessages();
  const [attempt, setAttempt] = useState(0);
  const { seen, error } = useFederation(attempt);
  return (
    <>
      <h1>{transparency.title}</h1>
      <p>{transparency.intro}</p>
      {error !== undefined && (
        <FailureNotice error={error}>
          <button type="button" onClick={() => setAttempt(attempt + 1)}>
            {transparency.again}
          </button>
        </FailureNotice>
      )}
      {error === undefined && seen === undefined && (
        <Waiting isRunning>{transparency.asking}</Waiting>
      )}
      {seen !== undefined && <Federation seen={seen} />}
    </>
  );
}

function Federation({ seen }: { readonly seen: Seen }): JSX.Element {
  const { transparency } = useMessages();
  const { view, charter, here } = seen;
  return (
    <>
      <Verdict view={view} />
      <p class="quiet">
        {fill(transparency.seenAt, { time: showTime(view.seenAtMs), seconds: everySeconds })}
      </p>
      <h2>{transparency.members}</h2>
      {view.members.map((one) => (
        <MemberCard key={one.member.name} view={one} isHere={one.member.name === here} />
      ))}
      <CharterFacts
        charter={charter}
        quorum={quorumOf(charter)}
        count={activeMembers(charter).length}
      />
      <h2>{transparency.evidence}</h2>
      {view.evidence.length === 0 ? (
        <p>{transparency.noEvidence}</p>
      ) : (
        <ul>
          {view.evidence.map((piece) => (
            <Piece key={piece.id} piece={piece} />
          ))}
        </ul>
      )}
    </>
  );
}

function Verdict({ view }: { readonly view: FederationView }): JSX.Element {
  const { transparency } = useMessages();
  const states = view.members.map(({ state }) => state);
  if (states.includes('differs') || states.includes('unproven')) {
    return (
      <p class="alert" role="status" data-verdict="differs">
        {transparency.notEqual}
      </p>
    );
  }
  if (states.every((state) => state === 'silent')) {
    return (
      <p class="card" role="status" data-verdict="silent">
        {transparency.noneAnswers}
      </p>
    );
  }
  const isEqual = states.every((state) => state === 'equal' || state === 'silent');
  return (
    <p
      class={isEqual ? 'success' : 'card'}
      role="status"
      data-verdict={isEqual ? 'equal' : 'comparing'}
    >
      {isEqual ? transparency.allEqual : transparency.comparing}
    </p>
  );
}

function Piece({ piece }: { readonly piece: EvidenceView }): JSX.Element {
  const { transparency } = useMessages();
  const { evidenceKinds: kinds } = transparency;
  const kind = Object.hasOwn(kinds, piece.kind) ? (piece.kind as keyof typeof kinds) : 'other';
  return (
    <li>
      <strong>{kinds[kind]}</strong>: <code>{piece.origins.join(', ')}</code>,{' '}
      {fill(transparency.evidenceHeld, {
        members: piece.holders.join(', '),
        time: showTime(piece.firstSeenMs),
      })}{' '}
      <a href={`/v1/evidence/${piece.id}`}>{transparency.evidenceLink}</a>
    </li>
  );
}

/** Asks again and again while the screen is shown; a failure stays until it is tried again. */
function useFederation(attempt: number): { seen: Seen | undefined; error: unknown } {
  const [seen, setSeen] = useState<Seen>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    let isWanted = true;
    let timer: ReturnType<typeof setTimeout> | undefined;
    setError(undefined);
    const begin = async (): Promise<void> => {
      const { directory, settings, fetch } = await openDirectory();
      const { charterNote, member: here } = settings;
      const watch = await FederationWatch.open(directory, { fetch, charterNote });
      const look = async (): Promise<void> => {
        const view = await watch.look();
        if (!isWanted) return;
        setSeen({ view, charter: directory.charter, here });
        timer = setTimeout(() => void look(), everySeconds * 1000);
      };
      await look();
    };
    begin().catch((thrown: unknown) => isWanted && setError(thrown));
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [attempt]);
  return { seen, error };
}
