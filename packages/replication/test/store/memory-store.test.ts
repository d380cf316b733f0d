import { memoryStore } from '../../src/store/memory-store.ts';
import { acceptStore } from './acceptance.ts';

acceptStore('memory', async () => {
  const store = memoryStore();
  return { store, dispose: () => store.close() };
});
