/**
 * Watches what the members say of a binding for its holder. It looks twice in each period, and once
 * more a moment after anything odd, as changes take a moment to spread: so what the holder has not done
 * is told within one period, and what it has just done is not.
 */
import type { PendingRequest } from '@callbook/protocol';
import type { DirectoryContext } from './directory-context.ts';
import { clientError, isClientError, type ClientErrorCode } from './errors.ts';
import { holdingPayload, type Holding } from './holding.ts';
import { watchPeriodMsDefault, watchPeriodMsMin, watchSettleMs } from './limits.ts';
import { loadPart } from './load-part.ts';
import { pendingAgainst } from './pending-against.ts';
import { survey, type Agreement, type Survey } from './survey.ts';
import type { VetoOptions } from './veto.ts';
import { findingName, findingsOf, type Finding, type OwnStates } from './watched-change.ts';

/** Within which time something is told, and what ends the watch. */
export interface WatchOptions {
  /** What the holder has not done is told within this time. From 1 000 ms; a minute unless given. */
  readonly periodMs?: number;
  /** Ends the watch. */
  readonly signal?: AbortSignal;
}

/**
 * The holding as it is now; whoever changes it elsewhere gives a function. After it may come what a
 * change that is under way will make of it.
 */
export type WatchedHolding = Holding | (() => OwnStates | Promise<OwnStates>);

/** Something that is said of a holding and that its holder has not done. */
export type WatchEvent =
  /** The watch has begun, or the members can be reached again. */
  | { readonly kind: 'watching'; readonly agreement: Agreement }
  /** Somebody wants to take the identifier over. */
  | {
      readonly kind: 'request';
      readonly request: PendingRequest;
      /** Refuses it. */
      readonly veto: (options?: VetoOptions) => Promise<void>;
    }
  /** No member lists that request any more. */
  | { readonly kind: 'request_gone'; readonly requestId: Uint8Array }
  /** Too few members answer to tell anything. */
  | { readonly kind: 'unreachable'; readonly code: ClientErrorCode }
  | Finding;

interface Look {
  readonly holding: Holding;
  readonly agreement: Agreement;
  readonly findings: readonly Finding[];
  readonly requests: readonly PendingRequest[];
}

/** Yields what happens, each thing once for as long as it lasts, until the signal ends it. */
export async function* watch(
  context: DirectoryContext,
  watched: WatchedHolding,
  options: WatchOptions = {},
): AsyncGenerator<WatchEvent, void, void> {
  const { periodMs = watchPeriodMsDefault, signal } = options;
  if (!(periodMs >= watchPeriodMsMin)) {
    throw new RangeError(`period is ${periodMs} ms, at least ${watchPeriodMsMin}`);
  }
  const told = new Told();
  for (;;) {
    try {
      const look = await lookAgainIfOdd(context, watched, { told, periodMs, signal });
      yield* told.news(context, look);
    } catch (error) {
      if (signal?.aborted === true) return;
      // A night without network must not end the watch.
      if (!isClientError(error)) throw error;
      if (told.lose(error.code)) yield { kind: 'unreachable', code: error.code };
    }
    const isOver = await context.pause(periodMs / 2, signal).then(
      () => false,
      () => true,
    );
    if (isOver) return;
  }
}

/** A finding that is new counts when a second look a moment later has it too. */
async function lookAgainIfOdd(
  context: DirectoryContext,
  watched: WatchedHolding,
  of: { readonly told: Told; readonly periodMs: number; readonly signal: AbortSignal | undefined },
): Promise<Look> {
  const first = await lookOnce(context, watched);
  if (first.findings.every((finding) => of.told.has(finding))) return first;
  await context.pause(Math.min(watchSettleMs, of.periodMs / 4), of.signal);
  const second = await lookOnce(context, watched);
  const before = new Set(first.findings.map(findingName));
  const findings = second.findings.filter((finding) => before.has(findingName(finding)));
  return { ...second, findings };
}

async function lookOnce(context: DirectoryContext, watched: WatchedHolding): Promise<Look> {
  const [before] = await statesNow(watched);
  const [{ reading, found }, requests] = await Promise.all([
    surveyOwn(context, before),
    pendingAgainst(context, before),
  ]);
  const { agreement, members } = found;
  if (agreement.answered < context.quorum) {
    const { answered, asked, quorum } = agreement;
    const message = `${answered} of ${asked} members answered, ${quorum} must`;
    throw clientError('directory_unavailable', message, { details: { answered, asked } });
  }
  // The holder may have changed it while the members were asked.
  const own = await statesNow(watched);
  const findings = await findingsOf(reading, own, { members });
  return { holding: own[0], agreement, requests, findings };
}

/** What the members say of the own number, and how they were asked. */
async function surveyOwn(
  context: DirectoryContext,
  holding: Holding,
): Promise<{ readonly reading: DirectoryContext; readonly found: Survey }> {
  const isPublic = holdingPayload(holding).visibility === 'dns';
  if (isPublic) {
    const found = await survey(context, holding.identifier);
    const isShown = found.members.every(({ state }) => state !== 'absent');
    // A key that has to be asked for elsewhere is asked only where it is needed.
    if (isShown || holding.seed === null) return { reading: context, found };
  }
  // For whoever has a token, and for its holder: perhaps now, by somebody else with the same key.
  const { withHolderIfAble } = await loadPart(() => import('./tokens/authorized-fetch.ts'));
  const reading = await withHolderIfAble(context, holding);
  return { reading, found: await survey(reading, holding.identifier) };
}

async function statesNow(watched: WatchedHolding): Promise<OwnStates> {
  return typeof watched === 'function' ? await watched() : [watched];
}

/** What has been told and still lasts. */
class Told {
  #findings = new Set<string>();
  #requests = new Map<string, Uint8Array>();
  #lost: ClientErrorCode | 'not_begun' | undefined = 'not_begun';

  has(finding: Finding): boolean {
    return this.#findings.has(findingName(finding));
  }

  /** True when this has not been told yet. */
  lose(code: ClientErrorCode): boolean {
    const isNew = this.#lost !== code;
    this.#lost = code;
    return isNew;
  }

  *news(context: DirectoryContext, look: Look): Generator<WatchEvent, void, void> {
    const { agreement, findings, holding, requests } = look;
    if (this.#lost !== undefined) yield { kind: 'watching', agreement };
    this.#lost = undefined;
    for (const request of requests) {
      if (this.#requests.has(request.requestId.toHex())) continue;
      const { requestId } = request;
      const refuse = async (options?: VetoOptions): Promise<void> => {
        const { veto } = await loadPart(() => import('./ownership-actions.ts'));
        await veto(context, { holding, requestId }, options);
      };
      yield { kind: 'request', request, veto: refuse };
    }
    const listed = new Map(requests.map(({ requestId }) => [requestId.toHex(), requestId]));
    for (const [name, requestId] of this.#requests) {
      if (!listed.has(name)) yield { kind: 'request_gone', requestId };
    }
    this.#requests = listed;
    for (const finding of findings) if (!this.has(finding)) yield finding;
    this.#findings = new Set(findings.map(findingName));
  }
}
