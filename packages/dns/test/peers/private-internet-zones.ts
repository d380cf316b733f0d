/**
 * First process of a private internet: serves the root, `test.` and a directory, each on port 53 of
 * its own address, and publishes what the test orders. Ends when the test's channel closes.
 */
import { createResponder, startDnsServer } from '@callbook/dns';
import type { Zone, ZoneAlgorithm } from '@callbook/dns';
import { createTestZones } from '../test-zones.ts';
import type { BindingDraft, TestPlaces, TestSource } from '../test-zones.ts';

export type Order =
  | { readonly kind: 'serve'; readonly algorithm: ZoneAlgorithm; readonly places: TestPlaces }
  | { readonly kind: 'publish'; readonly draft: BindingDraft };

export type Report =
  /** DS line of the root. */
  | { readonly kind: 'serving'; readonly trustAnchor: string }
  | { readonly kind: 'published' }
  /** A zone threw, or an order failed. */
  | { readonly kind: 'failed'; readonly text: string };

const dnsPort = 53;
let source: TestSource | undefined;

process.on('disconnect', () => process.exit(0));
process.on('message', (order) => void obey(order as Order));

async function obey(order: Order): Promise<void> {
  try {
    report(order.kind === 'serve' ? await serve(order) : publish(order.draft));
  } catch (error) {
    reportFailure(error);
  }
}

async function serve({ algorithm, places }: Order & { kind: 'serve' }): Promise<Report> {
  const clock = { nowMs: (): number => Date.now() };
  const zones = createTestZones(algorithm, clock, places);
  await startServer(zones.root, places.root);
  await startServer(zones.test, places.test);
  await startServer(zones.directory, places.directory);
  source = zones.source;
  return { kind: 'serving', trustAnchor: zones.trustAnchor };
}

async function startServer(zone: Zone, addresses: readonly string[]): Promise<void> {
  const respond = createResponder([zone], { onFailure: reportFailure });
  const listen = addresses.map((address) => ({ address, port: dnsPort }));
  await startDnsServer({ listen, respond });
}

function publish(draft: BindingDraft): Report {
  if (source === undefined) throw new Error('nothing is served yet');
  source.publish(draft);
  return { kind: 'published' };
}

function reportFailure(error: unknown): void {
  report({ kind: 'failed', text: error instanceof Error ? error.message : 'unknown' });
}

function report(said: Report): void {
  process.send?.(said);
}
