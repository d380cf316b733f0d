/**
 * A federation for tests of what speaks to one: honest members in memory (`test-member.ts`) behind
 * real HTTPS servers on free ports, a founding charter that names them, and an outbox of codes.
 */
import { appendFile, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { setDefaultAutoSelectFamilyAttemptTimeout, type AddressInfo, type Socket } from 'node:net';
import { join } from 'node:path';
import { setDefaultCACertificates, getCACertificates } from 'node:tls';
import {
  charterHash,
  encodeBase64Url,
  encodeCharter,
  encodeVerifierKey,
  noteSigner,
  quorumOf,
  signNote,
  utf8,
  type Charter,
  type Identifier,
} from '@callbook/protocol';
import { nobleCryptography as crypto } from '@callbook/protocol/crypto/noble';
import { TestLog } from './test-log.ts';
import { TestMember, type TestAnswer, type TestDirectory } from './test-member.ts';

// Where `localhost` has two addresses, an attempt at the first is given up after half a second, which a busy
// machine may take.
setDefaultAutoSelectFamilyAttemptTimeout(20_000);

const fixtures = join(import.meta.dirname, 'fixtures');
/** Certificate of `localhost`, its own authority. */
export const authorityPath: string = join(fixtures, 'localhost.pem');

/** What a test lays over a member's honest answer; undefined lets it through. */
export type Interference = (request: {
  readonly member: string;
  readonly path: string;
  readonly answer: () => Promise<TestAnswer>;
}) => Promise<TestAnswer | 'hang' | 'break' | { readonly text: string } | undefined>;

export interface TestFederation extends AsyncDisposable {
  readonly charterNote: string;
  readonly charter: Charter;
  readonly members: TestMember[];
  readonly outbox: { to: Identifier; code: string; member: string }[];
  member(name: string): TestMember;
  interfere(interference: Interference | undefined): void;
  /** Closes the server of one member. */
  stop(name: string): Promise<void>;
}

export interface TestFederationOptions {
  readonly names?: readonly string[];
  readonly faults?: number;
  readonly outboxPath?: string;
  readonly expiresAtMs?: number;
  /** The hold of every request to replace a holder. */
  readonly holdMs?: number;
}

/** Makes the certificate of the test servers trusted by this process's `fetch`. */
export async function trustTestAuthority(): Promise<void> {
  const pem = await readFile(authorityPath, 'utf8');
  setDefaultCACertificates([...getCACertificates('default'), pem]);
}

export async function startFederation(
  options: TestFederationOptions = {},
): Promise<TestFederation> {
  const names = options.names ?? ['alpha', 'beta', 'gamma'];
  const servers = await Promise.all(names.map(() => listen()));
  const prover = crypto.vrfProver(secretOf('vrf'));
  const charter = charterOf(names, { servers, vrfPublicKey: prover.publicKey, options });
  const charterNote = signCharter(charter, names);
  const outbox: TestFederation['outbox'] = [];
  const members: TestMember[] = [];
  let interference: Interference | undefined;
  const directory: TestDirectory = {
    charterHash: charterHash(charterNote, crypto),
    charterNote,
    quorum: quorumOf(charter),
    challengedMin: charter.faults + 1,
    prover,
    bindings: new Map(),
    releases: new Map(),
    requests: new Map(),
    holdMs: options.holdMs ?? 60_000,
    members,
    async send(to, code, member) {
      outbox.push({ to, code, member });
      if (options.outboxPath === undefined) return;
      const line = JSON.stringify({
        at: Date.now(),
        to,
        text: `Callbook code: ${code}\n\n@localhost #${code}`,
        code,
      });
      await appendFile(options.outboxPath, `${line}\n`);
    },
  };
  for (const [index, name] of names.entries()) {
    const member = new TestMember(
      name,
      new TestLog(originOf(name), secretOf(`log ${name}`)),
      directory,
    );
    members.push(member);
    serve(servers[index]!, member, { charterNote, interference: () => interference });
  }
  const stop = (name: string): Promise<void> => close(servers[names.indexOf(name)]!);
  return {
    charterNote,
    charter,
    members,
    outbox,
    member: (name) => members.find((member) => member.name === name)!,
    interfere: (next) => {
      interference = next;
    },
    stop,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(names.map(stop));
    },
  };
}

function secretOf(what: string): Uint8Array {
  return crypto.sha256(utf8(`callbook test ${what}`));
}

function originOf(name: string): string {
  return `api.${name}.test/log`;
}

