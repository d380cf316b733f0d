/** The screen `veto`: refuses a request with codes as well, where the key alone does not defeat it. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { vetoRequest } from '../holder/changes.ts';
import type { Holder } from '../holder/holder.ts';
import type { KeptNumber } from '../holder/kept-number.ts';
import { useMessages } from '../messages.ts';
import { CodeSteps } from '../parts/code-steps.tsx';
import { NoJourney, NotHere } from '../parts/no-journey.tsx';
import { WithHolder } from '../parts/with-holder.tsx';
import { hrefTo, type ScreenProps } from '../router.ts';

export function VetoScreen({ parameters }: ScreenProps): JSX.Element {
  const { guard } = useMessages();
  return (
    <WithHolder title={guard.vetoTitle}>
      {(holder, { numbers }) => {
        const wanted = parameters.get('number');
        const number = numbers.find(({ holding }) => holding.identifier === wanted);
        const request = parameters.get('request') ?? '';
        if (number === undefined) return <NotHere number={wanted ?? ''} />;
        if (!/^[0-9a-f]{64}$/.test(request)) return <NoJourney />;
        return <Refusing holder={holder} number={number} requestId={Uint8Array.fromHex(request)} />;
      }}
    </WithHolder>
  );
}

function Refusing({
  holder,
  number,
  requestId,
}: {
  readonly holder: Holder;
  readonly number: KeptNumber;
  readonly requestId: Uint8Array;
}): JSX.Element {
  const { guard, record } = useMessages();
  const [isDone, setIsDone] = useState(false);
  const isListed = useListed(holder, number, requestId);
  const { directory, member } = holder;
  const names = directory.members.map(({ name }) => name);
  if (isDone || isListed === false) {
    return (
      <>
        <p class="success" role="status">
          {isDone ? guard.vetoDone : guard.nothing}
        </p>
        <a class="button" href={hrefTo('record')}>
          {record.title}
        </a>
      </>
    );
  }
  return (
    <>
      <p>{guard.vetoText}</p>
      <CodeSteps
        task={async (ports, { members }) =>
          await vetoRequest(holder, number, { requestId, ports, members })
        }
        onDone={() => setIsDone(true)}
        members={[member, ...names.filter((name) => name !== member)]}
        isStarted={false}
        startText={guard.vetoGo}
      />
    </>
  );
}

/** Whether any member lists the request still; undefined until they have been asked. */
function useListed(
  { directory }: Holder,
  { holding }: KeptNumber,
  requestId: Uint8Array,
): boolean | undefined {
  const [isListed, setIsListed] = useState<boolean>();
  useEffect(() => {
    directory.pendingAgainst(holding).then(
      (requests) => {
        setIsListed(requests.some((one) => one.requestId.toHex() === requestId.toHex()));
      },
      () => undefined,
    );
  }, []);
  return isListed;
}
