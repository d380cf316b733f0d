/** Founding a federation and signing its charters by command, with files alone. */
import { chown, chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createZoneKeys } from '@callbook/dns';
import { charterSet, encodeCanonicalJson, nextCharterText, parseCharter } from '@callbook/protocol';
import { nodeCryptography as crypto } from '@callbook/protocol/crypto/node';
import type { Charter } from '@callbook/protocol';
import { charterCommand } from '../../src/commands/charter.ts';
import { vrfCommand } from '../../src/commands/vrf.ts';

const names = ['alpha', 'beta', 'gamma'];
const dayMs = 86_400_000;
let folder = '';
const file = (name: string): string => join(folder, name);

async function run(...args: readonly string[]): Promise<string> {
  let printed = '';
  const print = (text: string): void => {
    printed += text;
  };
  const [name, ...rest] = args;
  const command = name === 'vrf' ? vrfCommand(print) : charterCommand(print);
  await command.parseAsync(name === 'vrf' ? rest : args, { from: 'user' });
  return printed;
}

const json = async <Result>(...args: readonly string[]): Promise<Result> =>
  JSON.parse(await run(...args, '--json')) as Result;

/** What each operator does alone: keys, and a description. */
async function prepare(name: string): Promise<void> {
  await mkdir(file(name), { recursive: true });
  await createZoneKeys(file(`${name}/zone-keys`), 13);
  await writeFile(file(`${name}/node.yaml`), configuration(name));
  const key = ['key', file(`${name}/governance.key`), '--name', `${name}.test/governance`];
  const { verifierKey } = await json<{ verifierKey: string }>(...key);
  expect(await run(...key, '--show')).toBe(`${verifierKey}\n`);
  await run(
    'describe',
    '--config',
    file(`${name}/node.yaml`),
    '--governance-key',
    verifierKey,
    '--organisation',
    `${name} e.V.`,
    '--legal-form',
    'association',
    '--auditor',
    'nobody',
    '--last-audit',
    '2026-01-01',
    '--api',
    `https://api.${name}.test`,
    '--zone',
    `e164.${name}.test`,
    '--address',
    '/ip4/192.0.2.1/tcp/4001',
    '--out',
    file(`${name}.json`),
  );
}

const configuration = (name: string): string => `
member: ${name}
dataDir: data
charters: [../charter-1.note]
keys: { log: log.key, peer: peer.key, vrf: vrf.key, zone: zone-keys }
dns:
  listen: [{ address: 127.0.0.1, port: 5300 }]
  nameservers: [{ name: ns.${name}.test, addresses: [192.0.2.1] }]
  contact: hostmaster@${name}.test
api: { listen: { address: '::1', port: 8443 }, certificate: api.pem, privateKey: api.key }
mesh: { listen: [/ip4/127.0.0.1/tcp/4001] }
challenges: { outbox: outbox.jsonl }
`;

async function sign(proposal: string, name: string, previous?: string): Promise<string> {
  const out = file(`${proposal}.${name}`);
  await run(
    'sign',
    file(proposal),
    '--key',
    file(`${name}/governance.key`),
    '--out',
    out,
    ...(previous === undefined ? [] : ['--previous', file(previous)]),
  );
  return out;
}

/** The whole ceremony; leaves `charter-1.note` and the secret in `vrf.key`. */
async function found(): Promise<Charter> {
  for (const name of names) await prepare(name);
  const { vrfKey } = await json<{ vrfKey: string }>('vrf', 'new', file('vrf.key'));
  const descriptions = names.map((name) => file(`${name}.json`));
  await run('found', ...descriptions, `--vrf-key=${vrfKey}`, '--out', file('charter-1.json'));
  const copies = [];
  for (const name of names) copies.push(await sign('charter-1.json', name));
  await run('merge', ...copies, '--out', file('charter-1.note'));
  const charter = parseCharter(await readFile(file('charter-1.note'), 'utf8'));
  if (charter.verdict !== 'accept') throw new Error(charter.message);
  return charter.value;
}

/** Writes a proposal that follows `charter-1.note`, effective so long from now. */
async function propose(
  name: string,
  statements: Readonly<Record<string, string>>,
  inMs: number,
): Promise<void> {
  const previousNote = await readFile(file('charter-1.note'), 'utf8');
  const effectiveAtMs = Date.now() + inMs;
  const times = { effectiveAtMs, expiresAtMs: effectiveAtMs + 300 * dayMs };
  const drafted = new Map(Object.entries(statements));
  const text = nextCharterText({ statements: drafted, previousNote, logs: [], ...times }, crypto);
  if (text.verdict !== 'accept') throw new Error(text.message);
  await writeFile(file(name), text.value);
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-charter-'));
});
afterEach(async () => await rm(folder, { recursive: true }));

