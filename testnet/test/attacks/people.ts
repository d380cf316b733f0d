/**
 * The people of the attacks: holders and thieves, each with the ordinary client over a testnet of five.
 * A thief's client can be made reckless: it is told whatever makes it sign, so that what refuses is a
 * member and never the thief's own program. Codes are read from the outbox by whoever has the number.
 */
import { readFile } from 'node:fs/promises';
import { createDirectory } from '@callbook/client';
import type {
  CodeRequest,
  Directory,
  Fetch,
  Holding,
  PendingEntry,
  Replacement,
} from '@callbook/client';
import {
  deriveKeys,
  encodeBase64Url,
  encodeReceiptJson,
  entryId,
  parseReceiptJson,
  signEntry,
} from '@callbook/protocol';
import type { Clock, Identifier, PendingRequest, Receipt, ReceiptJson } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { eventually } from '../lab.ts';
import type { Lab } from '../lab.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly json: Record<string, unknown>;
}

/** Stands between one client and the members: `pass` lets a call through and gives its answer. */
export type Between = (path: string, pass: () => Promise<Response>) => Promise<Response>;

interface Terms {
  readonly clock?: Clock;
  /** Names of those within reach; all where not given. */
  readonly members?: readonly string[];
}

export class Town {
  readonly lab: Lab;
  readonly directory: Directory;
  readonly #charterNote: string;
  readonly #terms: Terms;

  private constructor(lab: Lab, charterNote: string, terms: Terms) {
    this.lab = lab;
    this.#charterNote = charterNote;
    this.#terms = terms;
    this.directory = this.directoryWith(async (_path, pass) => await pass());
  }

  static async open(lab: Lab, clock?: Clock): Promise<Town> {
    const note = await readFile(lab.testnet.layout.charterFile, 'utf8');
    return new Town(lab, note, clock === undefined ? {} : { clock });
  }

