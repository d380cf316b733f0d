/**
 * Whatever is sent, and whatever a holder publishes: Kamailio reads one line of a known form, and nothing of what
 * came in goes out again, into an answer, a log or a metric.
 */
import { request as httpRequest } from 'node:http';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { linphoneSettings } from '../src/accounts/linphone-settings.ts';
import { isRoutableSipUri, hostOf } from '../src/checks/sip-uri.ts';
import { parseNumber } from '../src/number.ts';
import { certificateOf, newPhone } from './phone.ts';
import { startTestBridge, type TestBridge } from './running-bridge.ts';
import { openTestDirectory, type TestDirectory } from './test-directory.ts';

let directory: TestDirectory;
let bridge: TestBridge;

beforeAll(async () => {
  directory = await openTestDirectory();
  bridge = await startTestBridge(directory);
});

afterAll(async () => {
  await bridge[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

const oneLine = /^(accept \d{1,3}|refuse [a-z_]+|unavailable [a-z_]+|none)$/;
const routes = [
  '/check/certificate',
  '/check/bearer',
  '/check/digest',
  '/check/passport',
  '/sign/passport',
  '/route',
];
const fields = [
  'number',
  'certificate',
  'token',
  'username',
  'identity',
  'orig',
  'dest',
  'fingerprint',
];
/** Line ends, variables of Kamailio, and headers. */
const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom(
    '+34912345678\r\nRoute: <sip:thief.example;lr>',
    '+34912345678%0d%0aVia: x',
    "+34912345678' ; drop",
    '$var(x)$shv(y)',
    '{s.escape.param}',
    '+34912345678',
    'accept 300',
    '\0',
  ),
);

describe('questions', () => {
  it('of every kind are answered by one line that repeats nothing', async () => {
    const form = fc.dictionary(fc.constantFrom(...fields), hostile);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...routes), form, async (path, sent) => {
        const { line, headers, status } = await bridge.ask(path, sent);
        expect(line).toMatch(oneLine);
        expect(headers.get('content-type')).toBe('text/plain');
        expect([200, 400, 403, 404, 503]).toContain(status);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ['a field that is missing', 'certificate=x', 'request_malformed'],
    [
      'a field that is there twice',
      'number=%2B34912345678&number=%2B34912345678',
      'request_malformed',
    ],
    ['a number that is none', 'number=%2B34&certificate=x', 'number_malformed'],
    ['a number with a line end', 'number=%2B34912345678%0A&certificate=x', 'request_malformed'],
    ['too many octets', `certificate=${'x'.repeat(40_000)}`, 'request_malformed'],
  ])('with %s are refused', async (_what, body, code) => {
    const answer = await rawPost('/check/certificate', body);
    expect(answer.status).toBe(400);
    expect(['refuse number_malformed', `refuse ${code}`]).toContain(answer.line);
  });

  it('to other paths, or by other methods, are no questions', async () => {
    expect((await rawPost('/check/other', '')).status).toBe(404);
    expect((await rawPost('/check/certificate?number=x', '')).status).toBe(404);
    expect((await rawPost('/route', '', 'GET')).status).toBe(405);
    expect((await rawPost('/__proto__', '')).status).toBe(404);
  });
});

describe('a SIP URI', () => {
  it('that is handed on holds nothing that ends a string, a line or an address', () => {
    const part = fc.string({ unit: 'binary', maxLength: 30 });
    const uri = fc.oneof(
      part.map((text) => `sip:${text}`),
      fc.tuple(part, part).map(([user, host]) => `sip:${user}@${host}`),
      part.map((text) => `sip:a@b.example${text}`),
      part.map((text) => `sip:${text}@b.example`),
    );
    fc.assert(
      fc.property(uri, (text) => {
        if (isRoutableSipUri(text)) expect(text).toMatch(/^sips?:[\w.~+*!()&=/%;:@[\]-]+$/);
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['sip:anna@sip.example', true],
    ['sips:+34912345678@sip.example:5061;transport=tls', true],
    ['sip:anna@[2001:db8::1]:5060', true],
    ['sip:anna@192.0.2.1;user=phone', true],
    ['sip:a%20b@sip.example', true],
    ['sip:sip.example', false],
    ['sip:anna:secret@sip.example', false],
    ['sip:anna@sip.example?Route=x', false],
    ['sip:anna@sip.example;lr', false],
    ['sip:anna@sip.example>,<sip:thief@x', false],
    ['sip:anna@sip.example@thief.example', false],
    ['sip:an%0d%0ana@sip.example', false],
    ['sip:an%22na@sip.example', false],
    ['sip:$fu@sip.example', false],
    ['sip:anna@sip..example', false],
    ['sip:anna@-sip.example', false],
    ['SIP:anna@sip.example', false],
    ['tel:+34912345678', false],
    [`sip:${'a'.repeat(240)}@sip.example`, false],
  ])('%s: %s', (uri, isRoutable) => {
    expect(isRoutableSipUri(uri)).toBe(isRoutable);
  });

  it('leads to the host after its last @', () => {
    expect(hostOf('sip:anna@SIP.example:5060;transport=tls')).toBe('sip.example');
    expect(hostOf('sip:anna@[2001:db8::1]:5060')).toBe('[2001:db8::1]');
    expect(hostOf('sip:sip.a.example@thief.example')).toBe('thief.example');
  });
});

it('a number is plus and digits, with the plus perhaps read as a space', () => {
  expect(parseNumber(' 34912345678')).toBe('+34912345678');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const number = parseNumber(text);
      if (number !== undefined) expect(number).toMatch(/^\+[1-9]\d{6,14}$/);
    }),
  );
  for (const text of [
    '34912345678',
    '+034912345678',
    '+34912345678\n',
    '++34912345678',
    '+34 912345678',
    '+1234567890123456',
  ])
    expect(parseNumber(text)).toBeUndefined();
});

it('settings of a phone escape what stands in them', () => {
  const credential = { username: '"<&>', password: 'a<b', realm: 'r&r', expiresAtSeconds: 1 };
  const xml = linphoneSettings({ number: '+34912345678', provider: 'sip.a.example', credential });
  expect(xml).toContain('>&quot;&lt;&amp;&gt;<');
  expect(xml.replaceAll(/<[^<>]+>/g, '')).not.toMatch(/[<>]/);
});

it('no log line and no metric has a number, a key or a token in it', async () => {
  const phone = newPhone();
  const number = '+34912348888';
  directory.publish(number, { sip: [phone.spki], routes: [`sip:${number}@sip.a.example`] });
  const certificate = certificateOf(phone.privateKey);
  for (const path of routes) {
    await bridge.ask(path, {
      number,
      certificate,
      orig: number,
      dest: number,
      token: 'secret-token',
    });
  }
  const written = bridge.log.join('') + (await bridge.metrics());
  expect(written).toContain('callbook_sip_checks_total');
  for (const secret of ['912348888', certificate.slice(100, 140), 'secret-token']) {
    expect(written).not.toContain(secret);
  }
  for (const [, count] of written.matchAll(/^callbook_sip_checks_total\{[^}]+\} (\d+)$/gm)) {
    expect(Number(count) % 16).toBe(0);
  }
});

/** As it is: fetch would mend some of it. */
async function rawPost(
  path: string,
  body: string,
  method = 'POST',
): Promise<{ status: number; line: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; line: string }>();
  const request = httpRequest(
    { host: '127.0.0.1', port: bridge.port, path, method },
    (response) => {
      let line = '';
      response.setEncoding('latin1').on('data', (part: string) => (line += part));
      response.on('end', () => resolve({ status: response.statusCode!, line }));
    },
  );
  request.on('error', reject);
  request.end(body);
  return await promise;
}