describe('founding', () => {
  it('makes a charter that all have signed, and brings the secret to each', async () => {
    const charter = await found();
    expect(charterSet([await readFile(file('charter-1.note'), 'utf8')], crypto).verdict).toBe(
      'accept',
    );
    expect(charter.members.map(({ name, state }) => `${name} ${state}`)).toEqual([
      'alpha active',
      'beta active',
      'gamma active',
    ]);
    expect(charter.members[0]!.zoneDs).toHaveLength(1);
    const shown = await json<{ signers: string[] }>('show', file('charter-1.note'));
    expect(shown.signers).toEqual(names);
    for (const name of names) {
      const config = ['--config', file(`${name}/node.yaml`)];
      const [request, sealed] = [file(`${name}.request`), file(`${name}.sealed`)];
      await run('vrf', 'request', ...config, '--member', file(`${name}.json`), '--out', request);
      const by = ['--secret', file('vrf.key'), '--charter', file('charter-1.note')];
      await run('vrf', 'seal', request, ...by, '--out', sealed);
      expect(await readFile(sealed, 'utf8')).not.toContain(
        (await readFile(file('vrf.key'))).toString('base64url'),
      );
      // Root opens it; the member runs as another user.
      await chown(file(`${name}/vrf.key.sealing`), 65_534, 65_534);
      await run('vrf', 'open', sealed, ...config);
      const opened = file(`${name}/vrf.key`);
      expect((await stat(opened)).uid).toBe(65_534);
      expect(await readFile(opened)).toEqual(await readFile(file('vrf.key')));
      expect((await stat(opened)).mode & 0o777).toBe(0o600);
      // Opened once, the sealed file is worthless.
      await rm(opened);
      await expect(run('vrf', 'open', sealed, ...config)).rejects.toMatchObject({
        code: 'key_file_unreadable',
      });
    }
  });

  it('never writes over a key', async () => {
    await prepare('alpha');
    await expect(
      run('key', file('alpha/governance.key'), '--name', 'x.test/governance'),
    ).rejects.toMatchObject({ code: 'output_unwritable' });
  });

  it('is refused while too few have signed, or copies are of two charters', async () => {
    await found();
    const alone = await sign('charter-1.json', 'alpha').catch(() => file('charter-1.json.alpha'));
    await expect(run('merge', alone, '--out', file('x.note'))).rejects.toMatchObject({
      code: 'charter_quorum_missing',
    });
    await propose('charter-2.json', { 'parameter/lockedMs': '900000000' }, 60_000);
    const other = await sign('charter-2.json', 'beta', 'charter-1.note');
    await expect(run('merge', alone, other, '--out', file('x.note'))).rejects.toMatchObject({
      code: 'charter_copies_differ',
    });
  });
});

