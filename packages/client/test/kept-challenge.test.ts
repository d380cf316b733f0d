/** A code that was sent before the application was started anew is still good, where its challenge was kept. */
import { expect, it } from 'vitest';
import { createDirectory, type ChallengeStore, type KeptChallenge } from '../src/index.ts';
import { startFederation, trustTestAuthority } from './test-federation.ts';

function memoryChallenges(): ChallengeStore {
  const kept = new Map<string, KeptChallenge>();
  return {
    load: async ({ member }) => await Promise.resolve(kept.get(member)),
    save: async ({ member }, challenge) => {
      // As IndexedDB does it: the secret key is cloned and never read.
      kept.set(member, structuredClone(challenge));
      await Promise.resolve();
    },
  };
}

it.each([
  ['goes on with the code that was sent', true, 1],
  ['asks for another one where nothing was kept', false, 2],
])('%s', async (_, isKept, codes) => {
  await trustTestAuthority();
  await using federation = await startFederation({ names: ['alpha', 'beta', 'gamma'], faults: 0 });
  const { charterNote, outbox } = federation;
  const challenges = memoryChallenges();
  const options = {
    identifier: 'tel:+34912345678',
    seed: new Uint8Array(32).fill(7),
    routes: [],
    visibility: 'dns',
    form: 'digits',
    ...(isKept ? { challenges } : {}),
  } as const;
  const ended = createDirectory({ charterNote }).claim({
    ...options,
    code: async () => await Promise.reject(new Error('the telephone has ended the page')),
  });
  await expect(ended).rejects.toThrow('ended the page');
  const holding = await createDirectory({ charterNote }).claim({
    ...options,
    code: async () => await Promise.resolve(outbox.at(-1)!.code),
  });
  expect(holding.seq).toBe(0);
  expect(outbox).toHaveLength(codes);
});
