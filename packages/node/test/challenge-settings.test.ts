/** Which channels a configuration opens, in which order, and what is told of one that cannot be. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parse, stringify } from 'yaml';
import { channelsFor } from '../src/challenge-settings.ts';
import { readConfig } from '../src/config.ts';
import type { NodeConfig } from '../src/config.ts';

const page = readFileSync(
  join(import.meta.dirname, '../../../docs/operators/configuration.md'),
  'utf8',
);
const example = parse(/```yaml\n([\s\S]*?)```/.exec(page)![1]!) as Record<string, unknown>;
const { channels } = example['challenges'] as { readonly channels: Record<string, object> };

async function read(challenges: object): Promise<{ config: NodeConfig; folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-settings-'));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  const file = join(folder, 'node.yaml');
  await writeFile(file, stringify({ ...example, challenges }));
  return { config: await readConfig(file), folder };
}

describe('the channels of a scheme', () => {
  it.each([
    ['one', { by: { tel: 'smpp' }, channels }, ['smpp']],
    [
      'several, in their order',
      { by: { tel: ['webhook', 'smpp'] }, channels },
      ['webhook', 'smpp'],
    ],
    ['the outbox where none is named', { by: { sip: 'sip' }, channels, outbox: 'o' }, ['outbox']],
    ['none', { by: { sip: 'sip' }, channels }, []],
  ])('are %s', async (_, challenges, expected) => {
    const { config } = await read(challenges);
    expect(channelsFor(config.challenges, 'tel')).toEqual(expected);
  });

  it.each([
    ['no list', { by: { tel: [] }, channels }, 'challenges.by.tel'],
    ['the same twice', { by: { tel: ['smpp', 'smpp'] }, channels }, 'challenges.by.tel'],
    ['none that carries numbers', { by: { tel: ['smtp'] }, channels }, 'challenges.by.tel'],
    [
      'a second without settings',
      { by: { tel: ['smpp', 'webhook'] }, channels: { smpp: channels['smpp'] } },
      'challenges.by.tel: needs challenges.channels.webhook',
    ],
    [
      'an outbox without a path',
      { by: { tel: ['smpp', 'outbox'] }, channels },
      'needs challenges.outbox',
    ],
  ])('are not %s', async (_, challenges, said) => {
    await expect(read(challenges)).rejects.toThrow(said);
  });
});

it('the files of secrets stand beside the configuration', async () => {
  const { config, folder } = await read({ by: { tel: 'smpp' }, channels });
  const { smpp, webhook, smtp, sip } = config.challenges.channels!;
  expect([smpp!.passwordFile, smpp!.ca]).toEqual([
    join(folder, 'smpp.password'),
    join(folder, 'smsc-ca.pem'),
  ]);
  expect(webhook!.secretFile).toBe(join(folder, 'webhook.secret'));
  expect(smtp!.login).toEqual({ user: 'codes', passwordFile: join(folder, 'smtp.password') });
  expect(sip!.login).toEqual({ user: 'callbook', passwordFile: join(folder, 'sip.password') });
  expect(sip!.ca).toBe(join(folder, 'sip-ca.pem'));
});

it('an account at a SIP proxy has no quotes in its name', async () => {
  const login = { user: 'a"b', passwordFile: 'sip.password' };
  const sip = { ...channels['sip'], login };
  await expect(read({ by: { sip: 'sip' }, channels: { sip } })).rejects.toThrow(
    'challenges.channels.sip.login.user',
  );
});
