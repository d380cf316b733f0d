/**
 * A member is killed by `kill -9` at each step of sending a code or a notice, and started again. Its
 * gateway counts: no code and no notice comes twice, and whoever was in the middle of something goes on.
 */
import { generateKeyPairSync } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createDirectory } from '@callbook/client';
import type { CodeRequest, Directory, Fetch, Holding, Replacement } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import type { MemberProcess } from '../../src/member-process.ts';
import { eventually, openLab } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { WatchedGateway } from './watched-gateway.ts';
import type { Mishap, SentMessage } from './watched-gateway.ts';

/** A round of notices is over long before; those that are tried again wait for a minute. */
const quietMs = 300;

const stack = new AsyncDisposableStack();
let lab: Lab;
let gateway: WatchedGateway;
let directory: Directory;
let killedAtFile: string;
let nextNumber = 447_700_900_100;
let starts = 0;

beforeAll(async () => {
  lab = stack.use(await openLab(1));
  const { layout } = lab.testnet.members[0]!;
  const at = (name: string): string => join(layout.folder, name);
  gateway = stack.use(
    new WatchedGateway({ certificate: at('api.pem'), privateKey: at('api.key') }),
  );
  await configure(layout.configFile, await gateway.listen());
  killedAtFile = join(lab.folder, 'killed-at');
  await writeFile(killedAtFile, '');
  directory = createDirectory({
    charterNote: await readFile(lab.testnet.layout.charterFile, 'utf8'),
    crypto,
    fetch: overLoopback,
  });
  await restart();
}, 170_000);

afterAll(async () => await stack.disposeAsync());

async function configure(configFile: string, port: number): Promise<void> {
  const config = parse(await readFile(configFile, 'utf8')) as Record<string, unknown>;
  await writeFile(join(configFile, '../webhook.secret'), 'secret', { mode: 0o600 });
  const webhook = {
    url: `https://localhost:${port}/send`,
    secretFile: 'webhook.secret',
    ca: lab.testnet.layout.caFile,
  };
  const challenges = {
    by: { tel: 'webhook', mailto: 'webhook', sip: 'webhook' },
    channels: { webhook },
    limits: { test: ['447700900'], resendPauseSeconds: 0 },
  };
  await writeFile(configFile, stringify({ ...config, challenges }));
}

/** The member's API without TLS, as a web page on this machine would reach it. */
const overLoopback: Fetch = async (input, init) => {
  const { webPort } = lab.testnet.layout.members[0]!;
  return await fetch(`http://127.0.0.1:${webPort}${new URL(input).pathname}`, init);
};

const member = (): MemberProcess => lab.testnet.members[0]!;

