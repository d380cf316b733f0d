/**
 * What members serve, fetched with every bound that there is: size, time and how much at once. What a
 * member answers is never an exception: it is the bytes, that it has none, or what was wrong.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { readBoundedBody } from '@callbook/client';
import type { Fetch } from '@callbook/client';
import { parseVerifierKey } from '@callbook/protocol';
import type { Charter, MemberState, VerifierKey } from '@callbook/protocol';
import type { FindingCode } from '../errors.ts';
import {
  answerMsMax,
  awayMs,
  failuresMax,
  requestsAtOnce,
  retriesMax,
  retryPauseMs,
} from '../limits.ts';

/** A member as the newest charter names it, whatever its state. */
export interface AuditedMember {
  readonly name: string;
  /** Base URL, without a slash at the end. */
  readonly api: string;
  readonly zone: string;
  readonly origin: string;
  readonly logKey: VerifierKey;
  readonly state: MemberState;
}

/** All members that a charter names. */
export function auditedMembers({ members }: Charter): AuditedMember[] {
  return members.flatMap(({ name, api, zone, logKey, state }) => {
    const key = parseVerifierKey(logKey);
    // A charter with a bad key does not parse.
    if (key.verdict !== 'accept') return [];
    const { value } = key;
    return [{ name, api: api.replace(/\/+$/, ''), zone, origin: value.name, logKey: value, state }];
  });
}

export type FetchedFile =
  | { readonly bytes: Uint8Array }
  | { readonly missing: true }
  | { readonly failure: Extract<FindingCode, `answer_${string}` | 'member_unreachable'> };

/** What a member that is away, or stalls, comes to: of these, a few in a row are enough. */
const awayCodes: ReadonlySet<FindingCode> = new Set(['member_unreachable', 'answer_slow']);

export interface MemberFilesOptions {
  readonly fetch?: Fetch;
  readonly answerMsMax?: number;
}

export class MemberFiles {
  readonly #fetch: Fetch;
  readonly #answerMsMax: number;
  readonly #waiting: (() => void)[] = [];
  #free = requestsAtOnce;
  /** Failures in a row, by member, and until when it is not asked again. */
  readonly #away = new Map<string, { count: number; untilMs: number }>();

  constructor(options: MemberFilesOptions = {}) {
    this.#fetch = options.fetch ?? ((url, init) => fetch(url, init));
    this.#answerMsMax = options.answerMsMax ?? answerMsMax;
  }

  /** Fetches a file of at most `bytesMax`; tries again where a member was only away. */
  async get(
    { api }: Pick<AuditedMember, 'api'>,
    path: string,
    bytesMax: number,
  ): Promise<FetchedFile> {
    const away = this.#away.get(api);
    if (away !== undefined && performance.now() < away.untilMs) {
      return { failure: 'member_unreachable' };
    }
    for (let attempt = 0; ; attempt++) {
      const file = await this.#inTurn(() => this.#once(api + path, bytesMax));
      const isAway = 'failure' in file && awayCodes.has(file.failure);
      if (!isAway) this.#away.delete(api);
      else if (this.#countAway(api) || attempt === retriesMax) return file;
      if (!isAway) return file;
      await sleep(retryPauseMs * 2 ** attempt);
    }
  }

  /** True when a member has failed so often that it is left alone for a while. */
  #countAway(api: string): boolean {
    const count = (this.#away.get(api)?.count ?? 0) + 1;
    const isAway = count >= failuresMax;
    this.#away.set(api, { count, untilMs: isAway ? performance.now() + awayMs : 0 });
    return isAway;
  }

  /** The same as text. */
  async text(
    member: Pick<AuditedMember, 'api'>,
    path: string,
    bytesMax: number,
  ): Promise<string | Exclude<FetchedFile, { bytes: Uint8Array }>> {
    const file = await this.get(member, path, bytesMax);
    return 'bytes' in file ? new TextDecoder().decode(file.bytes) : file;
  }

  async #inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#free -= 1;
    try {
      return await run();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  async #once(url: string, bytesMax: number): Promise<FetchedFile> {
    const signal = AbortSignal.timeout(this.#answerMsMax);
    try {
      // A redirect is a captive portal or a member that moves without a charter.
      const response = await this.#fetch(url, { redirect: 'error', cache: 'no-store', signal });
      const bytes = await readBoundedBody(response, bytesMax);
      if (bytes === undefined) return { failure: 'answer_too_large' };
      if (response.status === 404) return { missing: true };
      if (response.status >= 500 || response.status === 429)
        return { failure: 'member_unreachable' };
      return response.status === 200 ? { bytes } : { failure: 'answer_invalid' };
    } catch {
      return { failure: signal.aborted ? 'answer_slow' : 'member_unreachable' };
    }
  }
}
