/** `lookup --resolver` against a resolver in the test, whose answers dns2 encodes: no shared code. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import dns2, { Packet } from 'dns2';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startFederation, type TestFederation } from '../../client/test/test-federation.ts';
import { makeHome, type Finished, type Home } from './callbook-process.ts';

const owner = '8.7.6.5.4.3.2.1.9.4.3.e164.alpha.test';
const identityKey = Buffer.alloc(32, 5);

let home: Home;
let federation: TestFederation;
let close: () => Promise<void>;

beforeEach(async () => {
  home = await makeHome();
  federation = await startFederation();
  await home.configure(federation.charterNote);
  close = () => Promise.resolve();
});

afterEach(async () => {
  await close();
  await federation[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

interface Behaviour {
  readonly authenticated: boolean;
  readonly published?: boolean;
  readonly rcode?: number;
  readonly infoCode?: number;
  /** Answer by UDP with TC, so that the client comes back by TCP. */
  readonly truncates?: boolean;
}

function naptrData(uri: string): Buffer {
  const text = (value: string): Buffer => Buffer.from([value.length, ...Buffer.from(value)]);
  const order = Buffer.from([0, 100, 0, 10]);
  return Buffer.concat([order, text('u'), text('E2U+sip'), text(`!^.*$!${uri}!`), Buffer.of(0)]);
}

async function lookUp(behaviour: Behaviour): Promise<Finished & { questions: string[] }> {
  const questions: string[] = [];
  const answer = (request: dns2.Packet, overUdp: boolean): dns2.Packet => {
    const response = Packet.createResponseFromRequest(request);
    const [question] = request.questions;
    questions.push(`${question!.name} ${question!.type}`);
    Object.assign(response.header, {
      ad: behaviour.authenticated ? 1 : 0,
      rcode: behaviour.rcode ?? 0,
      tc: overUdp && behaviour.truncates === true ? 1 : 0,
    });
    const edns =
      behaviour.infoCode === undefined ? [] : [Packet.Resource.EDNS.EDE(behaviour.infoCode, '')];
    response.additionals.push(Packet.Resource.EDNS(edns, { udpPayloadSize: 1232 }));
    if (behaviour.published === false || response.header.tc === 1) return response;
    const record = { name: owner, class: 1, ttl: 300 };
    if (question!.name === owner && question!.type === 35) {
      const data = naptrData('sip:alice@sip.example');
      response.answers.push({ ...record, type: 35, data } as never);
    }
    if (question!.name === owner && question!.type === 16) {
      const data = ['v=callbook1', `id=${identityKey.toString('base64url')}`, 'log=a.test/log 00'];
      response.answers.push({ ...record, type: 16, data } as never);
    }
    return response;
  };
  const udp = dns2.createUDPServer((request, send) => void send(answer(request, true)));
  udp.bind(0, '127.0.0.1');
  await once(udp, 'listening');
  const { port } = udp.address();
  const tcp = dns2.createTCPServer((request, send) => void send(answer(request, false)));
  tcp.listen(port, '127.0.0.1');
  await once(tcp, 'listening');
  expect((tcp.address() as AddressInfo).port).toBe(port);
  close = async () => {
    udp.close();
    await new Promise((resolve) => {
      tcp.close(resolve);
    });
  };
  const args = ['lookup', '+34 912 345 678', '--resolver', `127.0.0.1:${port}`, '--json'];
  return { ...(await home.run(args)), questions };
}

it('reads routes and keys of an answer that the resolver validated', async () => {
  const found = await lookUp({ authenticated: true });
  expect(found).toMatchObject({
    code: 0,
    json: [
      {
        state: 'published',
        authenticated: true,
        zone: 'e164.alpha.test',
        routes: [{ service: 'sip', uri: 'sip:alice@sip.example', preference: 10 }],
        identityKey: identityKey.toString('base64url'),
        logged: 'a.test/log 00',
      },
    ],
  });
  expect(found.questions).toContain(`_sip-client.${owner} 52`);
});

it('asks again by TCP when the answer was cut off', async () => {
  const found = await lookUp({ authenticated: true, truncates: true });
  expect(found).toMatchObject({ code: 0, json: [{ state: 'published' }] });
});

it('proves a number absent by validated empty answers', async () => {
  const found = await lookUp({ authenticated: true, published: false });
  expect(found).toMatchObject({ code: 4, json: [{ state: 'absent', authenticated: true }] });
});

it('never takes an answer without AD for validated', async () => {
  const found = await lookUp({ authenticated: false });
  expect(found).toMatchObject({ code: 1, json: [{ authenticated: false }] });
  expect(JSON.parse(found.stderr)).toMatchObject({ error: { code: 'answer_unvalidated' } });
});

it('tells a bogus answer from a resolver that fails', async () => {
  const bogus = await lookUp({ authenticated: false, rcode: 2, infoCode: 6, published: false });
  expect(bogus).toMatchObject({ code: 3, stdout: '' });
  await close();
  const failed = await lookUp({ authenticated: false, rcode: 2, published: false });
  expect(failed).toMatchObject({ code: 5, stdout: '' });
});

it('reports a resolver that is not there', async () => {
  const found = await home.run(['lookup', '+34912345678', '--resolver', '127.0.0.1:1', '--json']);
  expect(found.code).toBe(5);
  expect((await home.run(['lookup', '+34912345678', '--resolver', 'x:y'])).code).toBe(2);
});
