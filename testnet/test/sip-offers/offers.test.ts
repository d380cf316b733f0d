/**
 * What a call offers beside the caller's name: media, each stream of which is judged. And what a stock SIP
 * load generator gets that has no key, where telephones are not even listened for.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Person } from '../../src/sip/federation.ts';
import { networkAddresses } from '../../src/sip/own-network.ts';
import { sipPort } from '../../src/sip/provider.ts';
import { runCommand } from '../lab.ts';
import { identity } from '../sip/signed-claims.ts';
import { domains, openSipLab, phoneKeyOf } from '../sip/sip-lab.ts';
import type { SipLab } from '../sip/sip-lab.ts';
import { wrapInTls } from './tls-wrap.ts';

const [orig, dest] = ['+4915123456789', '+34912345678'];
vi.setConfig({ testTimeout: 60_000 });

const stack = new AsyncDisposableStack();
let lab: SipLab;
let ada: Person;

beforeAll(async () => {
  lab = stack.use(await openSipLab());
  ada = await lab.settle(orig, 'a');
  await lab.settle(dest, 'b');
}, 120_000);

afterAll(async () => await stack.disposeAsync(), 60_000);

const digestOf = (octet: string): string => Array<string>(32).fill(octet).join(':');
const line = (octet: string): string => `a=fingerprint:sha-256 ${digestOf(octet)}`;
const audio = 'm=audio 4000 UDP/TLS/RTP/SAVPF 0';
const video = 'm=video 4002 UDP/TLS/RTP/SAVPF 96';

describe('a call whose PASSporT names one media key', () => {
  /** Nobody is registered there: 480 is what is answered once it is let in. */
  const statusOf = async (lines: readonly string[], isBound = true): Promise<number> => {
    using connection = await lab.connect('b');
    const mky = [{ alg: 'sha-256', dig: 'AB'.repeat(32) }];
    const claims = isBound ? { mky } : {};
    const { status } = await connection.request({
      method: 'INVITE',
      from: `sip:${orig}@elsewhere.test`,
      to: `sip:${dest}@${domains.b}`,
      headers: [`Identity: ${identity(phoneKeyOf(ada), { orig, dest }, claims)}`],
      body: ['v=0', 'o=- 1 1 IN IP4 10.86.0.199', 's=-', 't=0 0', ...lines, ''].join('\r\n'),
    });
    return status;
  };

  it.each<[string, number, readonly string[]]>([
    ['its one stream has it', 480, [audio, line('AB')]],
    ['the session has it', 480, [line('AB'), audio, video]],
    ['both streams have it', 480, [audio, line('AB'), video, line('ab')]],
    ['a stream beside it is refused', 480, [audio, line('AB'), 'm=video 0 RTP/AVP 96']],
    ['the second stream has another', 438, [audio, line('AB'), video, line('CD')]],
    ['a stream overrides the session', 438, [line('AB'), audio, video, line('CD')]],
    ['one stream has two', 438, [audio, line('AB'), line('CD')]],
    ['the second stream has none', 438, [audio, line('AB'), 'm=video 4002 RTP/AVP 96']],
    ['the first stream has none', 438, ['m=audio 4000 RTP/AVP 0', video, line('AB')]],
    ['no stream has any', 438, ['m=audio 4000 RTP/AVP 0']],
    ['one cannot be read', 438, [audio, line('AB'), 'a=fingerprint:sha-256 "$(ru)']],
    [
      'another is behind many lines',
      438,
      [audio, line('AB'), ...Array<string>(300).fill('a=x'), video, line('CD')],
    ],
  ])('when %s: %d', async (_, status, lines) => {
    expect(await statusOf(lines)).toBe(status);
  });

  it('and one that names none is let in where a stream is plain, and not where all are keyed', async () => {
    expect(await statusOf([audio, line('AB'), 'm=video 4002 RTP/AVP 96'], false)).toBe(480);
    expect(await statusOf([audio, line('AB')], false)).toBe(438);
  });
});

describe("Debian's sipp, which has no key", () => {
  const scenario = join(import.meta.dirname, 'keyless.xml');

  /** Resolves with whether everything was refused as it should be; false where nothing was answered. */
  const isRefused = async (
    to: string,
    from: string,
    transport: string,
    seconds = 3,
  ): Promise<boolean> => {
    const keys = { domain: domains.a, number: orig, called: dest };
    const once = [
      '-sf',
      scenario,
      '-m',
      '1',
      '-nostdin',
      '-recv_timeout',
      `${seconds}000`,
      '-timeout',
      `${3 * seconds}`,
    ];
    const named = Object.entries(keys).flatMap(([name, value]) => ['-key', name, value]);
    const { code } = await runCommand(
      'sipp',
      [...once, '-i', from, '-t', transport, ...named, to],
      {
        cwd: await lab.scratch(),
        env: { ...process.env, TERM: 'dumb' },
      },
    );
    return code === 0;
  };

  it('may neither register nor call, in a connection as telephones have', async () => {
    const { address } = lab.providers.a;
    const ca = lab.federation.authority.certificate;
    await using wrap = await wrapInTls({ host: address, port: sipPort, ca });
    expect(await isRefused(`127.0.0.1:${wrap.port}`, '127.0.0.1', 't1', 15)).toBe(true);
  });

  it.each([
    ['UDP', 'u1'],
    ['TCP', 't1'],
  ])('is not even answered by plain %s', async (_, transport) => {
    const { address } = lab.providers.a;
    for (const port of [5060, sipPort]) {
      const to = `${address}:${port}`;
      expect(await isRefused(to, networkAddresses.phones[7]!, transport)).toBe(false);
    }
  });
});
