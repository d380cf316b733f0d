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
  useEffect(
    () => askOn(() => questionsAbout(holder, holding), setRecord),
    [holding.entryId.toHex()],
  );
  return record;
}

/** Adds to what is known. */
type Learn = (before: LiveRecord) => LiveRecord;

/** What is asked, by name; no answer rejects. */
type Questions = ReadonlyMap<string, () => Promise<Learn>>;

/**
 * Asks everything again and again, except what is still on its way: a member, or its DNS, that does not
 * answer holds nothing else up. A page that nobody sees asks nothing. Returns what ends it.
 */
function askOn(questions: () => Questions, setRecord: (learn: Learn) => void): () => void {
  const underWay = new Set<string>();
  let isWanted = true;
  const askAll = (): void => {
    if (document.visibilityState !== 'visible') return;
    for (const [name, ask] of questions()) {
      if (underWay.has(name)) continue;
      underWay.add(name);
      void ask().then((learn) => {
        underWay.delete(name);
        if (isWanted) setRecord(learn);
      });
    }
  };
  askAll();
  const timer = setInterval(askAll, askEveryMs);
  document.addEventListener('visibilitychange', askAll);
  return () => {
    isWanted = false;
    clearInterval(timer);
    document.removeEventListener('visibilitychange', askAll);
  };
}

function questionsAbout({ directory }: Holder, holding: Holding): Questions {
  const { identifier, entryId } = holding;
  // What is published for tokens alone is shown to its holder, who signs for that.
  const by = holdingPayload(holding).visibility === 'api' ? { holding } : {};
  const ask = async <T>(answer: Promise<T>, learn: (value: T) => Learn): Promise<Learn> =>
    await answer.then(learn, () => learnNothing);
  return new Map<string, () => Promise<Learn>>([
    [
      'survey',
      async () =>
        await directory.survey(identifier, by).then(
          (survey) => learning({ survey, error: undefined, askedAtMs: Date.now() }),
          (error: unknown) => learning({ error, askedAtMs: Date.now() }),
        ),
    ],
    ['entry', async () => await ask(directory.entryState(entryId), (entry) => learning({ entry }))],
    [
      'proof',
      // One's own number: who asks is no secret from the members that publish it.
      async () =>
        await directory.prove(identifier, { ...by, privacy: 'plain' }).then(
          (proof) => learning({ proof }),
          () => learning({ proof: undefined }),
        ),
    ],
    ...directory.members.map(({ name, zone }): [string, () => Promise<Learn>] => [
      `zone ${name}`,
      async () =>
        await ask(directory.lookupZone(identifier, zone), (answer) => (before) => ({
          ...before,
          zones: new Map(before.zones).set(name, answer),
        })),
    ]),
  ]);
}

function learning(part: Partial<LiveRecord>): Learn {
  return (before) => ({ ...before, ...part });
}

const learnNothing: Learn = (before) => before;
