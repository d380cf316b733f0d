/**
 * A member's API on a real socket, for tests. Every answer that passes through `call` is held
 * against the OpenAPI document: the status is documented, the media type is, the body fits the
 * schema, and a problem's code is listed with its status.
 */
import { randomBytes } from 'node:crypto';
import { Writable } from 'node:stream';
import { nodeCryptography } from '@callbook/protocol/crypto/node';
import type { FastifyInstance } from 'fastify';
import { pino } from 'pino';
import { Compile } from 'typebox/schema';
import { onTestFinished } from 'vitest';
import { createApi } from '../src/index.ts';
import type { ApiLimits, ApiOptions, CodeMessage } from '../src/index.ts';
import { MemoryDirectory } from './memory-directory.ts';

export const crypto = nodeCryptography;
export const number = 'tel:+4915123456789';

/** The fields that tests read; the document says which answer has which. */
interface AnswerJson {
  readonly [name: string]: unknown;
  readonly id: string;
  readonly enc: string;
  readonly label: string;
  readonly vrfProof: string;
  readonly usableUntilMs: number;
  readonly next: unknown;
  readonly code: string;
  readonly detail: string;
  readonly entryId: string;
  readonly results: readonly Readonly<Record<string, unknown>>[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Parsed JSON, or undefined. */
  readonly json: AnswerJson | undefined;
  readonly text: string;
}

export interface TestMember {
  readonly api: FastifyInstance;
  readonly directory: MemoryDirectory;
  readonly sent: CodeMessage[];
  /** `GET /v1/entries/:id` and so on, as fastify has them. */
  readonly routes: readonly string[];
  readonly url: string;
  readonly port: number;
  /** Everything that the member logged. */
  readonly logged: () => string;
  clockMs: number;
  channelFails: boolean;
  call(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer>;
}

/** Starts a member; it is closed when the test ends. */
export async function startMember(
  limits: Partial<ApiLimits> = {},
  options: Partial<ApiOptions> = {},
): Promise<TestMember> {
  const lines: string[] = [];
  const directory = new MemoryDirectory(crypto);
  const sent: CodeMessage[] = [];
  const api = createApi({
    directory,
    codeSender: {
      async send(message) {
        if (member.channelFails) throw new Error(`no route to ${message.to}, ${message.code}`);
        sent.push(message);
      },
    },
    clock: { nowMs: () => member.clockMs },
    random: { bytes: (size) => new Uint8Array(randomBytes(size)) },
    crypto,
    host: 'alpha.test',
    limits,
    logger: pino({ level: 'trace' }, capture(lines)),
    ...options,
  });
  const routes: string[] = [];
  api.addHook('onRoute', ({ method, url: path }) => {
    for (const name of [method].flat()) if (name !== 'HEAD') routes.push(`${name} ${path}`);
  });
  const url = await api.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => api.close());
  let documented: ReturnType<typeof documentedAnswers> | undefined;
  const member: TestMember = {
    api,
    directory,
    sent,
    routes,
    url,
    port: Number(new URL(url).port),
    logged: () => lines.join(''),
    clockMs: 1_800_000_000_000,
    channelFails: false,
    async call(method, path, body) {
      const answer = await send(`${url}${path}`, method, body);
      documented ??= documentedAnswers(
        (await send(`${url}/v1/openapi.json`, 'GET', undefined)).json!,
      );
      documented(method, path, answer);
      return answer;
    },
  };
  return member;
}

function capture(lines: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString('utf8'));
      done();
    },
  });
}

async function send(url: string, method: string, body: unknown): Promise<Answer> {
  const init: RequestInit = { method };
  if (body !== undefined) {
    init.headers = { 'content-type': 'application/json' };
    init.body = typeof body === 'string' ? body : JSON.stringify(body);
  }
  const response = await fetch(url, init);
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') === true;
  const json = isJson ? (JSON.parse(text) as AnswerJson) : undefined;
  return { status: response.status, headers: response.headers, json, text };
}

interface DocumentedResponse {
  readonly description: string;
  readonly content: Record<string, { schema: { $ref?: string } }>;
}

type Paths = Record<string, Record<string, { responses: Record<string, DocumentedResponse> }>>;

function documentedAnswers(
  document: AnswerJson,
): (method: string, path: string, answer: Answer) => void {
  const paths = document['paths'] as Paths;
  const { schemas } = document['components'] as { schemas: Record<string, object> };
  const templates = Object.entries(paths).map(([template, operations]) => ({
    pattern: new RegExp(
      `^${template.replaceAll(/\{tile\}/g, '.+').replaceAll(/\{\w+\}/g, '[^/]+')}$`,
    ),
    operations,
  }));
  const compiled = new Map<object, { Check(value: unknown): boolean }>();
  return (method, path, answer) => {
    const operations = templates.find(({ pattern }) => pattern.test(path))?.operations;
    const operation = operations?.[method.toLowerCase()];
    if (operation === undefined) return assertUndocumented(answer);
    const documented = operation.responses[answer.status];
    if (documented === undefined)
      throw new Error(`${method} ${path}: ${answer.status} undocumented`);
    const mediaType = answer.headers.get('content-type')!.split(';')[0]!;
    const found = documented.content[mediaType]?.schema;
    const schema = found?.$ref === '#/components/schemas/Problem' ? schemas['Problem'] : found;
    if (schema === undefined) throw new Error(`${method} ${path}: ${mediaType} undocumented`);
    if (answer.json === undefined) return;
    const validator = compiled.get(schema) ?? Compile(schema);
    compiled.set(schema, validator);
    if (!validator.Check(answer.json)) {
      throw new Error(`${method} ${path}: ${answer.text} is not as documented`);
    }
    const { code } = answer.json;
    if (answer.status >= 400 && !documented.description.includes(`\`${code}\``)) {
      throw new Error(`${method} ${path}: code ${code} is not documented with ${answer.status}`);
    }
  };
}

function assertUndocumented(answer: Answer): void {
  if (answer.status < 400 || answer.status >= 500 || answer.json?.code === undefined) {
    throw new Error(`an undocumented route answered ${answer.status}`);
  }
}
