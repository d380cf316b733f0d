/**
 * The directory as an application sees it: the members of one founding charter, and what can be
 * asked of them. Nothing is stored and nothing is remembered between calls; holdings and pending
 * entries are the caller's to keep.
 */
import {
  charterSet,
  type Charter,
  type Clock,
  type Cryptography,
  type Identifier,
  type PendingRequest,
  type Random,
  type Signer,
} from '@callbook/protocol';
import { nobleCryptography } from '@callbook/protocol/crypto/noble';
import { publish, type ChangeOptions, type PayloadChanges } from './changes.ts';
import { CharterWalk } from './charter-walk.ts';
import { claim, type ClaimOptions } from './claim.ts';
import { plainAsking, type DirectoryContext, type Pause } from './directory-context.ts';
import type { DnsTransport } from './dnssec/dns-transport.ts';
import type { TrustAnchor } from './dnssec/trust-anchor.ts';
import type { EmailOptions } from './email.ts';
import type { MemberEntryState } from './entry-state.ts';
import { clientError, isClientError } from './errors.ts';
import type { Holding } from './holding.ts';
import { loadPart } from './load-part.ts';
import type { VerifiedRequest } from './http/verify-request.ts';
import type { Privacy, Trust } from './lookup-reason.ts';
import { lookup, type Lookup, type LookupOptions } from './lookup.ts';
import type { LookupManyOptions, ManyLookup } from './lookup-many.ts';
import type { Fetch } from './member-call.ts';
import { MemberHealth } from './member-health.ts';
import type { MemberState } from './member-state.ts';
import { orderMembers, type Member } from './member.ts';
import type * as ownershipActions from './ownership-actions.ts';
import type { OwnershipTerms, RotateOptions } from './ownership-changes.ts';
import type { ObliviousContext } from './oblivious/oblivious-context.ts';
import { pendingAgainst } from './pending-against.ts';
import type { PendingEntry } from './pending-entry.ts';
import type * as peerActions from './peer-actions.ts';
import type { VerifyPeerOptions } from './peer/peer-keys.ts';
import type { JudgedPeer, PeerOffer } from './peer/verify-peer.ts';
import { prove, type Proof } from './prove.ts';
import type { ReplaceOptions, ReplaceStep } from './replace.ts';
import type { Replacement } from './replacement-record.ts';
import type { ReplacementStanding } from './replacement-standing.ts';
import { survey, type Survey } from './survey.ts';
import type { ResumeOptions } from './resume.ts';
import type { KeySource, SignerSource } from './signers/authority-signer.ts';
import type { BoxAgreement } from './signers/box-agreement.ts';
import type { TokenPurse } from './tokens/authorized-fetch.ts';
import type * as tokenLookups from './tokens/by-token.ts';
import type { VetoOptions } from './veto.ts';
import { watch, type WatchedHolding, type WatchEvent, type WatchOptions } from './watch.ts';
import { Zones, type ZoneAnswer } from './zone-answer.ts';

/** The charter to trust, and ports for all that touches the world. */
export interface DirectoryOptions {
  /** The founding charter (version 1), a signed note; it is the root of all trust. */
  readonly charterNote: string;
  readonly crypto?: Cryptography;
  /** Signs for holdings whose authority key derives from no seed: it is asked at every change. */
  readonly signers?: SignerSource;
  readonly fetch?: Fetch;
  readonly random?: Random;
  readonly clock?: Clock;
  readonly pause?: Pause;
  /**
   * How look-ups and proofs are asked for where they do not say themselves. Default: `oblivious` where the
   * charter has three members or more. It is never given up: what cannot be asked so is an error.
   */
  readonly privacy?: Privacy;
  /**
   * Tokens to spend, such as a `TokenWallet`: what is not published for everybody is then asked for
   * once more, with them.
   */
  readonly wallet?: TokenPurse;
  /** What look-ups need where they do not say themselves. Default: `agreed`. */
  readonly trust?: Trust;
  /** A resolver of any kind, for `suffixes` and `lookupZone`: its answers are validated here. */
  readonly dns?: DnsTransport;
  /** Suffixes of other ENUM providers, such as `e164.arpa`, asked in order where the members have nothing. */
  readonly suffixes?: readonly string[];
  /** Where trust in zones begins that are no member's; the root's keys unless given. */
  readonly anchor?: TrustAnchor;
  /** Names of the members to ask first; the others are asked after them. */
  readonly members?: readonly string[];
  /**
   * Hash string by which Android's SMS Retriever knows this app, 11 characters: codes by SMS then have it
   * in a line of their own, and the app reads them without a permission.
   */
  readonly smsAppHash?: string;
}

