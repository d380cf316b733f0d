import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { openLevelStore } from '../../src/store/level-store.ts';
import type { StoreUnderTest } from './acceptance.ts';
import { acceptStore } from './acceptance.ts';

const options = { cacheBytes: 1024 * 1024 };

async function openInTemporaryFolder(): Promise<StoreUnderTest> {
  const path = await mkdtemp(join(tmpdir(), 'callbook-store-'));
  let store = await openLevelStore(path, options);
  return {
    store,
    reopen: async () => {
      await store.close();
      store = await openLevelStore(path, options);
      return store;
    },
    dispose: async () => {
      await store.close();
      await rm(path, { recursive: true });
    },
  };
}

acceptStore('level', openInTemporaryFolder);

it('says with a code that a store cannot be opened', async () => {
  const path = await mkdtemp(join(tmpdir(), 'callbook-store-'));
  await writeFile(join(path, 'file'), '');
  await expect(openLevelStore(join(path, 'file'), options)).rejects.toThrow(
    expect.objectContaining({ code: 'store_unavailable' }),
  );
  await rm(path, { recursive: true });
});

it('refuses a folder that another store has open', async () => {
  const subject = await openInTemporaryFolder();
  await expect(subject.reopen!().then(() => 'opened')).resolves.toBe('opened');
  await subject.dispose();
});
