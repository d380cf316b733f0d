/**
 * A writer and front ends over a real PostgreSQL, without a federation: a store with published rows and its
 * follower here, front ends as the daemon has them, asked over DNS and HTTPS.
 */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createZoneKeys, keyTimingsDefault, openKeyFolder, openKeyKeeper } from '@callbook/dns';
import { createEventLog, startFront, writeSecretFile } from '@callbook/node';
import type { FrontConfig, RunningFront } from '@callbook/node';
import type { Identifier, PublishedBinding } from '@callbook/protocol';
import { openLevelStore, systemScheduler } from '@callbook/replication';
import type { Store } from '@callbook/replication';
import { bindingKey } from '@callbook/replication/bindings-reader';
import {
  openPostgresStore,
  PublishedOutbox,
  ViewFollower,
} from '@callbook/replication/shared-database';
import type { FollowerState } from '@callbook/replication/shared-database';
import {
  describesMember,
  encodeFrontDescription,
} from '../../../packages/node/src/front/front-description.ts';
import { encodeBinding } from '../../../packages/replication/src/view/binding-row.ts';
import { freePort } from '../../src/peer-process.ts';
import { Postgres } from '../../src/postgres.ts';
import { ask } from './dns-question.ts';
import type { Answer } from './dns-question.ts';

const apex = 'e164.alpha.test';
const clock = { nowMs: () => Date.now() };
const random = { bytes: (size: number) => crypto.getRandomValues(new Uint8Array(size)) };

export interface Writer extends AsyncDisposable {
  readonly store: Store;
  readonly outbox: PublishedOutbox;
  readonly follower: ViewFollower;
  /** Every state it has told. */
  readonly states: readonly FollowerState[];
  publish(...numbers: readonly [digits: string, sip: string][]): Promise<void>;
  erase(digits: string): Promise<void>;
}

interface WriterOptions {
  readonly takeOverMs?: number;
  readonly mayWrite?: () => boolean;
  /** Of the database, where it is not reached directly. */
  readonly url?: string;
  /** Name of the member. */
  readonly member?: string;
  /** Front ends are not told that there is something to read: they find it when they look. */
  readonly losesHints?: boolean;
}

export interface Front extends AsyncDisposable {
  readonly dnsPort: number;
  readonly apiPort: number;
  readonly metricsPort: number;
  /** NAPTR of a number by UDP. */
  ask(digits: string, transport?: 'udp' | 'tcp'): Promise<Answer>;
  lookUp(digits: string): Promise<{ status: number; body: Record<string, unknown> }>;
  ready(): Promise<{ status: number; reasons: readonly string[] }>;
}

export class FrontLab implements AsyncDisposable {
  readonly postgres: Postgres;
  readonly folder: string;
  readonly #parts = new AsyncDisposableStack();

  private constructor(postgres: Postgres, folder: string) {
    this.postgres = postgres;
    this.folder = folder;
  }