/** Who asks: the holder signs with the authority key, once in half an hour. */
export interface ReadBy {
  readonly holding?: Holding;
}

/** What can be asked of the members of one founding charter. */
export interface Directory {
  /** The newest charter that is known: the pinned one until something has been asked. */
  readonly charter: Charter;
  /** The active members, in the order in which they are asked. */
  readonly members: readonly Member[];
  readonly quorum: number;
  /** Walks the charter forward; whatever is asked does so first. Throws `member_unknown`. */
  walk(): Promise<void>;
  /** Claims an identifier that nobody holds. */
  claim(options: ClaimOptions): Promise<Holding>;
  /** Publishes other routes, keys or visibility; one member suffices. */
  publish(holding: Holding, changes: PayloadChanges, options?: ChangeOptions): Promise<Holding>;
  /** Puts the keys of a new seed (32 bytes) in force, or the authority key of another signer alone. */
  rotate(holding: Holding, newSeed: Uint8Array | null, options?: RotateOptions): Promise<Holding>;
  /** Changes recovery key, lock or e-mail commitment; the keys stay. */
  changeTerms(holding: Holding, terms: OwnershipTerms, options?: ChangeOptions): Promise<Holding>;
  /** Returns the commitment to an e-mail address, for `changeTerms`, after a code to the address. */
  commitEmail(holding: Holding, options: EmailOptions): Promise<Uint8Array>;
  /** Takes an identifier over whose key is lost, a step at a call: request, hold, commit. */
  replace(options: ReplaceOptions): Promise<ReplaceStep>;
  /** Where a replacement stands; no code is sent for that. */
  replacementStanding(replacement: Replacement): Promise<ReplacementStanding>;
  /** What any member lists of requests to replace this holder. */
  pendingAgainst(holding: Holding): Promise<PendingRequest[]>;
  /** Defeats a request to replace this holder. */
  veto(holding: Holding, requestId: Uint8Array, options?: VetoOptions): Promise<void>;
  /** Ends the holding. */
  release(holding: Holding, options?: ChangeOptions): Promise<Uint8Array>;
  /** Gets a holding back from its keys and what the members prove. */
  restore(of: KeySource & { readonly identifier: Identifier }): Promise<Holding>;
  /** Continues an entry that was saved before it was complete. */
  resume(pending: PendingEntry, options?: ResumeOptions): Promise<Holding>;
  /** Looks an identifier up, and says why the answer is believed. */
  lookup(identifier: Identifier, options?: LookupOptions): Promise<Lookup>;
  /** Looks up to 50 000 up, shuffled and spread over the members; in the order given. */
  lookupMany(
    identifiers: readonly Identifier[],
    options?: LookupManyOptions,
  ): Promise<ManyLookup[]>;
  /** What a zone alone says of an identifier, asked of the resolver `dns` and validated here. */
  lookupZone(identifier: Identifier, zone: string): Promise<ZoneAnswer>;
  /**
   * What every member says of an identifier, whether they agree or not; to its holder also what it publishes
   * for whoever has a token.
   */
  survey(identifier: Identifier, by?: ReadBy): Promise<Survey>;
  /**
   * Proves what the directory says of an identifier, from the charter alone. Throws `token_missing` where
   * nothing is published for everybody, unless there is a wallet or the holder asks.
   */
  prove(identifier: Identifier, options?: ReadBy & { readonly privacy?: Privacy }): Promise<Proof>;
  /** Seals something that only the holder of an identifier can read. Throws `box_key_missing`. */
  seal(peer: Identifier, plaintext: Uint8Array): Promise<Uint8Array>;
  /** Opens what was sealed to a holding, by its seed or by what has its `box` key. */
  open(holding: Holding, sealed: Uint8Array, box?: BoxAgreement): Promise<Uint8Array>;
  /** Signs a request with the `identity` key of a holding's seed, or another Ed25519 key it publishes. */
  signAs(request: Request, holding: Holding, signer?: Signer): Promise<Request>;
  /** Signs a bearer token (JWT) for `audience`, such as a SIP provider's domain; good once, for 300 seconds. */
  signBearer(audience: string, holding: Holding, signer?: Signer): Promise<string>;
  /** Tells for whom a request was signed, by a key that the directory publishes. */
  verifyAs(request: Request): Promise<VerifiedRequest>;
  /** Judges a call or a message of a peer by the keys that it publishes. */
  verifyPeer(peer: Identifier, offer: PeerOffer, options?: VerifyPeerOptions): Promise<JudgedPeer>;
  /** Tells what is said of a holding that its holder has not done; see `WatchEvent`. */
  watch(holding: WatchedHolding, options?: WatchOptions): AsyncGenerator<WatchEvent, void, void>;
  /** Returns what every member says has become of an entry (id of 32 bytes). */
  entryState(entryId: Uint8Array): Promise<MemberEntryState[]>;
  /** Returns whether each member can be reached, and which charter it follows. */
  memberStates(): Promise<MemberState[]>;
}

