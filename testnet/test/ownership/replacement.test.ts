/**
 * Who holds a number, on real members with holds of seconds: the charter's, and nothing else, is
 * shortened. Claimants and holders use the client; what members say is asked of each of them, what DNS
 * answers of each of their servers.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDirectory, recoveryCommitment } from '@callbook/client';
import type { CodeRequest, Directory, Fetch, Holding, Replacement } from '@callbook/client';
import { encodeRecoveryCode } from '@callbook/protocol';
import type { Identifier } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { enumName, eventually, openLab, wholeLines } from '../lab.ts';
import type { Lab } from '../lab.ts';

const holds = {
  recoveryMs: 1000,
  emailMs: 2000,
  // Each leaves time for what must happen before it is over.
  possessionMs: 12_000,
  lockedMs: 24_000,
  emailChangeMs: 500,
  theftMs: 500,
};
const email: Identifier = 'mailto:anna@mail.example';

let lab: Lab;
let directory: Directory;

beforeAll(async () => {
  lab = await openLab(3, 0, holds);
  directory = createDirectory({
    charterNote: await readFile(lab.testnet.layout.charterFile, 'utf8'),
    crypto,
    fetch: overLoopback,
  });
}, 170_000);

afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
});

/** Each member's API without TLS, as a web page on this machine would reach it. */
const overLoopback: Fetch = async (input, init) => {
  const url = new URL(input);
  const member = lab.testnet.layout.members.find(({ apiPort }) => String(apiPort) === url.port)!;
  return await fetch(`http://127.0.0.1:${member.webPort}${url.pathname}`, init);
};

async function sentTo(
  to: Identifier,
): Promise<{ readonly text: string; readonly code?: string }[]> {
  return wholeLines(await readFile(lab.description.outbox, 'utf8'))
    .map((line) => JSON.parse(line) as { to: string; text: string; code?: string })
    .filter((message) => message.to === to);
}

/** All members here have one domain, so their codes are tried in turn, the newest first. */
async function codeOf({ to, attempt }: CodeRequest): Promise<string> {
  const codes = (await sentTo(to)).flatMap(({ code }) => (code ? [code] : []));
  return codes.at(-attempt) ?? '';
}

const byCode = { form: 'app', code: codeOf } as const;

class Person {
  readonly identifier: Identifier;
  readonly seed: Uint8Array;
  readonly sip: string;

  constructor(identifier: Identifier, name: string) {
    this.identifier = identifier;
    this.seed = crypto.sha256(new TextEncoder().encode(`${identifier} ${name}`));
    this.sip = `sip:${name}@sip.example`;
  }

