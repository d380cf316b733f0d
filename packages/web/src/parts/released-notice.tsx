/** A number that was given up: until when it stays, and which members have erased it. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { fill } from '../fill.ts';
import type { Holder } from '../holder/holder.ts';
import type { KeptNumber } from '../holder/kept-number.ts';
import { useMessages } from '../messages.ts';

const askEveryMs = 5000;

export function ReleasedNotice({
  holder,
  number,
}: {
  readonly holder: Holder;
  readonly number: KeptNumber;
}): JSX.Element {
  const { record } = useMessages();
  const erased = useErased(holder, number.released?.releaseId ?? '');
  const total = holder.directory.members.length;
  return (
    <div class="notice" role="status" data-state="released" data-erased={erased}>
      <p>{record.released}</p>
      <p>{fill(record.erased, { count: erased, total })}</p>
    </div>
  );
}

function useErased({ directory }: Holder, releaseId: string): number {
  const [count, setCount] = useState(0);
  useEffect(() => {
    let isWanted = true;
    const ask = (): void => {
      directory.entryState(Uint8Array.fromHex(releaseId)).then(
        (states) => {
          const erased = states.filter((one) => 'erasedAtMs' in one && one.erasedAtMs !== null);
          if (isWanted) setCount(erased.length);
        },
        () => undefined,
      );
    };
    ask();
    const timer = setInterval(ask, askEveryMs);
    return () => {
      isWanted = false;
      clearInterval(timer);
    };
  }, [releaseId]);
  return count;
}