/**
 * Opens the directory of a charter. Throws `charter_invalid`; no I/O. Whatever is asked then throws
 * `member_unknown` when a member to ask first is not in the newest charter either.
 */
export function createDirectory(options: DirectoryOptions): Directory {
  const context = openContext(options);
  /** What members ask for first is the newest charter: who they are, and how many it takes. */
  const walked = async (): Promise<DirectoryContext> => {
    await context.walk.begin();
    orderMembers(context.members, options.members ?? []);
    return context;
  };
  const reading = readingBy(contextsToAskIn(options, walked), options.wallet);
  return {
    get charter() {
      return context.charter;
    },
    get members() {
      return context.members;
    },
    get quorum() {
      return context.quorum;
    },
    walk: async () => {
      await walked();
    },
    claim: async (claimOptions) => await claim(await walked(), claimOptions),
    publish: async (holding, changes, change) =>
      await publish(await walked(), { holding, changes }, change),
    rotate: async (holding, newSeed, change) =>
      await (await ownership()).rotate(await walked(), { holding, newSeed }, change),
    changeTerms: async (holding, terms, change) =>
      await (await ownership()).changeTerms(await walked(), { holding, terms }, change),
    commitEmail: async (holding, options) =>
      await (await ownership()).commitEmail(await walked(), holding, options),
    replace: async (replaceOptions) =>
      await (await ownership()).replace(await walked(), replaceOptions),
    replacementStanding: async (replacement) =>
      await (await ownership()).replacementStanding(await walked(), replacement),
    pendingAgainst: async (holding) => await pendingAgainst(await walked(), holding),
    veto: async (holding, requestId, vetoOptions) =>
      await (await ownership()).veto(await walked(), { holding, requestId }, vetoOptions),
    release: async (holding, change) =>
      await (await ownership()).release(await walked(), holding, change),
    restore: async (of) => await (await ownership()).restoreHolding(await walked(), of),
    resume: async (pending, resumeOptions) =>
      await (await ownership()).resume(await walked(), pending, resumeOptions),
    lookupZone: async (identifier, zone) =>
      await context.zones.askResolver(context, zone, identifier),
    survey: async (identifier, by) => await survey(await readBy(await walked(), by), identifier),
    ...reading,
    ...withPeers(context, reading.lookup),
    watch: async function* (holding, options) {
      yield* watch(await walked(), holding, options);
    },
    entryState: async (entryId) => await (await ownership()).entryState(await walked(), entryId),
    memberStates: async () => await (await ownership()).memberStates(await walked()),
  };
}

/** What is asked about others: first as everybody may, then with tokens where that finds nothing. */
function readingBy(
  asking: (look?: LookUpBy) => Promise<DirectoryContext>,
  wallet: TokenPurse | undefined,
): Pick<Directory, 'lookup' | 'lookupMany' | 'prove'> {
  return {
    lookup: async (identifier, look = {}) => {
      const at = await asking(look);
      const found = await lookup(at, identifier, look);
      if (wallet === undefined || found.state === 'published') return found;
      const { lookupByToken } = await byToken();
      return await lookupByToken(at, wallet, { found, options: look });
    },
    lookupMany: async (identifiers, look = {}) => {
      const { lookupMany } = await loadPart(() => import('./lookup-many.ts'));
      const at = await asking(look);
      const found = await lookupMany(at, identifiers, look);
      if (wallet === undefined) return found;
      const { lookupManyByToken } = await byToken();
      return await lookupManyByToken(at, wallet, { found, options: look });
    },
    prove: async (identifier, look) => {
      const at = await asking(look);
      try {
        return await prove(await readBy(at, look), identifier);
      } catch (error) {
        if (wallet === undefined || !isTokenMissing(error)) throw error;
        return await (await byToken()).proveByToken(at, wallet, identifier);
      }
    },
  };
}