  get #publication() {
    const routes = [{ service: 'sip', uri: this.sip, preference: 10 }] as const;
    return { routes, visibility: 'dns' } as const;
  }

  async register(): Promise<Holding> {
    const { identifier, seed } = this;
    return await directory.claim({ identifier, seed, ...this.#publication, ...byCode });
  }

  async request(options: {
    readonly requestClass: 'possession' | 'recovery' | 'email';
    readonly recoveryCode?: string;
    readonly email?: Identifier;
  }): Promise<Replacement> {
    const { identifier, seed } = this;
    const step = await directory.replace({ identifier, seed, ...options, ...byCode });
    if (step.state !== 'holding') throw new Error(step.state);
    return step.replacement;
  }

  async commit(replacement: Replacement): Promise<Holding> {
    const published = { ...this.#publication, ...byCode };
    const step = await directory.replace({ ...replacement, ...published, replacement });
    if (step.state !== 'taken') throw new Error(step.state);
    return step.holding;
  }
}

/** What each of the DNS servers answers with. */
async function routesInDns(identifier: Identifier): Promise<string[]> {
  const number = identifier.slice('tel:'.length);
  const answers = lab.description.members.map(async ({ dns, zone }) => {
    const { stdout } = await lab.run(
      `dig +norec +short @${dns.address} -p ${dns.port} NAPTR ${enumName(number, zone)}`,
    );
    return /sip:\w+@/.exec(stdout)?.[0] ?? '';
  });
  return [...new Set(await Promise.all(answers))];
}

async function untilInDns(identifier: Identifier, route: string): Promise<void> {
  await eventually(
    async () => await routesInDns(identifier),
    (routes) => routes.length === 1 && route.startsWith(routes[0]!),
  );
}

/** Waits until every member has the holder's newest ownership entry, which a request follows. */
async function untilHeld({ identifier, ownershipId }: Holding): Promise<void> {
  await eventually(
    async () => (await directory.survey(identifier)).members,
    (members) =>
      members.every(
        (answer) =>
          answer.state === 'published' &&
          answer.binding.ownershipId.toHex() === ownershipId.toHex(),
      ),
  );
}

/** Waits until every member says how many requests are pending, and returns what they say. */
async function untilPending(identifier: Identifier, count: number) {
  const answers = await eventually(
    async () => (await directory.survey(identifier)).members,
    (members) =>
      members.every(
        (answer) => answer.state === 'published' && answer.binding.pending.length === count,
      ),
  );
  return answers.flatMap((answer) => (answer.state === 'published' ? answer.binding.pending : []));
}

async function untilOver({ commitFromMs }: Replacement): Promise<void> {
  await sleep(Math.max(0, commitFromMs! - Date.now()) + 100);
}

const refusal = async (of: Promise<unknown>): Promise<string> =>
  await of.then(
    () => 'accepted',
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );

describe.concurrent('a number whose holder has lost the key', () => {
  it('goes to the claimant after the hold; DNS says the old until the commit and the new after it', async () => {
    const number: Identifier = 'tel:+4915123456701';
    const [holder, claimant] = [new Person(number, 'holder'), new Person(number, 'claimant')];
    await holder.register();
    await untilInDns(number, holder.sip);
    const replacement = await claimant.request({ requestClass: 'possession' });
    const pending = await untilPending(number, 1);
    expect(new Set(pending.map(({ commitFromMs }) => commitFromMs)).size).toBe(1);
    expect(pending[0]).toMatchObject({ requestClass: 'possession' });
    expect(pending[0]!.commitFromMs - pending[0]!.timeMs).toBe(holds.possessionMs);
    expect(await refusal(claimant.commit(replacement))).toBe('holding');
    const notices = await eventually(
      async () => (await sentTo(number)).filter(({ code }) => !code),
      (found) => found.length === 2,
    );
    for (const { text } of notices) expect(text).not.toMatch(/[0-9]/);
    await untilOver(replacement);
    expect(await routesInDns(number)).toEqual(['sip:holder@']);
    const holding = await claimant.commit(replacement);
    expect(holding.epoch).toBe(1);
    await untilInDns(number, claimant.sip);
    await untilPending(number, 0);
  }, 120_000);

  it('stays with a holder who vetoes', async () => {
    const number: Identifier = 'tel:+4915123456702';
    const [holder, thief] = [new Person(number, 'holder'), new Person(number, 'thief')];
    const holding = await holder.register();
    await untilHeld(holding);
    const replacement = await thief.request({ requestClass: 'possession' });
    const [pending] = await untilPending(number, 1);
    expect(pending!.requestId).toEqual(replacement.requestId);
    await directory.veto(holding, replacement.requestId);
    await untilPending(number, 0);
    await untilOver(replacement);
    expect(await refusal(thief.commit(replacement))).toBe('replacement_vetoed');
    await untilInDns(number, holder.sip);
  }, 120_000);

  it('waits for the longer hold when it is locked', async () => {
    const number: Identifier = 'tel:+4915123456703';
    const [holder, claimant] = [new Person(number, 'holder'), new Person(number, 'claimant')];
    await untilHeld(await directory.changeTerms(await holder.register(), { lock: true }));
    const requestedMs = Date.now();
    const replacement = await claimant.request({ requestClass: 'possession' });
    const [pending] = await untilPending(number, 1);
    expect(pending!.commitFromMs - pending!.timeMs).toBe(holds.lockedMs);
    await sleep(Math.max(0, requestedMs + holds.possessionMs + 1000 - Date.now()));
    expect(await refusal(claimant.commit(replacement))).toBe('holding');
    await untilOver({ ...replacement, commitFromMs: pending!.commitFromMs });
    await claimant.commit(replacement);
    await untilInDns(number, claimant.sip);
  }, 120_000);

  it('comes back soon to who has the recovery code', async () => {
    const number: Identifier = 'tel:+4915123456704';
    const [holder, claimant] = [new Person(number, 'holder'), new Person(number, 'again')];
    const recoveryCode = encodeRecoveryCode(crypto.sha256(holder.seed).slice(0, 16));
    const recovery = recoveryCommitment(recoveryCode, number);
    await untilHeld(await directory.changeTerms(await holder.register(), { recovery }));
    await sleep(holds.theftMs + 100);
    const replacement = await claimant.request({ requestClass: 'recovery', recoveryCode });
    const [pending] = await untilPending(number, 1);
    expect(pending!.commitFromMs - pending!.timeMs).toBe(holds.recoveryMs);
    await untilOver(replacement);
    await claimant.commit(replacement);
    await untilInDns(number, claimant.sip);
  }, 120_000);

  it('comes back sooner to who reads the confirmed e-mail as well', async () => {
    const number: Identifier = 'tel:+4915123456705';
    const [holder, claimant] = [new Person(number, 'holder'), new Person(number, 'again')];
    const holding = await holder.register();
    const commitment = await directory.commitEmail(holding, { email, ...byCode });
    await untilHeld(await directory.changeTerms(holding, { email: commitment }));
    await sleep(holds.emailChangeMs + 100);
    const replacement = await claimant.request({ requestClass: 'email', email });
    const [pending] = await untilPending(number, 1);
    expect(pending!.commitFromMs - pending!.timeMs).toBe(holds.emailMs);
    await untilOver(replacement);
    await claimant.commit(replacement);
    await untilInDns(number, claimant.sip);
  }, 120_000);
});
