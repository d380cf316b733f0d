/** What a page loads of the client: with itself, and later for what not every page needs. */
import { join } from 'node:path';
import { bundlePage } from '@callbook/testnet';
import { measured } from './measurement.ts';
import type { Measurement } from './measurement.ts';

const app = join(import.meta.dirname, '../../testnet/test/browser/page/app.ts');
const atOnceBytesMax = 60_000;

/** Measures an app that claims, publishes, watches and looks up; in bytes, compressed with gzip. */
export async function benchPage(): Promise<Measurement[]> {
  const files = await bundlePage(app);
  const atOnce = files.filter((file) => file.atOnce);
  const later = files.filter((file) => !file.atOnce);
  const goal = `<= ${atOnceBytesMax}`;
  const value = atOnce.reduce((sum, { gzipBytes }) => sum + gzipBytes, 0);
  return [
    measured({ name: 'client, loaded with a page, gzip', value, unit: 'bytes', goal }),
    ...later.map(({ name, gzipBytes }) =>
      measured({
        name: `client, loaded later: ${name.replace(/-.{8}\.js$/, '')}, gzip`,
        value: gzipBytes,
        unit: 'bytes',
      }),
    ),
  ];
}
