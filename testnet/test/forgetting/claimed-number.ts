/** A number that somebody has at a watched member: claimed through the SDK, and published in DNS. */
import { readFile } from 'node:fs/promises';
import { createDirectory } from '@callbook/client';
import type { Identifier } from '@callbook/protocol';
import { eventually } from '../lab.ts';
import { askDoh } from './asking.ts';
import type { WatchedMember } from './watched-member.ts';

/** Claims the number, and resolves once DNS has it. */
export async function claim(member: WatchedMember, number: string): Promise<void> {
  const { testnet, layout } = member;
  const directory = createDirectory({
    charterNote: await readFile(testnet.charterFile, 'utf8'),
    fetch: async (input, init) =>
      await fetch(`http://127.0.0.1:${layout.webPort}${new URL(input).pathname}`, init),
  });
  await directory.claim({
    identifier: `tel:${number}` as Identifier,
    seed: new Uint8Array(32).fill(7),
    routes: [{ service: 'sip', uri: 'sip:alice@sip.example', preference: 10 }],
    visibility: 'dns',
    form: 'app',
    code: async ({ to }) => {
      const lines = (await readFile(testnet.outboxFile, 'utf8')).trim().split('\n');
      const messages = lines.map((line) => JSON.parse(line) as { to: string; code?: string });
      return messages.findLast((message) => message.to === to && message.code)?.code ?? '';
    },
  });
  await eventually(
    async () => (await askDoh(member, number)).readUInt16BE(6),
    (answerCount) => answerCount > 0,
    30_000,
  );
}
