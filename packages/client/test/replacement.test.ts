/** A lost key replaced at honest members: request, hold, commit; and what stops it. */
import { encodeRecoveryCode, parseEntry } from '@callbook/protocol';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  createDirectory,
  encodePendingJson,
  encodeReplacementJson,
  parsePendingJson,
  parseReplacementJson,
  type ClaimOptions,
  type CodeSource,
  type Directory,
  type Holding,
  type PendingEntry,
  type Replacement,
  type ReplaceOptions,
} from '../src/index.ts';
import {
  startFederation,
  trustTestAuthority,
  type TestFederation,
  type TestFederationOptions,
} from './test-federation.ts';

const identifier = 'tel:+34912345678';
const [holderSeed, claimantSeed] = [7, 8].map((byte) => new Uint8Array(32).fill(byte)) as [
  Uint8Array,
  Uint8Array,
];

let federation: TestFederation;
beforeAll(trustTestAuthority);
afterEach(async () => {
  await federation[Symbol.asyncDispose]();
});

/** The newest code that the member has sent. */
const code: CodeSource = ({ member, to }) => {
  const sent = federation.outbox.findLast((other) => other.member === member && other.to === to);
  return Promise.resolve(sent!.code);
};

const publication = {
  routes: [{ service: 'sip', uri: 'sip:new@sip.example', preference: 10 }],
  visibility: 'dns',
  form: 'app',
  code,
} as const;
const claimOptions: ClaimOptions = { ...publication, identifier, seed: holderSeed };
const request: ReplaceOptions = {
  ...publication,
  identifier,
  seed: claimantSeed,
  requestClass: 'possession',
};

/** The first step. */
async function requested(
  directory: Directory,
  options: ReplaceOptions = request,
): Promise<Replacement> {
  const step = await directory.replace(options);
  if (step.state !== 'holding') throw new Error(step.state);
  return step.replacement;
}

/** The last one. */
async function committed(
  directory: Directory,
  replacement: Replacement,
  options: Partial<ReplaceOptions> = {},
): Promise<Holding> {
  const step = await directory.replace({ ...request, ...options, replacement });
  if (step.state !== 'taken') throw new Error(step.state);
  return step.holding;
}

async function openHeld(
  options: TestFederationOptions = {},
): Promise<{ directory: Directory; holder: Holding }> {
  federation = await startFederation({ holdMs: 0, ...options });
  const directory = createDirectory({ charterNote: federation.charterNote });
  const holder = await directory.claim(claimOptions);
  federation.outbox.length = 0;
  return { directory, holder };
}