  /** The same town where only these members can be reached. */
  reaching(members: readonly string[]): Town {
    return new Town(this.lab, this.#charterNote, { ...this.#terms, members });
  }

  /** A client with something between it and the members. */
  directoryWith(between: Between): Directory {
    const fetchOf: Fetch = async (input, init) => {
      const url = new URL(input);
      return await between(url.pathname, async () => await this.#fetch(url, init));
    };
    const { clock, members = [] } = this.#terms;
    const of = { charterNote: this.#charterNote, crypto, fetch: fetchOf, members };
    return createDirectory({ ...of, ...(clock && { clock }) });
  }

  /** Each member's API without TLS, as a web page on this machine would reach it. */
  async #fetch(url: URL, init: RequestInit): Promise<Response> {
    const { members } = this.lab.testnet.layout;
    const member = members.find(({ apiPort }) => String(apiPort) === url.port)!;
    if (this.#terms.members?.includes(member.name) === false) throw new TypeError('out of reach');
    return await fetch(`http://127.0.0.1:${member.webPort}${url.pathname}`, init);
  }

  /** A call of no client: to the member at a position, as it is. */
  async post(position: number, path: string, body: unknown): Promise<Answer> {
    const { webPort } = this.lab.testnet.layout.members[position]!;
    const response = await fetch(`http://127.0.0.1:${webPort}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const json = (await response.json()) as Record<string, unknown>;
    return { status: response.status, headers: response.headers, json };
  }

  /** Hands in an entry that somebody has signed, with another challenge or other receipts. */
  async postEntry(
    position: number,
    { entry, payload, opening }: Pick<PendingEntry, 'entry' | 'payload' | 'opening'>,
    more: { readonly challenge?: string; readonly receipts?: readonly Receipt[] } = {},
  ): Promise<Answer> {
    return await this.post(position, '/v1/entries', {
      entry: encodeBase64Url(entry),
      ...(payload && opening
        ? { payload: encodeBase64Url(payload), opening: encodeBase64Url(opening) }
        : {}),
      ...(more.challenge && { challenge: more.challenge }),
      ...(more.receipts && { receipts: more.receipts.map(encodeReceiptJson) }),
    });
  }

  async codesTo(
    identifier: Identifier,
  ): Promise<{ readonly text: string; readonly code: string }[]> {
    const lines = (await readFile(this.lab.description.outbox, 'utf8')).trim().split('\n');
    return lines
      .map((line) => JSON.parse(line) as { to: string; text: string; code?: string })
      .flatMap(({ to, text, code }) => (to === identifier && code ? [{ text, code }] : []));
  }

  /** What holders are told: messages without a code. */
  async noticesTo(identifier: Identifier): Promise<string[]> {
    const lines = (await readFile(this.lab.description.outbox, 'utf8')).trim().split('\n');
    return lines
      .map((line) => JSON.parse(line) as { to: string; text: string; code?: string })
      .flatMap(({ to, text, code }) => (to === identifier && !code ? [text] : []));
  }

  /** All members here have one domain, so their codes are tried in turn, the newest first. */
  readonly newestCode = async ({ to, attempt }: CodeRequest): Promise<string> =>
    (await this.codesTo(to)).at(-attempt)?.code ?? '';

  /** The SIP address that every member which answers gives; fails while they differ. */
  async routeOf(identifier: Identifier): Promise<string | undefined> {
    const said = await this.#routes(identifier);
    if (said.length !== 1) throw new Error(`members say ${said.join(' and ')}`);
    return said[0];
  }

  /** Waits until every member that answers has seen a quorum log an entry. */
  async untilComplete(id: Uint8Array): Promise<void> {
    await eventually(
      async () => await this.directory.entryState(id),
      (states) => states.every(({ state }) => state === 'complete' || state === 'failed'),
    );
  }

  async untilRoute(identifier: Identifier, route: string | undefined): Promise<void> {
    await eventually(
      async () => await this.#routes(identifier),
      (said) => said.length === 1 && said[0] === route,
    );
  }

  async #routes(identifier: Identifier): Promise<(string | undefined)[]> {
    const { members } = await this.directory.survey(identifier);
    const answers = members.filter(({ state }) => state !== 'failed');
    const routes = answers.map((answer) =>
      answer.state === 'published' ? answer.binding.routes[0]?.uri : undefined,
    );
    return [...new Set(routes)];
  }

  /** What a holder's client sees that looks at every member: waits until all list `count` requests. */
  async untilPending(identifier: Identifier, count: number): Promise<readonly PendingRequest[]> {
    const lists = await eventually(
      async () => {
        const { members } = await this.directory.survey(identifier);
        const published = members.filter((answer) => answer.state === 'published');
        return published.map(({ binding }) => binding.pending);
      },
      (found) => found.length > 0 && found.every((pending) => pending.length === count),
    );
    return lists[0]!;
  }
}

export class Person {
  readonly identifier: Identifier;
  readonly seed: Uint8Array;
  readonly sip: string;
  readonly #town: Town;

  constructor(town: Town, identifier: Identifier, name: string) {
    this.#town = town;
    this.identifier = identifier;
    this.seed = crypto.sha256(new TextEncoder().encode(`${identifier} ${name}`));
    this.sip = `sip:${name}@sip.example`;
  }

  get publication() {
    const routes = [{ service: 'sip', uri: this.sip, preference: 10 }] as const;
    return { routes, visibility: 'dns', form: 'app', code: this.#town.newestCode } as const;
  }

  async register(directory = this.#town.directory): Promise<Holding> {
    const { identifier, seed, publication } = this;
    const holding = await directory.claim({ identifier, seed, ...publication });
    // A member that does not know of it yet would have others register too, not request.
    await this.#town.untilComplete(holding.ownershipId);
    return holding;
  }

  async publish(holding: Holding): Promise<Holding> {
    return await this.#town.directory.publish(holding, { routes: this.publication.routes });
  }

  /** Signs a register behind passed challenges, and does not hand it in. */
  async signRegister(): Promise<PendingEntry> {
    let pending: PendingEntry | undefined;
    const savePending = (signed: PendingEntry): never => {
      pending = signed;
      throw new Error('kept back');
    };
    const { identifier, seed, publication } = this;
    const claimed = this.#town.directory.claim({ identifier, seed, ...publication, savePending });
    await claimed.catch((error: unknown) => {
      if (pending === undefined) throw error;
    });
    return pending!;
  }

  /** Registers with a client that keeps everything to itself, unlike ours. */
  async registerBare(): Promise<Holding> {
    const { challenges, holding } = await this.signRegister();
    const { labelEpoch, label } = holding;
    const keys = deriveKeys(this.seed, { labelEpoch, identifier: this.identifier });
    const authority = crypto.ed25519Signer(keys.authority.secretKey);
    const terms = { commitment: null, recovery: null, lock: false, email: null };
    const place = {
      v: 1,
      kind: 'register',
      labelEpoch,
      label,
      epoch: 0,
      seq: 0,
      prev: null,
    } as const;
    const fields = { ...place, authority: authority.publicKey, ...terms };
    const entry = await signEntry(fields, { authority });
    const signed = { entry, payload: null, opening: null };
    const receipts: Receipt[] = [];
    for (const { member, challengeId: challenge } of challenges) {
      const { members } = this.#town.lab.description;
      const position = members.findIndex(({ name }) => name === member);
      const { json } = await this.#town.postEntry(position, signed, { challenge, receipts });
      const answered = (json as unknown as { receipts: ReceiptJson[] }).receipts;
      for (const receipt of answered.map(parseReceiptJson)) {
        if (receipt.verdict !== 'accept') throw new Error(receipt.message);
        const { origin } = receipt.value;
        if (!receipts.some((known) => known.origin === origin)) receipts.push(receipt.value);
      }
    }
    const ownershipId = entryId(entry, crypto);
    await this.#town.untilComplete(ownershipId);
    return { ...holding, ownershipId };
  }

  /** `attempt` is how many requests with this key went before. */
  async request(
    options: { readonly recoveryCode?: string; readonly attempt?: number } = {},
  ): Promise<Replacement> {
    const requestClass = options.recoveryCode === undefined ? 'possession' : 'recovery';
    const { identifier, seed, publication } = this;
    const asked = { ...publication, identifier, seed, requestClass, ...options } as const;
    const step = await this.#town.directory.replace(asked);
    if (step.state !== 'holding') throw new Error(step.state);
    return step.replacement;
  }

  async commit(replacement: Replacement): Promise<Holding> {
    return await this.#commitIn(this.#town.directory, replacement);
  }

  async #commitIn(directory: Directory, replacement: Replacement): Promise<Holding> {
    const step = await directory.replace({ ...this.publication, ...replacement, replacement });
    if (step.state !== 'taken') throw new Error(step.state);
    return step.holding;
  }

  /** Commits with a client that believes its request stands and its hold is over. */
  async commitRecklessly(replacement: Replacement): Promise<Holding> {
    const requestId = encodeBase64Url(replacement.requestId);
    const listed = { requestId, class: replacement.requestClass, timeMs: 0, commitFromMs: 1 };
    const epoch = replacement.epoch + 1;
    const next = { kind: 'commit', epoch, prev: null, request: requestId, fromMs: 1 };
    const reckless = this.#town.directoryWith(async (path, pass) => {
      const answer = await pass();
      if (path === `/v1/entries/${replacement.requestId.toHex()}` && answer.ok) {
        return Response.json({ ...((await answer.json()) as object), pending: [listed] });
      }
      if (!path.endsWith('/answer') || !answer.ok) return answer;
      return Response.json({ ...((await answer.json()) as object), next });
    });
    return await this.#commitIn(reckless, replacement);
  }
}

/** The code of a failure, and that of the member's problem document behind it. */
export async function refusal(of: Promise<unknown>): Promise<string> {
  return await of.then(
    () => 'accepted',
    (error: { code?: string; details?: { problemCode?: string }; message: string }) =>
      error.details?.problemCode ?? error.code ?? error.message,
  );
}
