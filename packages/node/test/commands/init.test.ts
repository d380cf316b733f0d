/** `init` as an operator meets it: with options, with questions, once more, and interrupted. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { charterHash } from '@callbook/protocol';
import { nodeCryptography as crypto } from '@callbook/protocol/crypto/node';
import { charterCommand } from '../../src/commands/charter.ts';
import { collectAnswers, openQuestions } from '../../src/commands/init-answers.ts';
import { initCommand } from '../../src/commands/init.ts';
import { readConfig } from '../../src/config.ts';
import { foundFolder } from '../configuration/founded-folder.ts';
import { runCommand } from '../configuration/run-command.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-init-'));
});

afterEach(async () => await rm(folder, { recursive: true, force: true }));

const about = [
  '--name',
  'delta',
  '--organisation',
  'Delta e.V., association',
  '--zone',
  'e164.delta.test',
  '--address',
  '192.0.2.53',
  '2001:db8::53',
];

async function init(...more: readonly string[]): Promise<string> {
  return await runCommand(initCommand, [...about, '--folder', folder, ...more]);
}

const modeOf = async (name: string): Promise<string> =>
  ((await stat(join(folder, name))).mode & 0o777).toString(8);

describe('init', () => {
  it('writes a configuration that is taken, and keys that nobody else reads', async () => {
    const result = JSON.parse(await init('--json')) as Record<string, string[]>;
    const config = await readConfig(join(folder, 'node.yaml'), {});
    expect(config).toMatchObject({
      member: 'delta',
      dataDir: join(folder, 'data'),
      dns: { contact: 'hostmaster@delta.test' },
      mesh: { listen: ['/ip4/192.0.2.53/tcp/4001', '/ip6/2001:db8::53/tcp/4001'] },
    });
    for (const name of ['log.key', 'peer.key', 'governance.key', 'data/vrf.key.sealing']) {
      expect(await modeOf(name)).toBe('600');
    }
    expect(await modeOf('data')).toBe('700');
    expect(result['delegation']!.join('\n')).toMatch(
      /e164\.delta\.test\. DS \d+ 13 2 [0-9A-F]{64}/,
    );
  });

  it('has an authority make the certificate when it is told to', async () => {
    await init('--yes', '--acme', 'letsencrypt');
    const { api } = await readConfig(join(folder, 'node.yaml'), {});
    expect(api.acme?.directory).toContain('letsencrypt.org');
    expect(api.certificate).toBeUndefined();
  });

  it('never writes over a member', async () => {
    await init('--yes');
    await expect(init('--yes')).rejects.toMatchObject({ code: 'output_unwritable' });
  });

  it('goes on with the same keys where it was interrupted', async () => {
    await init('--yes');
    const keys = await Promise.all(
      ['log.key', 'governance.key'].map(async (name) => await readFile(join(folder, name))),
    );
    const described = await readFile(join(folder, 'delta.json'), 'utf8');
    // As if we had crashed before the configuration got its name.
    await rename(join(folder, 'node.yaml'), join(folder, 'node.yaml.new'));
    await init('--yes');
    expect(await readFile(join(folder, 'log.key'))).toEqual(keys[0]);
    expect(await readFile(join(folder, 'governance.key'))).toEqual(keys[1]);
    expect(await readFile(join(folder, 'delta.json'), 'utf8')).toBe(described);
  });

  it.each([
    [['--zone', 'Delta'], '--zone: '],
    [['--name', 'Delta'], '--name: '],
    [['--organisation', 'Delta'], '--organisation: '],
    [['--address', 'localhost'], '--address: '],
    [['--contact', 'me'], '--contact: '],
    [['--owner', 'nobody-of-this-name'], '--owner: '],
  ])('refuses %j, and has written nothing', async (options, said) => {
    await expect(init('--yes', ...options)).rejects.toThrow(said);
    await expect(stat(join(folder, 'log.key'))).rejects.toThrow('ENOENT');
  });
});

describe('the five questions', () => {
  const ask = async (...lines: readonly string[]): Promise<unknown> => {
    const input = Readable.from([lines.map((line) => `${line}\n`).join('')]);
    using questions = openQuestions(input, new Writable({ write: (_, __, done) => done() }));
    return await collectAnswers({}, questions.ask);
  };

  it('are asked again when an answer cannot be used, and offer what is usual', async () => {
    const lines = ['Delta', 'delta', 'Delta e.V., association', 'e164.delta.test', '192.0.2.1'];
    expect(await ask(...lines, '')).toEqual({
      name: 'delta',
      organisation: 'Delta e.V.',
      legalForm: 'association',
      zone: 'e164.delta.test',
      addresses: ['192.0.2.1'],
      contact: 'hostmaster@delta.test',
    });
  });

  it('end with a code when nobody answers', async () => {
    await expect(ask('delta')).rejects.toMatchObject({ code: 'init_answer_invalid' });
  });
});

describe('charter fetch', () => {
  it('takes the charters of the federation that is meant, and of no other', async () => {
    await foundFolder(folder);
    const note = await readFile(join(folder, 'charters/charter-1.note'), 'utf8');
    await rm(join(folder, 'charters/charter-1.note'));
    const from = await serve(note);
    const fetch = async (...more: readonly string[]): Promise<string> => {
      const options = ['--config', join(folder, 'node.yaml'), '--ca', join(folder, 'ca.pem')];
      return await runCommand(charterCommand, ['fetch', ...options, '--from', from, ...more]);
    };
    await expect(fetch()).rejects.toMatchObject({ code: 'charter_foreign' });
    const wrong = fetch('--hash', '00'.repeat(32));
    await expect(wrong).rejects.toMatchObject({ code: 'charter_foreign' });
    const hash = charterHash(note, crypto).toHex();
    expect(await fetch('--hash', hash)).toContain('Version 1 names alpha.');
    expect(await readFile(join(folder, 'charters/charter-1.note'), 'utf8')).toBe(note);
    // Again, with what is here already in place of a hash.
    expect(await fetch()).not.toContain('is written');
    await writeFile(join(folder, 'charters/charter-1.note'), note.replace('alpha', 'other'));
    await expect(fetch()).rejects.toMatchObject({ code: 'charter_foreign' });
  });

  async function serve(note: string): Promise<string> {
    const how = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=x';
    const name = '-addext subjectAltName=DNS:localhost';
    const [key, cert] = [join(folder, 'ca.key'), join(folder, 'ca.pem')];
    const files = ['-keyout', key, '-out', cert];
    execFileSync('openssl', [...`${how} ${name}`.split(' '), ...files], { stdio: 'ignore' });
    const pair = { key: await readFile(key), cert: await readFile(cert) };
    const server = createServer(pair, ({ url }, response) => {
      const isThere = url === '/v1/charter/1';
      response.writeHead(isThere ? 200 : 404).end(isThere ? note : '');
    }).listen(0, 'localhost');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    return `https://localhost:${(server.address() as AddressInfo).port}`;
  }
});
