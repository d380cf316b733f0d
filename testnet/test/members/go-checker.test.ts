/**
 * The logs as software that nobody here wrote sees them: Go's notes, tiles and proofs
 * (golang.org/x/mod/sumdb) over HTTPS from a running member; and a witness on the same library, whose
 * cosignatures a member fetches and serves.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { appendFile, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { createDirectory } from '@callbook/client';
import type { Directory, Holding } from '@callbook/client';
import {
  cosignerKeyOf,
  encodeVerifierKey,
  encodeWitnessRequest,
  noteSigner,
  parseVerifierKey,
  signCheckpoint,
  verifyCosignature,
} from '@callbook/protocol';
import type { VerifierKey } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { buildGoChecker } from '../go-checker.ts';
import { environment, eventually, openLab, runCommand, wholeLines } from '../lab.ts';
import type { Lab, Ran } from '../lab.ts';

/** More than one full tile. */
const updateCount = 260;
const holderCount = 20;

let lab: Lab;
const checker = join(tmpdir(), `callbook-go-checker-${process.pid}`);
let vkeys: { readonly log: string; readonly cosigners: readonly string[] };

beforeAll(async () => {
  const built = buildGoChecker(checker);
  lab = await openLab(3);
  await built;
  setDefaultCACertificates([
    ...getCACertificates('default'),
    await readFile(lab.testnet.layout.caFile, 'utf8'),
  ]);
  const charterNote = await readFile(lab.testnet.layout.charterFile, 'utf8');
  const directory = createDirectory({ charterNote, crypto });
  vkeys = verifierKeys(directory);
  await fillLog(directory);
}, 170_000);

afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
  await rm(checker, { force: true });
});

