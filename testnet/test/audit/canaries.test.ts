/**
 * Canaries of an auditor on a testnet with a resolver that validates: seen everywhere, by command and by
 * daemon, until somebody else changes one; and a member whose zone signs what nobody has published.
 */
import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { CacheFolder, compareNumbers, Findings, storedCharters } from '@callbook/auditor';
import type { Finding } from '@callbook/auditor';
import { createDirectory, holdingPayload, parseHoldingJson } from '@callbook/client';
import type { Fetch, Holding } from '@callbook/client';
import { createDirectoryZone, createResponder, loadZoneKeys } from '@callbook/dns';
import { parseVerifierKey, verifyCosignature } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { environment, eventually, openLab, startUnbound } from '../lab.ts';
import type { Lab } from '../lab.ts';

const number = '+4915123456789';
const [everythingIsWell, verifiedBad] = [0, 3];
const wholeView = { state: 'published', lookups: 3, zones: 3, resolved: 3, members: 3 };

let lab: Lab;
let unbound: AsyncDisposable;
let charterNote: string;
let resolver: string;
const daemons: ChildProcess[] = [];

beforeAll(async () => {
  lab = await openLab(3);
  unbound = await startUnbound(lab);
  const { address, port } = lab.description.resolver;
  resolver = `${address}:${port}`;
  charterNote = await readFile(lab.testnet.layout.charterFile, 'utf8');
  const authority = await readFile(lab.testnet.layout.caFile, 'utf8');
  setDefaultCACertificates([...getCACertificates('default'), authority]);
}, 120_000);

afterAll(async () => {
  for (const daemon of daemons) daemon.kill('SIGKILL');
  await unbound?.[Symbol.asyncDispose]();
  await lab?.[Symbol.asyncDispose]();
});

it('are registered as by anybody, and found by every way there is', async () => {
  const { outbox } = lab.description;
  const route = '--sip sip:canary@sip.example';
  const added = await lab.callbook(
    `audit canary add ${number} ${route} --form app --code-from ${outbox} --cache audit`,
  );
  expect(added, added.stderr).toMatchObject({ code: everythingIsWell });
  const listed = await lab.callbook('audit canary list --cache audit --json');
  expect(JSON.parse(listed.stdout)).toMatchObject({
    canaries: [{ name: 'canary_0', identifier: `tel:${number}` }],
  });
  // Its key is the audit's, and not among those of whoever runs the command.
  const own = await lab.callbook('status --json');
  expect(own.stdout).not.toContain(number);
  await lab.callbook('audit replay --cache audit');
  const checked = await eventually(
    async () =>
      await lab.callbook(`audit canary check --resolver ${resolver} --cache audit --json`),
    ({ stdout }) => ['lookups', 'zones', 'resolved'].every((way) => stdout.includes(`"${way}":3`)),
    60_000,
  );
  expect(JSON.parse(checked.stdout)).toEqual({
    canaries: [{ name: 'canary_0', ...wholeView }],
    findings: [],
  });
  expect(checked.code).toBe(everythingIsWell);
}, 120_000);

it('are compared with the others, by place and not by number', async () => {
  // Whoever is late is not counted.
  const ran = await eventually(
    async () =>
      await lab.callbook(
        `audit compare ${number} +34912345678 --canaries --resolver ${resolver} --cache audit --json`,
      ),
    ({ stdout }) =>
      ['lookups', 'zones', 'resolved'].every((way) => stdout.split(`"${way}":3`).length === 3),
    60_000,
  );
  expect(ran, ran.stderr).toMatchObject({ code: everythingIsWell });
  const { numbers, findings } = JSON.parse(ran.stdout) as Record<string, unknown>;
  expect(numbers).toMatchObject([
    { name: 'canary_0', ...wholeView },
    { name: 'number_0', ...wholeView },
    // Nobody holds it; a proof of that takes a token, so there is nothing to hold the zones against.
    { name: 'number_1', state: 'unproven' },
  ]);
  expect(findings).toEqual([]);
}, 120_000);