describe('a replacement', () => {
  it('is requested with codes of two members, and committed with fresh ones of f + 1', async () => {
    const { directory } = await openHeld();
    const replacement = await requested(directory);
    expect(federation.outbox.map(({ member }) => member).toSorted()).toEqual(['alpha', 'beta']);
    const standing = await directory.replacementStanding(replacement);
    expect(standing).toMatchObject({ state: 'ready', commitFromMs: replacement.commitFromMs });
    const holding = await committed(directory, replacement);
    expect(holding).toMatchObject({ epoch: 1, seq: 0, seed: claimantSeed });
    expect(federation.outbox).toHaveLength(3);
    const found = await directory.survey(identifier);
    expect(found).toMatchObject({
      binding: { epoch: 1, routes: [{ uri: 'sip:new@sip.example' }], pending: [] },
    });
  });

  /** Has beta answer as if it had not heard of the holder yet, `count` times. */
  function lag(count: number): void {
    let answered = 0;
    federation.interfere(async ({ member, path, answer }) => {
      if (member !== 'beta' || !path.endsWith('/answer') || ++answered > count) return undefined;
      const { status, json } = await answer();
      const next = { kind: 'register', epoch: 0, prev: null };
      return { status, json: { ...(json as object), next } };
    });
  }

  it('waits for a member that has not heard of the holder yet, and sends no further code', async () => {
    const { directory } = await openHeld();
    lag(2);
    await committed(directory, await requested(directory));
    expect(federation.outbox).toHaveLength(3);
  });

  it('is given up when members go on naming different entries to follow', async () => {
    const { directory } = await openHeld();
    lag(100);
    await expect(requested(directory)).rejects.toMatchObject({ code: 'members_disagree' });
    expect(federation.outbox).toHaveLength(2);
  });

  it('is what look-ups tell of while it is pending', async () => {
    const { directory } = await openHeld({ holdMs: 60_000 });
    const { requestId } = await requested(directory);
    const found = await directory.survey(identifier);
    expect(found).toMatchObject({ binding: { epoch: 0, pending: [{ requestId }] } });
  });

  it('is told to its holder by the holder’s own entry, whatever one member hides', async () => {
    const { directory, holder } = await openHeld({ holdMs: 60_000 });
    const { requestId } = await requested(directory);
    federation.interfere(async ({ member, path, answer }) => {
      if (member !== 'alpha' || !path.startsWith('/v1/entries/')) return undefined;
      const { status, json } = await answer();
      return { status, json: { ...(json as object), pending: [] } };
    });
    expect(await directory.pendingAgainst(holder)).toMatchObject([{ requestId }]);
    // Requests against another holder are none against this one.
    expect(await directory.pendingAgainst({ ...holder, epoch: 1 })).toEqual([]);
  });

  it('survives a crash before the members see the request, and one after', async () => {
    const { directory } = await openHeld();
    const saved: Replacement[] = [];
    const save = (replacement: Replacement): void => {
      saved.push(
        parseReplacementJson(JSON.parse(JSON.stringify(encodeReplacementJson(replacement)))),
      );
      throw new Error('crash');
    };
    await expect(requested(directory, { ...request, save })).rejects.toThrow('crash');
    expect(saved[0]).toMatchObject({ commitFromMs: null });
    await expect(
      requested(directory, { ...request, replacement: saved[0]!, save }),
    ).rejects.toThrow('crash');
    const again = await requested(directory, { ...request, replacement: saved[0]! });
    expect(again.requestId).toEqual(saved[0]!.requestId);
    expect(again.commitFromMs).not.toBeNull();
    await committed(directory, saved[1]!);
  });

  it('passes challenges again when the members have forgotten those of the request', async () => {
    const { directory } = await openHeld();
    let saved: Replacement | undefined;
    const save = (replacement: Replacement): void => {
      saved ??= replacement;
      federation.members.forEach((member) => member.forgetChallenges());
    };
    await expect(requested(directory, { ...request, save })).rejects.toMatchObject({
      code: 'challenge_lost',
    });
    const resumed = await requested(directory, { ...request, replacement: saved! });
    expect(resumed.requestId).toEqual(saved!.requestId);
    expect(federation.outbox).toHaveLength(4);
  });

  it('carries the signature of the recovery key', async () => {
    const { directory } = await openHeld();
    const recoveryCode = encodeRecoveryCode(new Uint8Array(16).fill(5));
    const given = { ...request, requestClass: 'recovery', recoveryCode } as const;
    const { request: signed } = await requested(directory, given);
    const entry = parseEntry(signed.entry);
    expect(entry).toMatchObject({ value: { class: 'recovery' } });
    expect(entry.verdict === 'accept' && entry.value.recoverySig).toHaveLength(96);
  });

  it('replaces a member that does not answer, and sends no code too many', async () => {
    const { directory } = await openHeld();
    await federation.stop('alpha');
    const steps: string[] = [];
    const onProgress = ({ step }: { step: string }): void => void steps.push(step);
    await requested(directory, { ...request, onProgress });
    expect(federation.outbox.map(({ member }) => member).toSorted()).toEqual(['beta', 'gamma']);
    expect(steps).toContain('member_skipped');
    // Both codes are there before the first is asked for.
    expect(steps.indexOf('codes_sent')).toBeLessThan(steps.indexOf('code_awaited'));
  });
});