describe('signing', () => {
  beforeEach(async () => {
    await found();
  });

  it('says what is signed, and what it changes', async () => {
    await propose('charter-2.json', { 'parameter/lockedMs': '900000000' }, 60_000);
    const shown = await run('show', file('charter-2.json'), '--previous', file('charter-1.note'));
    expect(shown).toContain('~ lockedMs: 7 d → 250 h');
    expect(shown).toContain('Nothing in it asks for notice.');
    expect(shown).toContain('nobody (0 of 2 needed of version 1; 0 of 2 needed of version 2)');
    const copies = [];
    for (const name of ['alpha', 'gamma']) {
      copies.push(await sign('charter-2.json', name, 'charter-1.note'));
    }
    const previous = ['--previous', file('charter-1.note')];
    const merged = await run('merge', ...copies, ...previous, '--out', file('charter-2.note'));
    expect(merged).toContain(
      'alpha, gamma (2 of 2 needed of version 1; 2 of 2 needed of version 2)',
    );
  });

  it('may be repeated, but never for another charter of that version', async () => {
    await propose('charter-2.json', { 'parameter/lockedMs': '900000000' }, 60_000);
    await propose('other.json', { 'parameter/lockedMs': '900000001' }, 60_000);
    await sign('charter-2.json', 'alpha', 'charter-1.note');
    await rm(file('charter-2.json.alpha'));
    await sign('charter-2.json', 'alpha', 'charter-1.note');
    await expect(sign('other.json', 'alpha', 'charter-1.note')).rejects.toMatchObject({
      code: 'charter_version_signed',
    });
    await writeFile(file('alpha/governance.key.signed'), 'damaged\n');
    await expect(sign('other.json', 'alpha', 'charter-1.note')).rejects.toMatchObject({
      code: 'signed_versions_unreadable',
    });
  });

  it('waits for the notice that the charter in force asks for', async () => {
    const shorter = { 'parameter/possessionMs': '1000' };
    await propose('hasty.json', shorter, 7 * dayMs - 60_000);
    await expect(sign('hasty.json', 'alpha', 'charter-1.note')).rejects.toMatchObject({
      code: 'charter_notice_short',
    });
    await propose('timely.json', shorter, 7 * dayMs + 60_000);
    await sign('timely.json', 'alpha', 'charter-1.note');
  });

  it('is refused once its time has passed, unless it silences a member', async () => {
    await propose('late.json', { 'parameter/lockedMs': '900000000' }, 10);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await expect(sign('late.json', 'alpha', 'charter-1.note')).rejects.toMatchObject({
      code: 'charter_notice_short',
    });
    await propose('urgent.json', { 'state/gamma': 'readonly' }, 10);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await sign('urgent.json', 'alpha', 'charter-1.note');
  });

  it('is refused for a step that may not follow, or on a charter that no quorum signed', async () => {
    await propose('charter-2.json', {}, 60_000);
    const text = await readFile(file('charter-2.json'), 'utf8');
    const moved = encodeCanonicalJson({ ...(JSON.parse(text) as object), labelEpoch: 5 })!;
    await writeFile(file('moved.json'), `${moved}\n`);
    await expect(sign('moved.json', 'alpha', 'charter-1.note')).rejects.toMatchObject({
      code: 'charter_succession_invalid',
    });
    await expect(sign('charter-2.json', 'alpha', 'charter-1.json.beta')).rejects.toMatchObject({
      code: 'charter_signers_missing',
    });
    await expect(sign('charter-2.json', 'alpha')).rejects.toMatchObject({
      code: 'charter_not_founding',
    });
  });

  it('takes a governance key alone, and one that nobody else can read', async () => {
    await propose('charter-2.json', {}, 60_000);
    await writeFile(file('alpha/governance.key'), await readFile(file('alpha/log.key')));
    await expect(sign('charter-2.json', 'alpha', 'charter-1.note')).rejects.toMatchObject({
      code: 'governance_key_unlisted',
    });
    await chmod(file('beta/governance.key'), 0o644);
    await expect(sign('charter-2.json', 'beta', 'charter-1.note')).rejects.toMatchObject({
      code: 'key_file_exposed',
    });
  });
});

describe('the VRF secret', () => {
  it('is sealed to a member of the charter alone, by its log key, and is the one it names', async () => {
    await found();
    const charter = ['--charter', file('charter-1.note')];
    const ask = async (name: string, out: string): Promise<void> => {
      const config = ['--config', file(`${name}/node.yaml`), '--member', file(`${name}.json`)];
      await run('vrf', 'request', ...config, '--out', file(out));
    };
    const seal = async (request: string, secret: string): Promise<unknown> =>
      await run(
        'vrf',
        'seal',
        file(request),
        '--secret',
        file(secret),
        ...charter,
        '--out',
        file('s'),
      );
    await prepare('mallory');
    await ask('mallory', 'mallory.request');
    await expect(seal('mallory.request', 'vrf.key')).rejects.toMatchObject({
      code: 'vrf_request_refused',
    });
    await ask('alpha', 'alpha.request');
    const request = await readFile(file('alpha.request'), 'utf8');
    await writeFile(file('stolen.request'), request.replace('alpha\n', 'beta\n'));
    await expect(seal('stolen.request', 'vrf.key')).rejects.toMatchObject({
      code: 'vrf_request_refused',
    });
    await run('vrf', 'new', file('other.key'));
    await expect(seal('alpha.request', 'other.key')).rejects.toMatchObject({
      code: 'vrf_seal_refused',
    });
    await seal('alpha.request', 'vrf.key');
    await ask('beta', 'beta.request');
    await expect(
      run('vrf', 'open', file('s'), '--config', file('beta/node.yaml')),
    ).rejects.toMatchObject({ code: 'vrf_seal_refused' });
    const changed = (await readFile(file('s'), 'utf8')).replace(/"sealed":"(.)/, (_, first) =>
      first === 'A' ? '"sealed":"B' : '"sealed":"A',
    );
    await writeFile(file('changed'), changed);
    await expect(
      run('vrf', 'open', file('changed'), '--config', file('alpha/node.yaml')),
    ).rejects.toMatchObject({ code: 'vrf_seal_refused' });
  });
});
