/**
 * What a thread of a front end that takes datagrams runs: answers from the table that all share, and hands
 * what is not there to the thread that looks up, which sends the answer itself. It waits for nothing.
 */
import { datagramAnswerBytesMax } from '@callbook/dns';
import type { ClientAddress, CookieSecrets, WorkerPlace, WorkerResponder } from '@callbook/dns';
import type { ServingSettings } from '../dns-worker.ts';
import { washQuery } from '../forgetting/wash-query.ts';
import { washThread } from '../forgetting/wash-thread.ts';
import { FrontAnswers } from './front-answers.ts';
import type { FrontDescription } from './front-description.ts';
import { FrontFreshness } from './front-freshness.ts';
import { MissBell, MissRing } from './miss-ring.ts';

export interface FrontWorkerData {
  readonly description: FrontDescription;
  readonly zoneKeysFolder: string;
  readonly serving: ServingSettings;
  readonly answers: SharedArrayBuffer;
  readonly freshness: SharedArrayBuffer;
  readonly misses: SharedArrayBuffer;
  readonly bell: SharedArrayBuffer;
}

/** What the main thread tells the others. */
export type FrontNotice =
  | { readonly kind: 'description'; readonly description: FrontDescription }
  | { readonly kind: 'cookies'; readonly cookieSecrets: CookieSecrets }
  | { readonly kind: 'wash' };

const nobody: ClientAddress = { octets: new Uint8Array(4), port: 0 };

/** As the datagram engine wants it. */
export async function createWorkerResponder(
  responderData: unknown,
  { descriptor }: WorkerPlace,
): Promise<WorkerResponder> {
  const data = responderData as FrontWorkerData;
  const answers = await FrontAnswers.open(data);
  const freshness = new FrontFreshness(data.freshness);
  const misses = new MissRing(data.misses);
  const bell = new MissBell(data.bell);
  misses.descriptor = descriptor!;
  const washRoom = new Uint8Array(datagramAnswerBytesMax);
  let wash = washQuery(data.description.zone.apex);
  return {
    respondInto: (query, out, client) => {
      if (!freshness.isFresh()) return answers.refuseInto(query, out, client);
      const size = answers.respondInto(query, out, client);
      const { wanted } = answers;
      if (wanted === undefined) return size;
      // What was written is SERVFAIL, and is sent when nobody can look it up.
      if (!misses.put({ query, client, generation: answers.generation, wanted })) return size;
      bell.ring();
      return 0;
    },
    takeNotice: (given) => {
      const notice = given as FrontNotice;
      if (notice.kind === 'cookies') answers.rollCookies(notice.cookieSecrets);
      else if (notice.kind === 'description') {
        answers.describe(notice.description);
        wash = washQuery(notice.description.zone.apex);
      } else {
        answers.refuseInto(wash, washRoom, nobody);
        washThread();
      }
    },
  };
}