  static async open(): Promise<FrontLab> {
    const folder = await mkdtemp(join(tmpdir(), 'callbook-front-'));
    const lab = new FrontLab(await Postgres.start(), folder);
    lab.#parts.defer(async () => await rm(folder, { recursive: true, force: true }));
    lab.#parts.use(lab.postgres);
    await createZoneKeys(join(folder, 'zone-keys'), 13);
    const newKey = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=alpha';
    const files = ['-keyout', lab.at('api.key'), '-out', lab.at('api.pem')];
    execFileSync('openssl', ['req', '-x509', ...newKey.split(' '), ...files], { stdio: 'ignore' });
    await writeSecretFile(lab.at('database'), new TextEncoder().encode(lab.postgres.url));
    return lab;
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  /** A process that writes: with a store of its own, by the folder's name. */
  async writer(name: string, options: WriterOptions = {}): Promise<Writer> {
    const parts = new AsyncDisposableStack();
    const level = await openLevelStore(this.at(name), { cacheBytes: 1 << 20 });
    parts.defer(async () => await level.close());
    const outbox = await PublishedOutbox.open({ store: level, clock, random });
    const keys = await openKeyKeeper({
      apex,
      store: openKeyFolder(this.at('zone-keys')),
      timings: keyTimingsDefault,
      clock,
    });
    const zone = {
      apex,
      nameservers: [{ name: `ns.${apex}`, addresses: ['127.0.0.1'] }],
      contact: 'hostmaster@alpha.test',
      madeAtMs: 1_790_000_000_000,
    };
    const charterHash = new Uint8Array(32).fill(7);
    const states: FollowerState[] = [];
    const { url = this.postgres.url, member = 'alpha', losesHints = false, ...timing } = options;
    const follower = parts.use(
      ViewFollower.start({
        outbox,
        openShared: async () => {
          const shared = await openPostgresStore({
            url,
            table: 'callbook',
            connections: 2,
            answerMsMax: 1_000,
            makesTable: true,
          });
          return losesHints ? Object.assign(shared, { hint: async () => undefined }) : shared;
        },
        description: () =>
          encodeFrontDescription({
            version: 1,
            member,
            zone,
            keys: keys.snapshot(),
            charterHash,
            obliviousKeyHashes: [],
            hostRecords: { apiKeyHashes: [], challenges: [] },
          }),
        isOurs: (row) => describesMember(row, member),
        clock,
        random,
        scheduler: systemScheduler,
        onState: (state) => states.push(state),
        beatMs: 200,
        takeOverMs: 1_000,
        retryMsMax: 500,
        ...timing,
      }),
    );
    const { store } = outbox;
    let seq = 0;
    return {
      store,
      outbox,
      follower,
      states,
      publish: async (...numbers) => {
        seq += 1;
        const changes = numbers.map(([digits, sip]) => ({
          rowKey: bindingKey(identifierOf(digits)),
          value: encodeBinding(bindingOf(digits, sip, seq)),
        }));
        await store.batch(changes, { durable: true });
      },
      erase: async (digits) =>
        await store.batch([{ rowKey: bindingKey(identifierOf(digits)), erase: true }], {
          durable: true,
        }),
      [Symbol.asyncDispose]: async () => await parts.disposeAsync(),
    };
  }

  async front(
    database: Partial<FrontConfig['sharedDatabase']> = {},
    signal: AbortSignal = new AbortController().signal,
  ): Promise<Front> {
    const [dnsPort, apiPort, metricsPort] = [await freePort(), await freePort(), await freePort()];
    const address = '127.0.0.1';
    const config: FrontConfig = {
      sharedDatabase: {
        urlFile: this.at('database'),
        pollMilliseconds: 50,
        stalenessSecondsMax: 3,
        answerMilliseconds: 1_000,
        ...database,
      },
      keys: { zone: this.at('zone-keys') },
      dns: {
        listen: [{ address, port: dnsPort }],
        workers: 2,
        answerTableMebibytes: 1,
        rateLimit: { responsesPerSecond: 0 },
      },
      api: {
        listen: { address, port: apiPort },
        certificate: this.at('api.pem'),
        privateKey: this.at('api.key'),
      },
      metrics: { listen: { address, port: metricsPort } },
    };
    const log = createEventLog('front', 'silent');
    const front: RunningFront = await startFront(config, log, signal);
    return {
      dnsPort,
      apiPort,
      metricsPort,
      ask: async (digits, transport = 'udp') =>
        await ask({ port: dnsPort, apex, digits, transport }),
      lookUp: async (digits) => {
        const body = { identifiers: [identifierOf(digits)] };
        const answer = await https(apiPort, 'POST', '/v1/lookups', body);
        const [found] = (answer.body['results'] ?? []) as Record<string, unknown>[];
        return { status: answer.status, body: found ?? answer.body };
      },
      ready: async () => {
        const { status, body } = await https(apiPort, 'GET', '/readyz');
        return { status, reasons: (body['reasons'] ?? []) as string[] };
      },
      [Symbol.asyncDispose]: async () => await front[Symbol.asyncDispose](),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync();
  }
}

function identifierOf(digits: string): Identifier {
  return `tel:+${digits}`;
}

function bindingOf(digits: string, sip: string, seq: number): PublishedBinding {
  const entryId = crypto.getRandomValues(new Uint8Array(32));
  return {
    identifier: identifierOf(digits),
    visibility: 'dns',
    labelEpoch: 1,
    label: new Uint8Array(32).fill(1),
    epoch: 0,
    seq,
    ownershipId: entryId,
    entryId,
    origin: 'alpha.test/log',
    changedAtMs: Date.now(),
    routes: [{ service: 'sip', uri: sip, preference: 10 }],
    keys: [],
    pending: [],
  };
}

async function https(
  port: number,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const text = body === undefined ? '' : JSON.stringify(body);
  const headers = body === undefined ? {} : { 'content-type': 'application/json' };
  const asking = request({
    port,
    method,
    path,
    headers,
    host: '127.0.0.1',
    rejectUnauthorized: false,
  });
  asking.end(text);
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  let answer = '';
  for await (const chunk of response) answer += String(chunk);
  return { status: response.statusCode!, body: JSON.parse(answer) as Record<string, unknown> };
}
