/**
 * `lookup --resolver` against resolvers that nobody should believe; dns2 encodes their answers, so no
 * code is shared. What a good one brings is tested on a testnet, where zones are signed.
 */
import { once } from 'node:events';
import dns2, { Packet } from 'dns2';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startFederation, type TestFederation } from '../../client/test/test-federation.ts';
import { makeHome, type Finished, type Home } from './callbook-process.ts';

const owner = '8.7.6.5.4.3.2.1.9.4.3.e164.alpha.test';

let home: Home;
let federation: TestFederation;
let close: () => void;

beforeEach(async () => {
  home = await makeHome();
  federation = await startFederation();
  await home.configure(federation.charterNote);
  close = () => {};
});

afterEach(async () => {
  close();
  await federation[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

/** Asks a resolver that has keys for the number, signs nothing, and says that it has validated them. */
async function lookUp(rcode: number): Promise<Finished & { questions: string[] }> {
  const questions: string[] = [];
  const udp = dns2.createUDPServer((request, send) => {
    const response = Packet.createResponseFromRequest(request);
    const { name = '', type } = request.questions[0] ?? {};
    questions.push(`${name.toLowerCase()} ${type}`);
    Object.assign(response.header, { ad: 1, rcode });
    response.additionals.push(Packet.Resource.EDNS([], { udpPayloadSize: 1232 }));
    if (name.toLowerCase() === owner && type === 16) {
      const data = ['v=callbook1', `id=${Buffer.alloc(32, 5).toString('base64url')}`];
      response.answers.push({ name: owner, class: 1, ttl: 300, type, data } as never);
    }
    void send(response);
  });
  udp.bind(0, '127.0.0.1');
  await once(udp, 'listening');
  close = () => udp.close();
  const resolver = `127.0.0.1:${udp.address().port}`;
  const args = ['lookup', '+34 912 345 678', '--resolver', resolver, '--json'];
  return { ...(await home.run(args)), questions };
}

it('takes no key from a resolver that only says that it has validated', async () => {
  const found = await lookUp(0);
  expect(found).toMatchObject({ code: 3, stdout: '' });
  expect(JSON.parse(found.stderr)).toMatchObject({ error: { code: 'answer_bogus' } });
  expect(found.questions).toContain(`_sip-client.${owner} 52`);
});

it('takes a resolver that fails for no answer, not for "absent"', async () => {
  const found = await lookUp(2);
  expect(found).toMatchObject({ code: 5, stdout: '' });
  expect(JSON.parse(found.stderr)).toMatchObject({
    error: { code: 'resolver_unavailable', details: { validationCode: 'server_failed' } },
  });
});

it('reports a resolver that is not there, and an address that is none', async () => {
  const found = await home.run(['lookup', '+34912345678', '--resolver', '127.0.0.1:1', '--json']);
  expect(found.code).toBe(5);
  expect((await home.run(['lookup', '+34912345678', '--resolver', 'x:y'])).code).toBe(2);
});
