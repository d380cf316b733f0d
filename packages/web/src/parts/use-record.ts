/** What every member says of one number, asked again and again while the page is looked at. */
import { holdingPayload } from '@callbook/client';
import type { Holding, MemberEntryState, Proof, Survey, ZoneAnswer } from '@callbook/client';
import { useEffect, useState } from 'preact/hooks';
import type { Holder } from '../holder/holder.ts';

const askEveryMs = 5000;

/** What is known so far. */
export interface LiveRecord {
  readonly survey: Survey | undefined;
  readonly zones: ReadonlyMap<string, ZoneAnswer>;
  readonly proof: Proof | undefined;
  readonly entry: readonly MemberEntryState[] | undefined;
  readonly askedAtMs: number | undefined;
  /** Why the members could not be asked the last time. */
  readonly error: unknown;
}

const nothingKnown: LiveRecord = {
  survey: undefined,
  zones: new Map(),
  proof: undefined,
  entry: undefined,
  askedAtMs: undefined,
  error: undefined,
};

export function useRecord(holder: Holder, holding: Holding): LiveRecord {
  const [record, setRecord] = useState(nothingKnown);
  useEffect(() => {
    const stop = new AbortController();
    const learn = (part: Partial<LiveRecord>): void => {
      if (!stop.signal.aborted) setRecord((before) => ({ ...before, ...part }));
    };
    void askOn(stop.signal, async () => await ask(holder, holding, { learn, setRecord }));
    return () => stop.abort();
  }, [holding.entryId]);
  return record;
}

/** Asks until it is stopped; a page that nobody sees asks nothing. */
async function askOn(signal: AbortSignal, askOnce: () => Promise<void>): Promise<void> {
  while (!signal.aborted) {
    if (document.visibilityState === 'visible') await askOnce();
    await new Promise((resolve) => {
      setTimeout(resolve, askEveryMs);
    });
  }
}

type SetRecord = (change: (before: LiveRecord) => LiveRecord) => void;

async function ask(
  { directory }: Holder,
  holding: Holding,
  to: { readonly learn: (part: Partial<LiveRecord>) => void; readonly setRecord: SetRecord },
): Promise<void> {
  const { learn } = to;
  const { identifier, entryId } = holding;
  // What is published for tokens alone is shown to its holder, who signs for that.
  const by = holdingPayload(holding).visibility === 'api' ? { holding } : {};
  await Promise.all([
    directory.survey(identifier, by).then(
      (survey) => learn({ survey, error: undefined, askedAtMs: Date.now() }),
      (error: unknown) => learn({ error, askedAtMs: Date.now() }),
    ),
    ...directory.members.map(async ({ name, zone }) => {
      const answer = await directory.lookupZone(identifier, zone).catch(() => undefined);
      if (answer === undefined) return;
      to.setRecord((before) => ({ ...before, zones: new Map(before.zones).set(name, answer) }));
    }),
    // One's own number: who asks is no secret from the members that publish it.
    directory.prove(identifier, { ...by, privacy: 'plain' }).then(
      (proof) => learn({ proof }),
      () => learn({ proof: undefined }),
    ),
    directory.entryState(entryId).then(
      (entry) => learn({ entry }),
      () => undefined,
    ),
  ]);
}