/** Starts the member, which from now on ends at the step that the file names. */
async function restart(): Promise<void> {
  starts += 1;
  await writeFile(killedAtFile, '');
  const before = process.env['NODE_OPTIONS'];
  process.env['NODE_OPTIONS'] = `--import=${join(import.meta.dirname, 'killed-at-step.ts')}`;
  process.env['KILLED_AT_FILE'] = killedAtFile;
  try {
    await lab.testnet.restart('alpha');
  } finally {
    if (before === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = before;
  }
}

/** Lets the gateway have the member killed at the next message. */
function killWhen(mishap: Mishap): void {
  gateway.onMoment = () => void process.kill(member().pid!, 'SIGKILL');
  gateway.next = mishap;
}

/** Called when a code has come and before it is answered. */
let beforeAnswering: () => Promise<void> | void = () => undefined;

async function code({ to }: CodeRequest): Promise<string> {
  await beforeAnswering();
  return gateway.to(to).findLast((message) => message.code !== undefined)!.code!;
}

class Person {
  readonly identifier: Identifier;
  readonly seed: Uint8Array;

  constructor(identifier: Identifier, name: string) {
    this.identifier = identifier;
    this.seed = crypto.sha256(new TextEncoder().encode(`${identifier} ${name}`));
  }

  async register(): Promise<Holding> {
    const { identifier, seed } = this;
    const routes = [{ service: 'sip', uri: 'sip:a@sip.example', preference: 10 }] as const;
    const published = { routes, visibility: 'dns', form: 'app', code } as const;
    return await directory.claim({ identifier, seed, ...published });
  }

  /** Asks to replace the holder; `saved` is what the claimant's device has stored on the way. */
  async request(saved: Replacement[]): Promise<void> {
    const { identifier, seed } = this;
    const save = async (replacement: Replacement): Promise<void> => void saved.push(replacement);
    const asked = { requestClass: 'possession', form: 'app', code, save } as const;
    await directory.replace({ identifier, seed, ...asked });
  }
}

function newNumber(): Identifier {
  return `tel:+${nextNumber++}`;
}

const notices = (messages: readonly SentMessage[]): SentMessage[] =>
  messages.filter((message) => message.code === undefined);

/** What the member keeps of what a day has cost, in the steps of a hundredth of its 20 000 codes. */
const stepCodes = 200;

/** No message has the id or the code of another, and every code is counted, whatever was killed. */
async function expectNoneTwice(): Promise<void> {
  const codes = gateway.messages.flatMap((message) => message.code ?? []);
  expect(new Set(codes).size).toBe(codes.length);
  const ids = gateway.messages.map(({ sendId }) => sendId);
  expect(new Set(ids).size).toBe(ids.length);
  const file = join(member().layout.folder, 'data/spent-on-codes');
  const hours = JSON.parse(await readFile(file, 'utf8')) as { readonly codes: number }[];
  const counted = hours.reduce((sum, hour) => sum + hour.codes, 0);
  expect(counted).toBeGreaterThanOrEqual(codes.length);
  // A kill loses what was written ahead, and a code that was taken out and never handed over.
  expect(counted).toBeLessThanOrEqual(codes.length + starts * (stepCodes + 1));
}

describe('a code, when its member is killed', () => {
  it.each([
    ['before anything was handed over', 'connected', 0],
    ['when the gateway has it and has not answered', 'handed over', 1],
    ['when the gateway has answered', 'answered', 1],
  ] as const)(
    '%s, comes at most once, and the claimant asks again',
    async (...row) => {
      const [, mishap, arrived] = row;
      const another = newNumber();
      const open = await ask(another);
      const person = new Person(newNumber(), 'holder');
      killWhen(mishap);
      const claimed = person.register().catch((error: unknown) => error);
      expect(await member().ended).not.toBe(0);
      expect(await claimed).toMatchObject({ code: 'directory_unavailable' });
      await restart();
      await sleep(quietMs);
      expect(gateway.to(person.identifier)).toHaveLength(arrived);
      await person.register();
      expect(gateway.to(person.identifier)).toHaveLength(arrived + 1);
      // Nor is the code of a challenge that was open then sent again, or worth anything.
      const answer = { proof: Buffer.alloc(32).toString('base64url') };
      const answered = await post(`/v1/challenges/${open.id}/answer`, answer);
      expect(answered).toMatchObject({ code: 'challenge_unknown' });
      expect(gateway.to(another)).toHaveLength(1);
      await expectNoneTwice();
    },
    120_000,
  );
});

async function post(path: string, body: unknown): Promise<{ readonly id: string }> {
  const { webPort } = lab.testnet.layout.members[0]!;
  const response = await fetch(`http://127.0.0.1:${webPort}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return (await response.json()) as { readonly id: string };
}

async function ask(identifier: Identifier): Promise<{ readonly id: string }> {
  const session = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' }).x;
  const authority = Buffer.from(crypto.ed25519Signer(new Uint8Array(32).fill(5)).publicKey);
  return await post('/v1/challenges', {
    identifier,
    authority: authority.toString('base64url'),
    session,
    form: 'digits',
  });
}

interface NoticeCase {
  readonly when: string;
  /** Has the member killed in the round of notices that the request begins. */
  readonly arm: () => Promise<void> | void;
  /** Notices that the gateway has seen when the member is dead, and a while after its start. */
  readonly before: number;
  readonly after: number;
}

const atStep = (step: string) => async () => await writeFile(killedAtFile, step);
const refusedAndAtStep = (step: string) => async () => {
  gateway.next = 'refused';
  await writeFile(killedAtFile, step);
};

const noticeCases: readonly NoticeCase[] = [
  { when: 'before it is noted', arm: atStep('before writing'), before: 0, after: 1 },
  { when: 'while it is noted', arm: atStep('before syncing'), before: 0, after: 0 },
  { when: 'when it is noted', arm: atStep('before handing over'), before: 0, after: 0 },
  { when: 'when nothing is handed over', arm: () => killWhen('connected'), before: 0, after: 0 },
  { when: 'when it is handed over', arm: () => killWhen('handed over'), before: 1, after: 1 },
  { when: 'when it is answered', arm: () => killWhen('answered'), before: 1, after: 1 },
  {
    when: 'when it is refused and not struck out',
    arm: refusedAndAtStep('before striking out'),
    before: 1,
    after: 1,
  },
  {
    when: 'when it is refused and struck out',
    arm: refusedAndAtStep('struck out'),
    before: 1,
    after: 2,
  },
];

describe('a notice to the holder, when the member is killed', () => {
  it.each(noticeCases)(
    '$when, comes $after times in all',
    async ({ arm, before, after }) => {
      const number = newNumber();
      await new Person(number, 'holder').register();
      const claimant = new Person(number, 'claimant');
      const saved: Replacement[] = [];
      beforeAnswering = arm;
      const requested = claimant.request(saved).catch((error: unknown) => error);
      expect(await member().ended).not.toBe(0);
      beforeAnswering = () => undefined;
      await requested;
      expect(notices(gateway.to(number))).toHaveLength(before);
      await restart();
      await eventually(
        async () => notices(gateway.to(number)).length,
        (count) => count === after,
      );
      await sleep(quietMs);
      expect(notices(gateway.to(number))).toHaveLength(after);
      await expectNoneTwice();
      // The leaf was durable before anybody was told: the claimant goes on without another code.
      const messages = gateway.to(number).length;
      const replacement = saved.at(-1)!;
      const resumed = await directory.replace({ ...replacement, replacement, form: 'app', code });
      expect(resumed).toMatchObject({ state: 'holding' });
      expect(gateway.to(number)).toHaveLength(messages);
    },
    120_000,
  );
});