/** What is done with the keys of peers; loaded when it is first called. */
function withPeers(
  { clock, random, crypto }: DirectoryContext,
  lookUp: (peer: Identifier) => Promise<Lookup>,
): Pick<Directory, 'open' | 'seal' | 'signAs' | 'signBearer' | 'verifyAs' | 'verifyPeer'> {
  const ports = { lookup: lookUp, clock, random, crypto };
  const load = async (): Promise<typeof peerActions> =>
    await loadPart(() => import('./peer-actions.ts'));
  return {
    seal: async (peer, plaintext) => await (await load()).seal(ports, peer, plaintext),
    open: async (holding, sealed, box) => await (await load()).open(holding, sealed, box),
    signAs: async (request, holding, signer) =>
      await (await load()).signAs(ports, request, { holding, signer }),
    signBearer: async (audience, holding, signer) =>
      await (await load()).signBearer(ports, audience, { holding, signer }),
    verifyAs: async (request) => await (await load()).verifyAs(ports, request),
    verifyPeer: async (peer, offer, options) =>
      await (await load()).verifyPeer(ports, { peer, offer }, options),
  };
}

/** What is asked for with tokens. */
async function byToken(): Promise<typeof tokenLookups> {
  return await loadPart(() => import('./tokens/by-token.ts'));
}

async function readBy(context: DirectoryContext, by: ReadBy = {}): Promise<DirectoryContext> {
  if (by.holding === undefined) return context;
  const { withHolder } = await loadPart(() => import('./tokens/authorized-fetch.ts'));
  return await withHolder(context, by.holding);
}

function isTokenMissing(error: unknown): boolean {
  return isClientError(error) && error.code === 'token_missing';
}

/** What is needed when a key is lost, or somebody wants the number. */
async function ownership(): Promise<typeof ownershipActions> {
  return await loadPart(() => import('./ownership-actions.ts'));
}

/**
 * Returns the context of one look-up. The charter is walked plainly before, as it says nothing of what is
 * asked next.
 */
function contextsToAskIn(
  options: DirectoryOptions,
  walked: () => Promise<DirectoryContext>,
): (look?: LookUpBy) => Promise<DirectoryContext> {
  let oblivious: ObliviousContext | undefined;
  return async (look = {}) => {
    const context = await walked();
    const privacy = look.privacy ?? options.privacy ?? defaultPrivacy(context.members);
    if (privacy === 'plain') return context;
    const { ObliviousContext: part } = await loadPart(
      () => import('./oblivious/oblivious-context.ts'),
    );
    oblivious ??= new part(context, options.members ?? []);
    return await oblivious.open();
  };
}

interface LookUpBy {
  readonly privacy?: Privacy | undefined;
}

/** Fewer than three cannot split who from what and still have a quorum to ask. */
const obliviousMembersMin = 3;

function defaultPrivacy(members: readonly Member[]): Privacy {
  return members.length >= obliviousMembersMin ? 'oblivious' : 'plain';
}

function openContext(options: DirectoryOptions): DirectoryContext {
  const crypto = options.crypto ?? nobleCryptography;
  const verified = charterSet([options.charterNote], crypto);
  if (verified.verdict !== 'accept') {
    throw clientError('charter_invalid', verified.message);
  }
  const first = options.members ?? [];
  const clock = options.clock ?? systemClock;
  const fetch: Fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const walk = new CharterWalk({ charters: verified.value, first, crypto, fetch });
  return {
    walk,
    get charter() {
      return walk.current.charter;
    },
    get known() {
      return walk.current;
    },
    get members() {
      return walk.members;
    },
    get quorum() {
      return walk.quorum;
    },
    crypto,
    signers: options.signers,
    fetch,
    plainFetch: fetch,
    random: options.random ?? systemRandom,
    clock,
    pause: options.pause ?? systemPause,
    trust: options.trust ?? 'agreed',
    smsAppHash: options.smsAppHash,
    suffixes: options.suffixes ?? [],
    privacy: { state: 'plain' },
    access: { state: 'public' },
    asking: plainAsking,
    relayCount: 0,
    zones: new Zones({ dns: options.dns, anchor: options.anchor, crypto: options.crypto }),
    health: new MemberHealth(clock),
  };
}

const systemRandom: Random = {
  bytes: (size) => globalThis.crypto.getRandomValues(new Uint8Array(size)),
};

const systemClock: Clock = { nowMs: () => Date.now() };

const systemPause: Pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal?.addEventListener('abort', abort, { once: true });
  });
