/**
 * Kamailio's enum module, which knows nothing of us, routes a call: sipp calls a number at Kamailio,
 * which asks the resolver of /etc/resolv.conf for its NAPTR below our apex and relays the call to a
 * second sipp. A number without a published route is answered 404.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { directoryApex } from '../test-zones.ts';
import { callTool, startDaemon } from './peer-tools.ts';
import type { ToolEnd } from './peer-tools.ts';
import { addresses, startPrivateInternet, startUnbound } from './private-internet.ts';
import type { PrivateInternet } from './private-internet.ts';

const sipPort = 5060;
const phonePort = 5070;
const phoneUri = `sip:alice@www.deep.test:${phonePort}`;

// tm before sl, which else speaks of an error.
const kamailioConfiguration = `debug=2
log_stderror=yes
fork=yes
children=2
disable_tcp=yes
auto_aliases=no
listen=udp:${addresses.sipProxy}:${sipPort}
dns=no
rev_dns=no
dns_try_ipv6=no
dns_use_search_list=no
loadmodule "kex.so"
loadmodule "pv.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "enum.so"
request_route {
  if (!enum_query("${directoryApex}")) {
    sl_send_reply("404", "Not Found");
    exit;
  }
  t_relay();
}
`;

const refusedCall = `<?xml version="1.0" encoding="UTF-8"?>
<scenario name="refused call">
  <send retrans="500"><![CDATA[
    INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: <sip:caller@[local_ip]:[local_port]>;tag=[call_number]
    To: <sip:[service]@[remote_ip]:[remote_port]>
    Call-ID: [call_id]
    CSeq: 1 INVITE
    Contact: <sip:caller@[local_ip]:[local_port]>
    Max-Forwards: 70
    Content-Length: 0

  ]]></send>
  <recv response="404"/>
  <send><![CDATA[
    ACK sip:[service]@[remote_ip]:[remote_port] SIP/2.0
    Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
    From: <sip:caller@[local_ip]:[local_port]>;tag=[call_number]
    [last_To:]
    Call-ID: [call_id]
    CSeq: 1 ACK
    Max-Forwards: 70
    Content-Length: 0

  ]]></send>
</scenario>
`;

const stack = new AsyncDisposableStack();
let internet: PrivateInternet;
let phoneMessages: string;
let refusedCallPath: string;

beforeAll(async () => {
  internet = stack.use(await startPrivateInternet());
  const { directory, namespace } = internet;
  phoneMessages = join(directory, 'phone.log');
  refusedCallPath = join(directory, 'refused.xml');
  const configuration = join(directory, 'kamailio.cfg');
  await writeFile(refusedCallPath, refusedCall);
  await writeFile(configuration, kamailioConfiguration);
  const inside = { inside: namespace };
  const trace = ['-trace_msg', '-message_file', phoneMessages];
  const phone = ['-sn', 'uas', '-nostdin', '-i', addresses.host, '-p', `${phonePort}`, ...trace];
  const proxy = ['-DD', '-E', '-m', '32', '-f', configuration];
  const starting = [
    startUnbound(internet),
    startDaemon('sipp', phone, inside),
    startDaemon('kamailio', proxy, inside),
  ];
  for (const daemon of await Promise.all(starting)) stack.use(daemon);
  await namespace.waitForUdp(addresses.host, phonePort);
  await namespace.waitForUdp(addresses.sipProxy, sipPort);
});
afterAll(async () => {
  await stack.disposeAsync();
});

/** Places one call; exit code 0 when it went as the scenario says. */
async function call(number: string, scenario: readonly string[]): Promise<ToolEnd> {
  const from = ['-nostdin', '-i', addresses.sipCaller, '-p', `${sipPort}`];
  const once = ['-m', '1', '-timeout', '20s', '-timeout_error'];
  const to = ['-s', number, `${addresses.sipProxy}:${sipPort}`];
  return await callTool('sipp', [...scenario, ...from, ...once, ...to], {
    inside: internet.namespace,
  });
}

const refused = (number: string): Promise<ToolEnd> => call(number, ['-sf', refusedCallPath]);

it('a call to a number reaches the phone that its NAPTR names', async () => {
  await internet.publish({
    identifier: 'tel:+447700900001',
    routes: [
      { service: 'sip', uri: 'sip:nobody@www.deep.test:5071', preference: 20 },
      { service: 'xmpp', uri: 'xmpp:alice@www.deep.test', preference: 5 },
      { service: 'sip', uri: phoneUri, preference: 10 },
    ],
  });
  expect(await call('+447700900001', ['-sn', 'uac'])).toMatchObject({ exitCode: 0 });
  const messages = await readFile(phoneMessages, 'utf8');
  for (const method of ['INVITE', 'ACK', 'BYE'])
    expect(messages).toContain(`${method} ${phoneUri} SIP/2.0`);
});

it('a call to an unregistered number ends with 404', async () => {
  expect(await refused('+447700900002')).toMatchObject({ exitCode: 0 });
});

it('a call to a number whose holder chose the API ends with 404', async () => {
  expect(await refused('+34912345678')).toMatchObject({ exitCode: 0 });
});

it('a call to a number with keys but no route ends with 404', async () => {
  expect(await refused('+15555550100')).toMatchObject({ exitCode: 0 });
});

it('a number registered after its neighbours were called is reached', async () => {
  await internet.publish({
    identifier: 'tel:+447700900003',
    routes: [{ service: 'sip', uri: phoneUri, preference: 10 }],
  });
  expect(await call('+447700900003', ['-sn', 'uac'])).toMatchObject({ exitCode: 0 });
  expect(internet.failures).toEqual([]);
});
