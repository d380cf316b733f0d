/** `callbook-node keys`: what each command says and does, at a member and on the machine with its KSK. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dnskeyOfEntry, dsOf, formatDs, openKeyFolder, openKeyKeeper } from '@callbook/dns';
import type { KeyKeeper } from '@callbook/dns';
import { keysCommand } from '../../src/commands/keys.ts';
import { readConfig } from '../../src/config.ts';
import { nameOfZone, zoneKeyTimings } from '../../src/member-keys.ts';

const configuration = `
member: alpha
dataDir: data
charters: [charter.note]
keys: { log: log.key, peer: peer.key, vrf: vrf.key, zone: zone-keys }
dns:
  listen: [{ address: 127.0.0.1, port: 5300 }]
  nameservers: [{ name: ns.alpha.example, addresses: [192.0.2.1] }]
  contact: hostmaster@alpha.example
  keys: { zskLifetimeDays: 30, propagationSeconds: 3600, parentDsTtlSeconds: 3600 }
api: { listen: { address: '::1', port: 8443 }, certificate: api.pem, privateKey: api.key }
mesh: { listen: [/ip4/127.0.0.1/tcp/4001] }
challenges: { outbox: outbox.jsonl }
`;
const repository = join(import.meta.dirname, '../../../..');
const vector = join(repository, 'vectors/charter/valid/founding_three_members.json');
const hourMs = 3_600_000;

let folder = '';
let config = '';
let clock = { now: 0, nowMs: (): number => clock.now };
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-keys-'));
  config = join(folder, 'node.yaml');
  clock = { ...clock, now: Date.now(), nowMs: () => clock.now };
  await writeFile(config, configuration);
  await nameInCharter([]);
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Writes a charter that names these DS for alpha. */
async function nameInCharter(zoneDs: readonly string[]): Promise<void> {
  const { note } = JSON.parse(await readFile(vector, 'utf8')) as { note: string };
  const first = /"zone":"e164\.alpha\.example","zoneDs":\[[^\]]*\]/;
  const named = `"zone":"e164.alpha.example","zoneDs":${JSON.stringify(zoneDs)}`;
  await writeFile(join(folder, 'charter.note'), note.replace(first, named));
}

async function run(...args: readonly string[]): Promise<string> {
  let printed = '';
  const command = keysCommand((text) => {
    printed += text;
  });
  await command.parseAsync(args, { from: 'user' });
  return printed;
}

async function json<Result>(...args: readonly string[]): Promise<Result> {
  const printed = await run(...args, '--json');
  expect(printed.trimEnd()).not.toContain('\n');
  return JSON.parse(printed) as Result;
}

/** Runs the commands that a page shows for a shell; returns how many. */
async function runShown(page: string): Promise<number> {
  const blocks = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, block]) => block!);
  const commands = blocks.join('').trimEnd().split('\n');
  for (const command of commands) {
    const [program, keys, ...args] = command.split(' ');
    expect([program, keys]).toEqual(['callbook-node', 'keys']);
    expect(await run(...args)).not.toBe('');
  }
  return commands.length;
}

interface Listed {
  readonly keys: readonly { id: string; phase: string; keyTag: number; algorithm: number }[];
  readonly nextStepAt?: string;
  readonly presignedUntil?: string;
}
interface Delegation {
  readonly zone: string;
  readonly ds: readonly { id: string; ds: string; wanted: boolean; inCharter: boolean }[];
}

async function member(): Promise<KeyKeeper> {
  const { keys, dns } = await readConfig(config);
  return await openKeyKeeper({
    apex: 'e164.alpha.example',
    store: openKeyFolder(keys.zone),
    timings: zoneKeyTimings(dns),
    clock,
  });
}

async function pass(keeper: KeyKeeper, hours: number): Promise<void> {
  clock.now += hours * hourMs;
  await keeper.advance();
}

