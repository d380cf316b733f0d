/**
 * Accounts as their holders use them, by signed requests over HTTP: made, read, replayed, taken along by a crash,
 * left for another provider. The signatures are the SDK's.
 */
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sign } from 'node:crypto';
import { signAs, type RequestSigner } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
import { decodeQR } from 'qr/decode.js';
import { inflateSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AccountStore } from '../src/accounts/account-store.ts';
import { stateOf } from '../src/accounts/account.ts';
import { certificateOf, newPhone, type Phone } from './phone.ts';
import { accountsUrl, startTestBridge, type TestBridge } from './running-bridge.ts';
import { openTestDirectory, type TestDirectory } from './test-directory.ts';

let directory: TestDirectory;
let bridge: TestBridge;
let nextNumber = 34_912_346_000;

interface Holder {
  readonly number: string;
  readonly phone: Phone;
}

beforeAll(async () => {
  directory = await openTestDirectory();
  bridge = await startTestBridge(directory, { required: true });
});

afterAll(async () => {
  await bridge[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

function newHolder(provider = 'sip.a.example'): Holder {
  const number = `+${(nextNumber += 1)}`;
  const phone = newPhone();
  directory.publish(number, { sip: [phone.spki], routes: [`sip:${number}@${provider}`] });
  return { number, phone };
}

const ports = {
  clock: { nowMs: () => Date.now() },
  random: { bytes: (size: number) => crypto.getRandomValues(new Uint8Array(size)) },
};

function signerOf({ number, phone }: Holder): RequestSigner {
  return {
    identifier: `tel:${number}` as Identifier,
    algorithm: 'ecdsa-p256-sha256',
    sign: (message) =>
      new Uint8Array(sign('sha256', message, { key: phone.privateKey, dsaEncoding: 'ieee-p1363' })),
  };
}

async function signed(line: string, holder: Holder, base = accountsUrl): Promise<Request> {
  const [method, path] = line.split(' ') as [string, string];
  return await signAs(new Request(base + path, { method }), signerOf(holder), ports);
}

/** Sends it to the listener behind the public address. */
async function send(request: Request, at = bridge): Promise<{ status: number; json: Json }> {
  const url = `http://127.0.0.1:${at.accountsPort}${new URL(request.url).pathname}`;
  const response = await fetch(url, { method: request.method, headers: request.headers });
  const text = await response.text();
  return { status: response.status, json: text === '' ? {} : (JSON.parse(text) as Json) };
}

type Json = Readonly<Record<string, unknown>>;

const ask = async (line: string, holder: Holder): Promise<{ status: number; json: Json }> =>
  await send(await signed(line, holder));

const mine = '/v1/accounts/mine';
const checked = async ({ number, phone }: Holder): Promise<string> =>
  (await bridge.ask('/check/certificate', { number, certificate: certificateOf(phone.privateKey) }))
    .line;

describe('an account', () => {
  it('is there after it was asked for, once or twice, and gone after its deletion', async () => {
    const holder = newHolder();
    expect(await checked(holder)).toBe('refuse account_missing');
    expect((await ask(`GET ${mine}`, holder)).json['code']).toBe('account_missing');
    const first = await ask(`PUT ${mine}`, holder);
    expect([first.status, first.json['state']]).toEqual([201, 'here']);
    const second = await ask(`PUT ${mine}`, holder);
    expect([second.status, second.json]).toEqual([200, first.json]);
    expect((await ask(`GET ${mine}`, holder)).json).toEqual(first.json);
    expect(first.json['address']).toBe(`sip:${holder.number}@sip.a.example`);
    expect(await checked(holder)).toMatch(/^accept \d+$/);
    expect((await ask(`DELETE ${mine}`, holder)).status).toBe(204);
    expect(await checked(holder)).toBe('refuse account_missing');
    expect((await ask(`DELETE ${mine}`, holder)).status).toBe(404);
  });

  it('is made once by requests that come at the same time', async () => {
    const holder = newHolder();
    const answers = await Promise.all(
      Array.from({ length: 8 }, async () => await ask(`PUT ${mine}`, holder)),
    );
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(7);
  });

  it('is for nobody but who signs with a published key', async () => {
    const holder = newHolder();
    const thief = { number: holder.number, phone: newPhone() };
    expect(await ask(`PUT ${mine}`, thief)).toMatchObject({
      status: 401,
      json: { code: 'signature_wrong' },
    });
    const unknown = { number: '+34912340001', phone: newPhone() };
    expect((await ask(`PUT ${mine}`, unknown)).json['code']).toBe('signer_unknown');
    const bare = await send(new Request(accountsUrl + mine, { method: 'PUT' }));
    expect(bare).toMatchObject({ status: 401, json: { code: 'signature_missing' } });
  });

  it('is not changed by a request that is made again, or that was signed for something else', async () => {
    const holder = newHolder();
    const put = await signed(`PUT ${mine}`, holder);
    expect((await send(put)).status).toBe(201);
    expect((await send(put)).json['code']).toBe('request_replayed');
    const get = await signed(`GET ${mine}`, holder);
    const turned = new Request(get.url, { method: 'DELETE', headers: get.headers });
    expect((await send(turned)).json['code']).toBe('signature_wrong');
    const elsewhere = await signed(`DELETE ${mine}`, holder, 'https://accounts.b.example');
    expect((await send(elsewhere)).json['code']).toBe('signature_wrong');
    expect((await ask(`GET ${mine}`, holder)).status).toBe(200);
  });

  it('does not take what was signed before the process began', async () => {
    const holder = newHolder();
    const early = { ...ports, clock: { nowMs: () => Date.now() - 120_000 } };
    const request = new Request(accountsUrl + mine, { method: 'PUT' });
    const old = await signAs(request, signerOf(holder), early);
    expect((await send(old)).json['code']).toBe('request_before_start');
  });

  it('cannot be had while the directory says nothing', async () => {
    const gone = await openTestDirectory();
    await using lonely = await startTestBridge(gone);
    await gone.stop();
    expect(await send(await signed(`PUT ${mine}`, newHolder()), lonely)).toMatchObject({
      status: 503,
      json: { code: 'directory_unavailable' },
    });
  });
});

describe('a digest credential', () => {
  it('is good until its key is replaced, and holds for its number alone', async () => {
    const [holder, other] = [newHolder(), newHolder()];
    const credentials = `POST ${mine}/credentials`;
    expect((await ask(credentials, holder)).json['code']).toBe('account_missing');
    await ask(`PUT ${mine}`, holder);
    await ask(`PUT ${mine}`, other);
    const { json } = await ask(credentials, holder);
    const username = String(json['username']);
    expect(username).toBe(`${String(json['expiresAtSeconds'])}:${holder.number}`);
    const check = async (number: string, name: string): Promise<string> =>
      (await bridge.ask('/check/digest', { number, username: name })).line;
    expect(await check(holder.number, username)).toMatch(/^accept \d+$/);
    expect(await check(other.number, username)).toBe('refuse credential_unknown');
    const invented = `${Number(json['expiresAtSeconds']) + 5}:${holder.number}`;
    expect(await check(holder.number, invented)).toBe('refuse credential_unknown');
    // A new key: what the old one asked for is over as soon as the answer is not kept any more.
    await using later = await startTestBridge(directory, { folder: bridge.folder });
    directory.publish(holder.number, { sip: [newPhone().spki] });
    const now = await later.ask('/check/digest', { number: holder.number, username });
    expect(now.line).toBe('refuse credential_unknown');
  });

  it('that is asked for again and again replaces the oldest', async () => {
    const holder = newHolder();
    await ask(`PUT ${mine}`, holder);
    const names: string[] = [];
    for (let count = 0; count < 10; count += 1) {
      const { json } = await ask(`POST ${mine}/credentials`, holder);
      names.push(String(json['username']));
    }
    expect(new Set(names).size).toBe(10);
    const lines = await Promise.all(
      names.map(
        async (username) =>
          (await bridge.ask('/check/digest', { number: holder.number, username })).line,
      ),
    );
    expect(lines.map((line) => line.split(' ')[0])).toEqual([
      'refuse',
      'refuse',
      ...Array.from({ length: 8 }, () => 'accept'),
    ]);
  });
});

describe('the settings of a phone', () => {
  it('are fetched once, from an address that a QR code holds', async () => {
    const holder = newHolder();
    await ask(`PUT ${mine}`, holder);
    const { status, json } = await ask(`POST ${mine}/provisioning`, holder);
    expect(status).toBe(201);
    const url = String(json['url']);
    expect(url).toMatch(/^https:\/\/accounts\.a\.example\/v1\/provisioning\/[\w-]{43}$/);
    expect(decodeQR(pictureOf(Buffer.from(String(json['png']), 'base64')))).toBe(url);
    expect(String(json['terminal'])).toMatch(/^[ ▀▄█\n]+$/);
    const local = url.replace(accountsUrl, `http://127.0.0.1:${bridge.accountsPort}`);
    const xml = await (await fetch(local)).text();
    const userid = /<entry name="userid"[^>]*>([^<]+)</.exec(xml)![1]!;
    expect(xml).toContain(`>sip:${holder.number}@sip.a.example<`);
    expect(
      (await bridge.ask('/check/digest', { number: holder.number, username: userid })).line,
    ).toMatch(/^accept/);
    expect((await fetch(local)).status).toBe(404);
  });

  it('wait for a number a few at a time', async () => {
    const holder = newHolder();
    await ask(`PUT ${mine}`, holder);
    const codes: unknown[] = [];
    for (let count = 0; count < 5; count += 1) {
      codes.push((await ask(`POST ${mine}/provisioning`, holder)).json['code']);
    }
    expect(codes).toEqual([undefined, undefined, undefined, undefined, 'rate_limited']);
  });
});

describe('a switch of provider', () => {
  it('is noticed by the old one, which stops after its time of grace; and a way back is open', async () => {
    const terms = '  graceSeconds: 0\n  pollSeconds: 1\n';
    await using quick = await startTestBridge(directory, { required: true, accounts: terms });
    const holder = newHolder();
    directory.publish(holder.number, {
      sip: [holder.phone.spki],
      routes: [`sip:${holder.number}@SIP.A.example`],
      ttlSeconds: 1,
    });
    expect((await send(await signed(`PUT ${mine}`, holder), quick)).json['state']).toBe('here');
    const certificate = certificateOf(holder.phone.privateKey);
    const check = async (): Promise<string> =>
      (await quick.ask('/check/certificate', { number: holder.number, certificate })).line;
    expect(await check()).toMatch(/^accept/);
    directory.publish(holder.number, {
      sip: [holder.phone.spki],
      routes: [`sip:${holder.number}@sip.b.example`],
      ttlSeconds: 1,
    });
    await expect.poll(check).toBe('refuse account_closed');
    expect((await send(await signed(`PUT ${mine}`, holder), quick)).json['state']).toBe('awaited');
    expect(await check()).toMatch(/^accept/);
  });

  it('is waited for by the new one, but not for ever', () => {
    const account = {
      number: '+34912345678' as const,
      createdAtMs: 1000,
      arrivedAtMs: null,
      leftAtMs: null,
      credentials: [],
    };
    const terms = { graceSeconds: 10, arrivalSeconds: 100 };
    expect(stateOf(account, terms, 100_999)).toBe('awaited');
    expect(stateOf(account, terms, 101_000)).toBe('closed');
    const left = { ...account, arrivedAtMs: 2000, leftAtMs: 50_000 };
    expect(stateOf(left, terms, 59_999)).toBe('leaving');
    expect(stateOf(left, terms, 60_000)).toBe('closed');
  });

  it('is not seen in an outage', async () => {
    const own = await openTestDirectory();
    const terms = '  graceSeconds: 0\n  pollSeconds: 1\n';
    await using quick = await startTestBridge(own, { required: true, accounts: terms });
    const phone = newPhone();
    const number = '+34912347000';
    own.publish(number, {
      sip: [phone.spki],
      routes: [`sip:${number}@sip.a.example`],
      ttlSeconds: 1,
    });
    expect((await send(await signed(`PUT ${mine}`, { number, phone }), quick)).status).toBe(201);
    await own.stop();
    const rounds = (): number => quick.log.filter((line) => line.includes('"unanswered":1')).length;
    await expect.poll(rounds).toBeGreaterThan(0);
    const { line } = await quick.ask('/check/certificate', {
      number,
      certificate: certificateOf(phone.privateKey),
    });
    // Nobody is told that the number has moved: only that nothing is known.
    expect(line).toBe('unavailable directory_unavailable');
  });
});

describe('what is kept of accounts', () => {
  it('survives a crash at any write, and holds neither password nor key', async () => {
    const holder = newHolder();
    await ask(`PUT ${mine}`, holder);
    const { json } = await ask(`POST ${mine}/credentials`, holder);
    const folder = join(bridge.folder, 'data/accounts');
    const texts = await Promise.all(
      (await readdir(folder)).map(async (name) => await readFile(join(folder, name), 'utf8')),
    );
    const text = texts.find((each) => each.includes(holder.number))!;
    expect(text).not.toContain(String(json['password']));
    expect(Object.keys(JSON.parse(text) as object)).toEqual([
      'number',
      'createdAtMs',
      'arrivedAtMs',
      'leftAtMs',
      'credentials',
    ]);
    // If it had been killed while it wrote: half of a file beside the whole one.
    await writeFile(join(folder, `${'0'.repeat(64)}.json.new`), text.slice(0, 20));
    const again = await AccountStore.open(folder);
    expect(again.get(holder.number as `+${string}`)?.credentials).toHaveLength(1);
    expect((await readdir(folder)).filter((name) => name.endsWith('.new'))).toEqual([]);
  });

  it('is refused where it was damaged, rather than forgotten', async () => {
    await using own = await startTestBridge(directory);
    const folder = join(own.folder, 'data/accounts');
    await writeFile(join(folder, `${'0'.repeat(64)}.json`), '{"number":"+3491234567');
    await expect(AccountStore.open(folder)).rejects.toMatchObject({ code: 'account_malformed' });
  });
});

/** Reads our own PNG: one bit a pixel, no filter. */
function pictureOf(png: Buffer): { width: number; height: number; data: Uint8Array } {
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)];
  const at = png.indexOf('IDAT');
  const rows = inflateSync(png.subarray(at + 4, at + 4 + png.readUInt32BE(at - 4)));
  const rowBytes = 1 + Math.ceil(width / 8);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const isLight = (rows[y * rowBytes + 1 + (x >> 3)]! & (0x80 >> (x & 7))) !== 0;
      data.fill(isLight ? 255 : 0, (y * width + x) * 3, (y * width + x + 1) * 3);
    }
  }
  return { width, height, data };
}
