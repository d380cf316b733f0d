/** A member that has lost its disk begins with nothing, by a snapshot: real processes, as operators run them. */
import { appendFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { enumName, eventually, openLab } from '../lab.ts';
import type { Lab } from '../lab.ts';

const number = '+34912345678';
let lab: Lab;

beforeAll(async () => {
  lab = await openLab(3);
}, 120_000);
afterAll(async () => await lab?.[Symbol.asyncDispose]());

it('joins again, answers what it answered before, and logs on where its log ended', async () => {
  const code = `--code-from ${lab.description.outbox}`;
  const ran = await lab.callbook(`register ${number} --sip sip:r0@sip.example ${code}`);
  expect(ran).toMatchObject({ code: 0 });
  expect(await lab.callbook('routes set sip:r1@sip.example')).toMatchObject({ code: 0 });
  const gamma = lab.testnet.members[2]!;
  const { folder, configFile, dnsPort, apiPort, zone, origin } = gamma.layout;
  await gamma.stop('SIGKILL');
  await rm(join(folder, 'data/store'), { recursive: true });
  await appendFile(configFile, '\nbootstrap: snapshot\n');
  const others = lab.testnet.members.slice(0, 2);
  for (const { pid } of others) process.kill(pid!, 'SIGSTOP');
  const restarted = lab.testnet.restart('gamma');
  const readiness = `curl --silent --insecure https://127.0.0.1:${apiPort}/readyz`;
  await eventually(
    async () => await lab.run(readiness),
    ({ stdout }) => stdout.includes('"reasons":["joining"]'),
    60_000,
  ).finally(() => {
    for (const { pid } of others) process.kill(pid!, 'SIGCONT');
  });
  const again = await restarted;
  const said = await readFile(again.logFile, 'utf8');
  expect(said).toContain('"msg":"joining"');
  expect(said).toContain('"msg":"joined"');
  expect(said).not.toContain('snapshot_refused');
  const question = `dig +norec @127.0.0.1 -p ${dnsPort} NAPTR ${enumName(number, zone)}`;
  expect((await lab.run(question)).stdout).toContain('sip:r1@sip.example');
  const before = await leavesAt('gamma', origin);
  const line = `register +447700900001 --sip sip:new@sip.example --member gamma ${code}`;
  expect(await lab.callbook(line)).toMatchObject({ code: 0 });
  await eventually(
    async () => await leavesAt('alpha', origin),
    (leaves) => leaves > before,
  );
}, 150_000);

/** Leaves that a member serves of a log. */
async function leavesAt(name: string, origin: string): Promise<number> {
  const { webPort } = lab.testnet.layout.members.find((member) => member.name === name)!;
  const answer = await fetch(`http://localhost:${webPort}/log/${origin}/checkpoint`);
  return Number((await answer.text()).split('\n')[1]);
}