it('convict a member whose zone signs other keys than their entry has', async () => {
  const holding = await readHolding();
  const [alpha] = lab.testnet.layout.members;
  const lying = await lyingFetch(holding);
  const folder = new CacheFolder(join(lab.folder, 'audit'));
  const findings = new Findings();
  const options = { charterNote, crypto, fetch: lying };
  const [seen] = await compareNumbers([{ identifier: holding.identifier, holding }], {
    directory: createDirectory({ ...options, privacy: 'plain' }),
    openBy: (dns) => createDirectory({ ...options, dns }),
    fetch: lying,
    findings,
    folder,
    charters: storedCharters({ folder, crypto }, charterNote),
    crypto,
    nowMs: () => Date.now(),
    settleMs: 0,
  });
  expect(seen).toMatchObject({ lookups: 3, zones: 2, resolved: null });
  const [finding, ...more] = findings.all();
  expect(more).toEqual([]);
  expect(finding).toMatchObject({
    code: 'dns_differs',
    member: alpha!.name,
    kind: 'canary_0_other_content',
    convicts: [alpha!.name],
    grave: true,
  });
  const judged = await lab.callbook(
    `audit evidence verify audit/${finding!.evidence!} --cache audit`,
  );
  expect(judged, judged.stdout + judged.stderr).toMatchObject({ code: everythingIsWell });
  expect(judged.stdout).toContain(`convicts  ${alpha!.name}`);
}, 60_000);

it('that somebody else changes make the daemon call its webhook and end with 3', async () => {
  const posted: { readonly findings: readonly Finding[] }[] = [];
  const pager = createServer((request, response) => {
    request.toArray().then(
      (chunks: Buffer[]) => {
        posted.push(JSON.parse(Buffer.concat(chunks).toString()) as (typeof posted)[0]);
        response.writeHead(204).end();
      },
      () => response.destroy(),
    );
  });
  pager.listen(0, '127.0.0.1');
  await once(pager, 'listening');
  try {
    const hook = `http://127.0.0.1:${(pager.address() as AddressInfo).port}/hook`;
    const flags = ['--every', '1', '--settle', '3', '--webhook', hook, '--until-problem', '--json'];
    const daemon = watching(flags);
    await daemon.agrees();
    expect(posted).toEqual([]);
    // Whoever has read the key from the auditor's disk.
    const thief = createDirectory({ charterNote, crypto });
    const routes = [{ service: 'sip', uri: 'sip:thief@sip.example', preference: 10 }] as const;
    await thief.publish(await readHolding(), { routes });
    expect(await daemon.ended).toEqual([verifiedBad, null]);
    const told = posted.flatMap(({ findings }) => findings);
    expect(told).toContainEqual(expect.objectContaining({ code: 'canary_changed' }));
    expect(told.every(({ grave }) => grave)).toBe(true);
    expect(JSON.stringify(posted)).not.toContain(number.slice(1));
  } finally {
    pager.close();
  }
}, 180_000);

it('leave a daemon that is stopped with the status of what it has seen', async () => {
  const { agrees, ended, child } = watching(['--every', '1', '--json'], 'another');
  await agrees();
  child.kill('SIGTERM');
  expect(await ended).toEqual([everythingIsWell, null]);
}, 120_000);