function charterOf(
  names: readonly string[],
  of: { servers: Server[]; vrfPublicKey: Uint8Array; options: TestFederationOptions },
): Charter {
  const hourMs = 3_600_000;
  const nowMs = Date.now();
  return {
    version: 1,
    previous: null,
    effectiveAtMs: Math.min(nowMs, of.options.expiresAtMs ?? nowMs) - hourMs,
    expiresAtMs: of.options.expiresAtMs ?? nowMs + 24 * hourMs,
    labelEpoch: 0,
    vrfPublicKey: encodeBase64Url(of.vrfPublicKey),
    faults: of.options.faults ?? 0,
    holds: {
      recoveryMs: hourMs,
      emailMs: 24 * hourMs,
      possessionMs: 72 * hourMs,
      lockedMs: 168 * hourMs,
      releaseMs: 72 * hourMs,
      unlockMs: 168 * hourMs,
      emailChangeMs: 72 * hourMs,
      theftMs: 72 * hourMs,
      noticeMs: 168 * hourMs,
    },
    ruleset: { number: 1, activatesAtMs: 0 },
    members: names.map((name, index) => ({
      name,
      organisation: `${name} Foundation`,
      legalForm: 'foundation',
      auditor: 'Test Audits',
      lastAudit: '2026-01-31',
      governanceKeys: [verifierKeyOf(`governance.${name}.test`, `governance ${name}`)],
      logKey: verifierKeyOf(originOf(name), `log ${name}`),
      peerId: `12D3KooW${name}`.replaceAll('l', 'L'),
      addresses: [`/ip4/127.0.0.1/tcp/${9000 + index}`],
      api: `https://localhost:${portOf(of.servers[index]!)}`,
      zone: `e164.${name}.test`,
      zoneDs: [],
      state: 'active',
    })),
    logs: names.map((name) => ({
      origin: originOf(name),
      size: 0,
      root: crypto.sha256().toBase64(),
    })),
  };
}

function verifierKeyOf(name: string, secret: string): string {
  const { publicKey } = crypto.ed25519Signer(secretOf(secret));
  return encodeVerifierKey({ name, publicKey, algorithm: 0x01 }, crypto);
}

/** Signs a charter with the governance keys of `names`. */
export function signCharter(charter: Charter, names: readonly string[]): string {
  return signCharterText(encodeCharter(charter), names);
}

/** Signs a charter's text with the governance keys of `names`. */
export function signCharterText(text: string, names: readonly string[]): string {
  const signers = names.map((name) => {
    const signer = crypto.ed25519Signer(secretOf(`governance ${name}`));
    return noteSigner({ name: `governance.${name}.test`, signer }, crypto);
  });
  return signNote(text, signers);
}

const connections = new WeakMap<Server, Set<Socket>>();

async function listen(): Promise<Server> {
  const [cert, key] = await Promise.all([
    readFile(authorityPath),
    readFile(join(fixtures, 'localhost-key.pem')),
  ]);
  const server = createServer({ cert, key });
  const sockets = new Set<Socket>();
  connections.set(server, sockets);
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, 'localhost', resolve);
  });
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise((resolve) => {
    server.close(resolve);
  });
  server.closeAllConnections();
  // Nor those that have not asked for anything yet, which the client would keep for three seconds.
  for (const socket of connections.get(server) ?? []) socket.destroy();
  await closed;
}

function serve(
  server: Server,
  member: TestMember,
  world: { charterNote: string; interference: () => Interference | undefined },
): void {
  server.on('request', (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const path = request.url ?? '/';
      const text = Buffer.concat(chunks).toString();
      const answer = (): Promise<TestAnswer> =>
        member.answer(request.method ?? 'GET', path, text === '' ? undefined : JSON.parse(text));
      const reply = async (): Promise<void> => {
        const interfered = await world.interference()?.({ member: member.name, path, answer });
        if (interfered === 'hang') return;
        if (interfered === 'break') {
          response.writeHead(200, { 'content-length': '1000' });
          response.write('{"results":[');
          setTimeout(() => response.destroy(), 20);
          return;
        }
        if (interfered !== undefined && 'text' in interfered) {
          response.writeHead(200, { 'content-type': 'text/html' }).end(interfered.text);
          return;
        }
        if (interfered === undefined && path === '/v1/charter') {
          response.writeHead(200, { 'content-type': 'text/plain' }).end(world.charterNote);
          return;
        }
        const { status, json } = interfered ?? (await answer());
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(JSON.stringify(json));
      };
      reply().catch((error: unknown) => {
        response
          .writeHead(500)
          .end(JSON.stringify({ code: 'internal_error', detail: String(error) }));
      });
    });
  });
}
