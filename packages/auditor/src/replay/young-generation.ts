/**
 * Keeps the memory for short-lived objects at the size that it has. The engine doubles it, up to three
 * times 16 MiB, once as much as it holds has outlived a collection, however long ago; a fold goes on
 * for minutes and has but a megabyte alive at a time, so that room would only be garbage.
 */
import { setFlagsFromString } from 'node:v8';

/** Runs something so; for all threads of the process, so only while the others are idle. */
export async function holdYoungGeneration<T>(run: () => Promise<T>): Promise<T> {
  setFlagsFromString('--semi-space-growth-factor=1');
  try {
    return await run();
  } finally {
    setFlagsFromString('--semi-space-growth-factor=2');
  }
}