describe('callbook-node keys', () => {
  it('create and list say which keys there are and what comes next', async () => {
    const created = await json<Listed>('create', '--config', config);
    expect(created.keys).toMatchObject([
      { id: 'ksk', phase: 'active', algorithm: 13 },
      { id: 'zsk', phase: 'active', algorithm: 13 },
    ]);
    expect(await json('list', '--config', config)).toEqual(created);
    expect(await json('create', '--config', config, '--algorithm', '15')).toEqual(created);
    const text = await run('list', '--config', config);
    expect(text).toMatch(/^zsk +\d+ +13 {2}active +20/m);
    expect(text).toMatch(/^Next step by itself: 20/m);
  });

  it('roll zsk is taken up by the member', async () => {
    await run('create', '--config', config, '--algorithm', '15');
    const keeper = await member();
    expect(await json('roll', 'zsk', '--config', config)).toEqual({
      role: 'zsk',
      replaces: 'zsk',
      requested: true,
    });
    expect(await run('roll', 'zsk', '--config', config)).toContain('zsk is being replaced already');
    await pass(keeper, 0);
    await pass(keeper, 2);
    const { keys } = await json<Listed>('list', '--config', config);
    expect(keys.map(({ id, phase }) => `${id} ${phase}`)).toEqual([
      'ksk active',
      'zsk retired',
      'zsk-2 active',
    ]);
  });

  it('ds follows a KSK until the parent and the charter have it', async () => {
    await run('create', '--config', config);
    const keeper = await member();
    const first = await json<Delegation>('ds', '--config', config);
    expect(first).toMatchObject({ zone: 'e164.alpha.example.', ds: [{ id: 'ksk', wanted: true }] });
    await run('roll', 'ksk', '--config', config);
    await pass(keeper, 0);
    await expect(run('ds', '--confirm', 'ksk-2', '--config', config)).rejects.toMatchObject({
      code: 'dns_key_phase_unfit',
    });
    await pass(keeper, 2);
    const second = await json<Delegation>('ds', '--config', config);
    expect(second.ds).toMatchObject([
      { id: 'ksk-2', wanted: true, inCharter: false },
      { id: 'ksk', wanted: false },
    ]);
    expect(await run('ds', '--config', config)).toContain('--confirm ksk-2');
    await expect(run('ds', '--confirm', 'ksk-2', '--config', config)).rejects.toMatchObject({
      code: 'member_key_mismatch',
    });
    await nameInCharter([first.ds[0]!.ds, second.ds[0]!.ds]);
    await run('ds', '--confirm', 'ksk-2', '--config', config);
    await pass(keeper, 0);
    await pass(keeper, 3);
    await pass(keeper, 0);
    const { keys } = await json<Listed>('list', '--config', config);
    expect(keys.map(({ id, phase }) => `${id} ${phase}`)).toEqual(['zsk active', 'ksk-2 active']);
    await expect(run('ds', '--confirm', 'ksk-9', '--config', config)).rejects.toMatchObject({
      code: 'dns_key_unknown',
    });
  });

  it('carries a request to the machine with the KSK and its signatures back', async () => {
    const vault = join(folder, 'vault');
    const [request, signed] = [join(folder, 'request.json'), join(folder, 'signed.json')];
    await run('create', '--config', config, '--only', 'zsk');
    await run('create', '--folder', vault, '--only', 'ksk');
    expect(await readdir(join(folder, 'zone-keys'))).not.toContain('ksk.pem');
    await expect(member()).rejects.toMatchObject({ code: 'dns_presigned_missing' });

    const asked = await run('export-request', '--config', config, '--out', request);
    expect(asked).toContain('callbook-node keys sign-request');
    expect(await run('sign-request', request, '--folder', vault, '--out', signed)).toContain(
      'callbook-node keys import',
    );
    const taken = await json<{ periods: unknown[] }>('import', signed, '--config', config);
    expect(taken.periods.length).toBeGreaterThan(7);

    clock.now = Date.now();
    const keeper = await member();
    expect(keeper.current()).toMatchObject({ kskSigners: [], presigned: expect.anything() });
    const listed = await json<Listed>('list', '--config', config);
    expect(listed.presignedUntil).toMatch(/^20/);
    expect(listed.keys.filter(({ phase }) => phase === 'generated').length).toBeGreaterThan(1);

    await expect(run('roll', 'ksk', '--config', config)).rejects.toMatchObject({
      code: 'ksk_elsewhere',
    });
    expect(await run('roll', 'ksk', '--folder', vault)).toContain('introduced by the next request');
    const again = run('export-request', '--config', config, '--out', request);
    await expect(again).rejects.toMatchObject({ code: 'output_unwritable' });
    await rm(request);
    await run('export-request', '--config', config, '--out', request, '--days', '30');
    await run('sign-request', request, '--folder', vault, '--out', `${signed}.2`);
    await run('import', `${signed}.2`, '--config', config);
    await pass(keeper, (Date.now() - clock.now) / hourMs);
    const ksks = keeper.snapshot().state.keys.filter(({ role }) => role === 'ksk');
    expect(ksks.map(({ phase }) => phase)).toEqual(['active', 'published']);
    const { ds } = await json<Delegation>('ds', '--config', config);
    const wanted = formatDs(dsOf(nameOfZone('e164.alpha.example'), dnskeyOfEntry(ksks[0]!)));
    expect(ds[0]).toMatchObject({ ds: wanted, wanted: true });
  });

  it('runs as docs/operators/keys.md shows it', async () => {
    const page = await readFile(join(repository, 'docs/operators/keys.md'), 'utf8');
    const [online, offline] = page.split('## A KSK on a machine without network');
    const outside = process.cwd();
    process.chdir(folder);
    try {
      expect(await runShown(online!)).toBeGreaterThan(4);
      // The other part is about a new member.
      await rm(join(folder, 'zone-keys'), { recursive: true });
      expect(await runShown(offline!)).toBeGreaterThan(5);
    } finally {
      process.chdir(outside);
    }
  });

  it.each([
    ['a missing place', ['list'], 'config_unreadable'],
    ['an empty folder', ['list', '--folder', '/nonexistent/keys'], 'dns_key_missing'],
    [
      'a request that is not there',
      ['sign-request', '/nonexistent', '--folder', 'x', '--out', 'y'],
      'input_unreadable',
    ],
  ])('with %s says so', async (_what, args, code) => {
    await expect(run(...args)).rejects.toMatchObject({ code });
  });

  it('refuses a charter without this member', async () => {
    await writeFile(join(folder, 'charter.note'), 'nothing');
    await expect(run('list', '--config', config)).rejects.toMatchObject({
      code: 'charter_unreadable',
    });
  });
});
