/** How a proxy that asks for a digest is answered, where the real one (testnet) cannot be made to. */
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { answerSipChallenge, parseSipChallenge } from '../../src/channels/sip-digest.ts';
import { sipChannel } from '../../src/index.ts';

const nonceOf = (name: string): string => `realm="sip.example", nonce="${name}"`;

it.each([
  ['another scheme', 'Basic realm="sip.example"'],
  ['no nonce', 'Digest realm="sip.example"'],
  ['an algorithm of sessions', `Digest ${nonceOf('n')}, algorithm=MD5-sess`],
  ['an unknown algorithm', `Digest ${nonceOf('n')}, algorithm=SHA-512-256`],
  ['the body in the digest', `Digest ${nonceOf('n')}, qop="auth-int"`],
])('%s is not answered', (_, value) => expect(parseSipChallenge(value)).toBeUndefined());

it('a challenge is read with commas and escapes inside quotes', () => {
  const value =
    'digest realm="a, \\"b\\"", nonce="n,o=1", qop="auth-int, auth", opaque="", stale=TRUE';
  expect(parseSipChallenge(value)).toEqual({
    realm: 'a, \\"b\\"',
    nonce: 'n,o=1',
    algorithm: 'MD5',
    hasQop: true,
    opaque: '',
    isStale: true,
  });
});

// What md5sum and sha256sum make of the strings of RFC 7616 §3.4.1 with the method MESSAGE.
it.each([
  [`Digest ${nonceOf('abc')}`, 'ae0f459e74f7fa028579f59f0edc5c6b'],
  [`Digest ${nonceOf('abc')}, qop="auth"`, '109fccbc6d9a8ab7596252bf0b490911'],
  [
    `Digest ${nonceOf('abc')}, qop="auth", algorithm=SHA-256`,
    '3db43fda73151d56b0c3c1383d6b5fe9b2851566aeee2ff2e5b64205d28de53f',
  ],
])('%s', (value, expected) => {
  const login = { user: 'callbook', password: 'secret' };
  const request = { uri: 'sip:ada@sip.example', login, clientNonce: 'client' };
  const answer = answerSipChallenge(parseSipChallenge(value)!, request);
  expect(/response="([0-9a-f]+)"/.exec(answer)?.[1]).toBe(expected);
  expect(answer).not.toContain('secret');
});

/** Answers each request with the next of `answers`; `cut` closes the connection instead. */
async function proxy(
  answers: readonly string[],
): Promise<{ readonly port: number; readonly requests: string[] }> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (octets: Buffer) => {
      const request = octets.toString();
      requests.push(request);
      const answer = answers[requests.length - 1]!;
      if (answer === 'cut') {
        socket.destroy();
        return;
      }
      const kept = request
        .split('\r\n')
        .filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
      socket.write([`SIP/2.0 ${answer}`, ...kept, 'Content-Length: 0', '', ''].join('\r\n'));
    });
  });
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, requests };
}

const asks = (parameters: string): string =>
  `407 Who are you\r\nProxy-Authenticate: Digest ${parameters}`;
const first = asks(nonceOf('one'));
const stale = asks(`${nonceOf('two')}, stale=true`);

it.each([
  ['takes the answer', [first, '202 Accepted'], 'taken', 2],
  ['calls the nonce over, and takes the next answer', [first, stale, '200 OK'], 'taken', 3],
  ['asks again, so that the password is wrong', [first, first], 'channel_refused', 2],
  ['finds every nonce over', [first, stale, stale], 'channel_refused', 3],
  ['asks for what is not spoken', [asks(`${nonceOf('n')}, qop="auth-int"`)], 'channel_refused', 1],
  ['forbids it', ['403 Forbidden'], 'channel_refused', 1],
  ['hangs up over the answer', [first, 'cut'], 'channel_outcome_unknown', 2],
])('says what became of a message when a proxy %s', async (_, answers, expected, requestCount) => {
  const { port, requests } = await proxy(answers);
  const channel = sipChannel({
    transport: 'tcp',
    host: '127.0.0.1',
    port,
    from: 'sip:codes@alpha.test',
    login: { user: 'callbook', password: 'secret' },
  });
  const sendId = 'A'.repeat(22);
  const message = { to: 'sip:ada@sip.example', text: 'text', sendId } as const;
  const outcome = await channel.submit(message).then(
    () => 'taken',
    (error: { code: string }) => error.code,
  );
  expect(outcome).toBe(expected);
  expect(requests).toHaveLength(requestCount);
  // Transactions of their own, of one call: none is a repetition of another.
  const field = (name: string): Set<string | undefined> =>
    new Set(requests.map((request) => new RegExp(`^${name}(.*)$`, 'm').exec(request)?.[1]));
  expect(field('CSeq').size).toBe(requestCount);
  expect(field('Via').size).toBe(requestCount);
  expect(field('Call-ID').size).toBe(1);
  expect(requests[0]).not.toContain('Authorization');
});
