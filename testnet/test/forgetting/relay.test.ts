/**
 * What is left of a capsule at the members that carried it: three of them, and a client with an address of
 * its own that seals to beta and has alpha bring it there. A relay sees who asks, so the address is looked
 * for as well, and the octets of the capsule, by which relay and gateway could compare notes later. Gamma is
 * the careless relay of the same federation, at which the same search finds all of it.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { request } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { firstKey, seal } from '../../../packages/api/test/oblivious/ohttp-client.ts';
import { eventually, openLab } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { filesWith } from './files-with.ts';
import { searchMemory, summary } from './process-memory.ts';
import { carelessRelay } from './safeguards.ts';
import { freshNumber, spellingsOf } from './spellings.ts';
import type { Spellings } from './spellings.ts';

const forgottenMsMax = 60_000;
const honest = 'alpha';
const gateway = 'beta';
const careless = 'gamma';

let lab: Lab;
let ca: string;

beforeAll(async () => {
  const before = process.env['NODE_OPTIONS'];
  // Members take their environment from here; what is run later must not.
  process.env['NODE_OPTIONS'] = `--import=${join(import.meta.dirname, '../edited-source.ts')}`;
  process.env['CALLBOOK_TEST_EDITS'] = JSON.stringify([carelessRelay]);
  try {
    lab = await openLab(3);
  } finally {
    delete process.env['CALLBOOK_TEST_EDITS'];
    if (before === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = before;
  }
  ca = await readFile(lab.testnet.layout.caFile, 'utf8');
}, 120_000);
afterAll(async () => await lab?.[Symbol.asyncDispose]());

const processOf = (name: string) => lab.testnet.members.find(({ layout }) => layout.name === name)!;

interface Sent {
  readonly localAddress: string;
  readonly capsule?: Uint8Array;
}

/** Over a connection of its own, which is closed then. */
async function send(name: string, path: string, { localAddress, capsule }: Sent): Promise<Buffer> {
  const asking = request({
    host: 'localhost',
    port: processOf(name).layout.apiPort,
    path,
    family: 4,
    localAddress,
    ca,
    agent: false,
    method: capsule === undefined ? 'GET' : 'POST',
    headers: capsule === undefined ? {} : { 'content-type': 'message/ohttp-req' },
  });
  asking.end(capsule);
  const [response] = (await once(asking, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  expect(response.statusCode).toBe(200);
  return Buffer.concat(chunks);
}

/** Looks a number up through a relay; returns what to look for: it, the capsule, who asked. */
async function lookUpBy(relay: string, localAddress: string): Promise<Spellings> {
  const number = freshNumber();
  const keys = await send(gateway, '/.well-known/ohttp-gateway', { localAddress: '127.0.0.1' });
  const content = JSON.stringify({ identifiers: [`tel:${number}`] });
  const lookup = { path: '/v1/lookups', fields: { 'content-type': 'application/json' }, content };
  const { capsule, open } = await seal(firstKey(keys), lookup, Date.now());
  const answer = await send(relay, `/v1/relay/${gateway}`, { localAddress, capsule });
  const { status, content: found } = await open(answer);
  expect([status, JSON.parse(Buffer.from(found).toString())]).toEqual([
    200,
    { results: [{ state: 'absent' }] },
  ]);
  const spellings = new Map(
    spellingsOf(number, {
      'encapsulated key': capsule.subarray(7, 39),
      'sealed request': capsule.subarray(-32),
      'sealed answer': new Uint8Array(answer.subarray(-32)),
      'SHA-256 of the capsule': createHash('sha256').update(capsule).digest(),
    }),
  );
  spellings.set('address', Buffer.from(localAddress));
  spellings.set('address, UTF-16', Buffer.from(localAddress, 'utf16le'));
  return spellings;
}

const remembered = (name: string, spellings: Spellings): readonly string[] =>
  summary(searchMemory(processOf(name).pid!, spellings));

const folderOf = (name: string): string => processOf(name).layout.folder;

it('is nothing at relay, gateway and third member, neither in files nor, soon, in memory', async () => {
  const spellings = await lookUpBy(honest, '127.0.0.77');
  for (const name of [honest, gateway, careless]) {
    await eventually(
      async () => remembered(name, spellings),
      (found) => found.length === 0,
      forgottenMsMax,
    );
    expect(filesWith(folderOf(name), spellings)).toEqual([]);
  }
}, 240_000);

it('would be found at a relay that writes down and keeps what it is brought', async () => {
  const spellings = await lookUpBy(careless, '127.0.0.78');
  // What the gateway was asked is gone at about the time at which the relay was washed as well.
  await eventually(
    async () => remembered(gateway, spellings),
    (found) => found.length === 0,
    forgottenMsMax,
  );
  const kept = remembered(careless, spellings).join();
  for (const what of ['address', 'encapsulated key', 'sealed request'])
    expect(kept).toContain(what);
  const written = filesWith(folderOf(careless), spellings).join();
  expect(written).toContain('node.log: address');
  expect(written).toContain('node.log: encapsulated key in hexadecimal');
  // Careless as it is, it cannot tell what was asked.
  expect(`${kept}${written}`).not.toMatch(/digits|SHA-256 of \d+|BCD/);
}, 240_000);