describe('the commit of a replacement', () => {
  it('is complete by no leaf from before the end of the hold', async () => {
    const { directory } = await openHeld();
    const replacement = await requested(directory);
    let signed: PendingEntry | undefined;
    const savePending = (pending: PendingEntry): void => {
      signed = parsePendingJson(JSON.parse(JSON.stringify(encodePendingJson(pending))));
      throw new Error('crash');
    };
    await expect(committed(directory, replacement, { savePending })).rejects.toThrow('crash');
    expect(signed).toMatchObject({ kind: 'commit', countsFromMs: replacement.commitFromMs });
    // Members that know of no hold log it at once; whoever counts those leaves is mistaken.
    const early = { ...signed!, countsFromMs: Date.now() + 60_000 };
    await expect(directory.resume(early)).rejects.toMatchObject({ code: 'entry_incomplete' });
    expect(await directory.resume(signed!)).toMatchObject({ epoch: 1 });
  });
});

describe('a replacement does not come about', () => {
  it('before the hold is over, and no code is sent for it', async () => {
    const { directory } = await openHeld({ holdMs: 60_000 });
    const replacement = await requested(directory);
    federation.outbox.length = 0;
    expect(await directory.replace({ ...request, replacement })).toEqual({
      state: 'holding',
      replacement,
      commitFromMs: replacement.commitFromMs,
    });
    expect(federation.outbox).toEqual([]);
  });

  it('once the holder has vetoed it', async () => {
    const { directory, holder } = await openHeld();
    const replacement = await requested(directory);
    await directory.veto(holder, replacement.requestId);
    expect(await directory.replacementStanding(replacement)).toEqual({ state: 'vetoed' });
    await expect(committed(directory, replacement)).rejects.toMatchObject({
      code: 'replacement_vetoed',
    });
    const second = await requested(directory, { ...request, attempt: 1 });
    expect(second.requestId).not.toEqual(replacement.requestId);
  });

  it('when the veto comes between the codes and the commit', async () => {
    const { directory } = await openHeld();
    const replacement = await requested(directory);
    const savePending = (): void => federation.members[0]!.vetoAll();
    await expect(committed(directory, replacement, { savePending })).rejects.toMatchObject({
      code: 'replacement_vetoed',
    });
  });

  it('after somebody else’s, or after a release', async () => {
    const { directory } = await openHeld();
    const replacement = await requested(directory);
    const other = await requested(directory, {
      ...request,
      seed: new Uint8Array(32).fill(9),
    });
    const holding = await committed(directory, other);
    await expect(committed(directory, replacement)).rejects.toMatchObject({
      code: 'replacement_superseded',
    });
    await directory.release(holding);
    await expect(committed(directory, replacement)).rejects.toMatchObject({
      code: 'identifier_free',
    });
    await expect(requested(directory)).rejects.toMatchObject({
      code: 'identifier_free',
    });
  });

  it('with a code of somebody else’s session, a wrong one, or too few members', async () => {
    const { directory } = await openHeld();
    const foreign: CodeSource = () => Promise.resolve('A'.repeat(43));
    await expect(requested(directory, { ...request, code: foreign })).rejects.toMatchObject({
      code: 'code_wrong',
    });
    const recovery = { requestClass: 'recovery', recoveryCode: 'ABCD' } as const;
    await expect(requested(directory, { ...request, ...recovery })).rejects.toMatchObject({
      code: 'recovery_code_malformed',
    });
    await Promise.all([federation.stop('alpha'), federation.stop('beta')]);
    await expect(requested(directory)).rejects.toMatchObject({
      code: 'directory_unavailable',
    });
  });

  it('in a class that the binding does not allow', async () => {
    const { directory } = await openHeld();
    const byEmail = { requestClass: 'email', email: 'mailto:anna@mail.example' } as const;
    await expect(requested(directory, { ...request, ...byEmail })).rejects.toMatchObject({
      code: 'class_not_allowed',
    });
  });
});

describe('the terms of a holding', () => {
  it('change without the keys', async () => {
    const { directory, holder } = await openHeld();
    const recovery = new Uint8Array(32).fill(4);
    const locked = await directory.changeTerms(holder, { lock: true });
    const both = await directory.changeTerms(locked, { recovery });
    expect(both).toMatchObject({ lock: true, recovery, seed: holder.seed, epoch: 0 });
    const updated = await directory.publish(both, {});
    expect(updated).toMatchObject({ seq: 1, lock: true, payload: holder.payload });
  });
});