describe('golang.org/x/mod', { timeout: 120_000 }, () => {
  it('accepts a member’s log: notes, cosignatures, tiles, every leaf, and that it grows', async () => {
    const old = join(lab.folder, 'older-checkpoint');
    const first = await check(alpha().api, ['-old', old]);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(leavesIn(first)).toBeGreaterThan(256);
    expect(await lab.callbook(claimLine('+34912345678'))).toMatchObject({ code: 0 });
    const grown = await eventually(
      async () => await check(alpha().api, ['-old', old]),
      (ran) => leavesIn(ran) > leavesIn(first),
    );
    expect(grown.stdout).toContain(`extends ${leavesIn(first)}\n`);
  });

  it.each([
    ['a leaf', /tile\/entries\/000$/, 'does not have its hash'],
    ['the hash of a leaf', /tile\/0\/000$/, 'invalid transparency proof'],
    ['a hash above a full tile', /tile\/1\//, 'downloaded inconsistent tile'],
    ['the checkpoint', /checkpoint$/, 'go-checker: '],
  ])('finds one byte changed in %s', async (_what, path, finding) => {
    const proxy = await startProxy(path);
    const ran = await check(proxy);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain(finding);
  });

  it('finds that a log does not extend what it signed before', async () => {
    const secret = await readFile(join(lab.testnet.layout.members[0]!.folder, 'log.key'));
    const { origin } = alpha();
    const signer = noteSigner({ name: origin, signer: crypto.ed25519Signer(secret) }, crypto);
    const root = new Uint8Array(randomBytes(32));
    const old = join(lab.folder, 'forked-checkpoint');
    await writeFile(old, signCheckpoint({ origin, size: 200, root }, signer));
    const ran = await check(alpha().api, ['-old', old]);
    expect(ran.code).toBe(1);
    expect(ran.stderr).toContain('invalid transparency proof');
  });

  it('serves a member as a witness, whose cosignature stands in the notes from then on', async () => {
    const witness = await startWitness();
    const { name, configFile } = lab.testnet.layout.members[0]!;
    await lab.testnet.members[0]!.stop('SIGTERM');
    await appendFile(configFile, `witnesses:\n  - url: ${witness.url}\n    key: ${witness.key}\n`);
    await lab.testnet.restart(name);
    const key = parseVerifierKey(witness.key);
    if (key.verdict !== 'accept') throw new Error(key.code);
    await untilWitnessed(key.value);
    // Once more, with a consistency proof from what the witness has cosigned.
    expect(await lab.callbook(claimLine('+34912345679'))).toMatchObject({ code: 0 });
    const size = leavesIn(await check(alpha().api));
    await untilWitnessed(key.value, size);
    expect((await check(alpha().api, ['-cosigner', witness.key])).code).toBe(0);
  });
});

describe('add-checkpoint of C2SP tlog-witness', { timeout: 60_000 }, () => {
  it('cosigns another member’s log for anybody who proves that it grew', async () => {
    const { api, origin } = lab.description.members[1]!;
    const beta = parseVerifierKey(vkeys.cosigners[1]!);
    if (beta.verdict !== 'accept') throw new Error(beta.code);
    expect(origin).toBe(beta.value.name);
    const submit = async (checkpoint: string, oldSize: number): Promise<Response> =>
      await fetch(`${api}/log/witness/add-checkpoint`, {
        method: 'POST',
        body: encodeWitnessRequest({ oldSize, proof: [], checkpoint }),
      });
    // Beta has cosigned the newest checkpoint as a member: one state for all who ask.
    const { note, size } = await eventually(
      async () => {
        const served = await newestCheckpoint(lab.description.members[2]);
        const conflict = await submit(served, 0);
        expect(conflict.status).toBe(409);
        expect(conflict.headers.get('content-type')).toBe('text/x.tlog.size');
        return { note: served, size: Number(await conflict.text()) };
      },
      (last) => last.size === Number(last.note.split('\n')[1]),
    );
    const answer = await submit(note, size);
    expect(answer.status).toBe(200);
    const cosigned = verifyCosignature(`${note}${await answer.text()}`, beta.value, crypto);
    expect(cosigned.verdict).toBe('accept');
  });
});

describe('a federation at rest', { timeout: 90_000 }, () => {
  it('is agreed on every leaf at every member, and has one index', async () => {
    for (const { web } of lab.description.members) {
      const { roots } = await eventually(
        async () => (await (await fetch(`${web}/v1/agreement`)).json()) as Agreement,
        ({ logs, roots: met }) =>
          met.length === 2 &&
          logs.length === 3 &&
          logs.every(({ size, agreedSize }) => size > 0 && size === agreedSize) &&
          met.every((root) => root.logs.every(({ size }, place) => size === logs[place]!.size)),
      );
      expect(roots[0]!.root).toBe(roots[1]!.root);
    }
  });
});

interface Agreement {
  readonly logs: readonly { readonly size: number; readonly agreedSize: number }[];
  readonly roots: readonly {
    readonly root: string;
    readonly logs: readonly { readonly size: number }[];
  }[];
}

const alpha = () => lab.description.members[0]!;

/** The newest checkpoint of a member's own log, as it serves it. */
async function newestCheckpoint({ api, origin } = alpha()): Promise<string> {
  return await (await fetch(`${api}/log/${origin}/checkpoint`)).text();
}

const claimLine = (number: string): string =>
  `register ${number} --sip sip:x@sip.example --code-from ${lab.description.outbox}`;

function verifierKeys({ charter }: Directory): typeof vkeys {
  const keys = charter.members.map(({ logKey }) => {
    const key = parseVerifierKey(logKey);
    if (key.verdict !== 'accept') throw new Error(key.code);
    return encodeVerifierKey(cosignerKeyOf(key.value), crypto);
  });
  return { log: charter.members[0]!.logKey, cosigners: keys };
}

/** Runs the checker on alpha's log, as somebody with the keys of the charter would. */
async function check(url: string, more: readonly string[] = []): Promise<Ran> {
  const cosigners = vkeys.cosigners.flatMap((vkey) => ['-cosigner', vkey]);
  const keys = ['-log', vkeys.log, ...cosigners, '-quorum', '2'];
  const args = ['check', '-member', url, '-ca', lab.testnet.layout.caFile, ...keys, ...more];
  return await runCommand(checker, args, { cwd: lab.folder, env: environment(lab.folder) });
}

function leavesIn({ stdout }: Ran): number {
  return Number(/^leaves (\d+)/.exec(stdout)?.[1] ?? 0);
}

/** Claims some numbers, and updates them at alpha until its log has more than one full tile. */
async function fillLog(directory: Directory): Promise<void> {
  const holders = await Promise.all(
    Array.from({ length: holderCount }, async (_, n) => await claim(directory, n)),
  );
  await Promise.all(
    holders.map(async (holding) => {
      let latest: Holding = holding;
      for (let n = 0; n < updateCount / holderCount; n++) {
        const routes = [{ service: 'sip', uri: `sip:u${n}@sip.example`, preference: 10 }] as const;
        latest = await directory.publish(latest, { routes });
      }
    }),
  );
  await eventually(
    async () => await check(alpha().api),
    (ran) => leavesIn(ran) >= updateCount,
  );
}

async function claim(directory: Directory, n: number): Promise<Holding> {
  const identifier = `tel:+4915${900_000_000 + n}` as const;
  const sent = async (): Promise<string> => {
    const lines = wholeLines(await readFile(lab.description.outbox, 'utf8'));
    const messages = lines.map((line) => JSON.parse(line) as { to: string; code: string });
    return messages.findLast(({ to }) => to === identifier)!.code;
  };
  return await directory.claim({
    identifier,
    seed: new Uint8Array(randomBytes(32)),
    routes: [{ service: 'sip', uri: 'sip:first@sip.example', preference: 10 }],
    visibility: 'dns',
    form: 'app',
    code: sent,
  });
}

/** Stands before alpha and changes one byte of what it answers under paths that match. */
async function startProxy(path: RegExp): Promise<string> {
  const server = createServer((request, response) => {
    void fetch(`${alpha().api}${request.url}`).then(async (answer) => {
      const body = Buffer.from(await answer.bytes());
      // The last of a bundle is a leaf's for certain; in the middle may be the length of one.
      const isBundle = request.url!.includes('/tile/entries/');
      const place = isBundle ? body.length - 1 : Math.floor(body.length / 2);
      if (path.test(request.url!.replace(/\.p\/\d+$/, ''))) body[place] = body[place]! ^ 1;
      response.writeHead(answer.status).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Starts a witness written in Go; it ends with the test. */
async function startWitness(): Promise<{ url: string; key: string }> {
  const child = spawn(checker, ['witness', '-log', vkeys.log], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill());
  let output = '';
  for await (const chunk of child.stdout) {
    output += String(chunk);
    const [url, key, rest] = output.split('\n');
    if (rest !== undefined) return { url: url!, key: key! };
  }
  throw new Error('the witness does not start');
}

async function untilWitnessed(key: VerifierKey, sizeMin = 0): Promise<void> {
  await eventually(
    async () => await newestCheckpoint(),
    (note) =>
      verifyCosignature(note, key, crypto).verdict === 'accept' &&
      Number(note.split('\n')[1]) >= sizeMin,
  );
}
