/** A number that somebody holds, and what members do when they are not honest about it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { encodeBase64Url } from '@callbook/protocol';
import { createDirectory } from '../src/index.ts';
import type { DirectoryOptions, Holding } from '../src/index.ts';
import { hedgeMs } from '../src/limits.ts';
import type { Interference, TestFederation } from './test-federation.ts';

export const identifier = 'tel:+34912345678';
export const stranger = 'tel:+15555550100';

/** Claims the number at honest members. */
export async function claimHeld(federation: TestFederation): Promise<Holding> {
  return await createDirectory({ charterNote: federation.charterNote }).claim({
    identifier,
    seed: new Uint8Array(32).fill(7),
    routes: [{ service: 'sip', uri: 'sip:alice@sip.example', preference: 10 }],
    visibility: 'dns',
    form: 'app',
    code: () => Promise.resolve(federation.outbox.at(-1)!.code),
  });
}

/** The pauses of the SDK, but for the one after which a member is late: on a busy machine all of them are. */
export const patient: NonNullable<DirectoryOptions['pause']> = async (ms, signal) =>
  await sleep(ms === hedgeMs ? 20_000 : ms, undefined, { ...(signal && { signal }) });

/** What the named members do on paths that match; the others are honest. */
export function only(names: readonly string[], path: RegExp, what: Interference): Interference {
  return (request) =>
    names.includes(request.member) && path.test(request.path)
      ? what(request)
      : Promise.resolve(undefined);
}

export const denial: Interference = () =>
  Promise.resolve({ status: 200, json: { results: [{ state: 'absent' }] } });
export const portal: Interference = () =>
  Promise.resolve({ text: '<html>Log in to the Wi-Fi</html>' });

/** The honest answer with other keys. */
export const otherKeys: Interference = async ({ answer }) => {
  const { status, json } = await answer();
  const { results } = json as { results: { keys?: { key: string }[] }[] };
  for (const { keys = [] } of results) {
    for (const key of keys) key.key = encodeBase64Url(new Uint8Array(32).fill(66));
  }
  return { status, json };
};