it('leave the daemon free to be a witness, whose cosignature a member shows from then on', async () => {
  const keyFile = join(lab.folder, 'witness.key');
  const secret = randomBytes(32).toString('hex');
  await writeFile(keyFile, `witness.audit.example/w1 ${secret}\n`, { mode: 0o600 });
  const listening = ['--witness-key', keyFile, '--witness-listen', '127.0.0.1:0'];
  const { nextLine, child, ended } = watching(['--every', '1', '--json', ...listening], 'another');
  const { witness, port } = JSON.parse(await nextLine()) as { witness: string; port: number };
  const { name, configFile } = lab.testnet.layout.members[0]!;
  await lab.testnet.members[0]!.stop('SIGTERM');
  const setting = `witnesses:\n  - url: http://127.0.0.1:${port}\n    key: ${witness}\n`;
  await appendFile(configFile, setting);
  await lab.testnet.restart(name);
  const key = parseVerifierKey(witness);
  if (key.verdict !== 'accept') throw new Error(key.code);
  const { api, origin } = lab.description.members[0]!;
  await eventually(
    // A connection from before the restart may be found to be closed only when it is used.
    async () =>
      await fetch(`${api}/log/${origin}/checkpoint`).then((answer) => answer.text(), String),
    (note) => verifyCosignature(note, key.value, crypto).verdict === 'accept',
    60_000,
  );
  const [remembered] = await readdir(join(lab.folder, 'another/witness'));
  expect(remembered).toBe(encodeURIComponent(origin));
  child.kill('SIGTERM');
  await ended;
}, 120_000);

/** `callbook audit watch` as a process of its own: `callbook` in the repository is one before it. */
function watching(flags: readonly string[], cache = 'audit') {
  const main = join(import.meta.dirname, '../../../packages/cli/src/main.ts');
  const command = ['--conditions=@callbook/source', main, 'audit', 'watch', '--cache', cache];
  const child = spawn(process.execPath, [...command, ...flags], {
    cwd: lab.folder,
    env: environment(lab.folder),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  daemons.push(child);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => String((await lines.next()).value);
  /** Waits for a run in which all members agree; until then one of them may be behind. */
  const agrees = async (): Promise<void> => {
    for (;;) {
      const run = JSON.parse(await nextLine()) as { verdict: string; news: readonly Finding[] };
      expect(run.news.filter(({ grave }) => grave)).toEqual([]);
      if (run.verdict === 'agree') return;
    }
  };
  return { child, nextLine, agrees, ended: once(child, 'exit') };
}

/** What the auditor has published, from the key file of its canary. */
async function readHolding(): Promise<Holding> {
  const folder = join(lab.folder, 'audit/canaries');
  const [file] = await readdir(folder);
  const text = await readFile(join(folder, file!), 'utf8');
  const body = JSON.parse(text.replaceAll(/^#.*\n/gm, '')) as { readonly holding: unknown };
  return parseHoldingJson(body.holding);
}

/** The first member with its real zone keys, and another identity key for the canary. */
async function lyingFetch(holding: Holding): Promise<Fetch> {
  const [alpha] = lab.testnet.layout.members;
  const { identifier, entryId, ownershipId, label, labelEpoch, epoch, seq } = holding;
  const payload = holdingPayload(holding);
  const keys = payload.keys.map((published) =>
    published.use === 'identity' ? { ...published, key: new Uint8Array(32).fill(9) } : published,
  );
  const binding = { ...payload, keys, identifier, labelEpoch, label, epoch, seq };
  const logged = { ownershipId, entryId, origin: alpha!.origin, changedAtMs: Date.now() };
  const zone = createDirectoryZone({
    apex: alpha!.zone,
    nameservers: [{ name: `ns.${alpha!.zone}.`, addresses: [] }],
    contact: 'hostmaster@alpha.test',
    charterHash: () => new Uint8Array(32),
    source: {
      byDigits: () => ({ ...binding, ...logged, pending: [] }),
      byOwnerHash: () => undefined,
    },
    keys: await loadZoneKeys(join(alpha!.folder, 'zone-keys')),
    clock: { nowMs: () => Date.now() },
  });
  const respond = createResponder([zone]);
  return async (url, init) => {
    const isAsked = new URL(url).port === String(alpha!.apiPort) && url.endsWith('/dns-query');
    if (!isAsked) return await fetch(url, init);
    const query = await new Response(init?.body ?? null).bytes();
    const answer = respond(query, 'tcp')!;
    return new Response(new Uint8Array(answer), {
      headers: { 'content-type': 'application/dns-message' },
    });
  };
}
