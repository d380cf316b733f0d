/**
 * A worker's responder over a source that the test changes: one number, whose route's preference is a
 * word of shared memory.
 */
import { AnswerTable, createDirectoryZone, createResponder, HotResponder } from '@callbook/dns';
import { generateZoneKeys } from '@callbook/dns';
import type { WorkerResponder } from '@callbook/dns';
import { TestSource } from '../test-zones.ts';

export const hotNumber = '4915123456789';
export const hotApex = 'e164.alpha.test';

export interface HotTestData {
  readonly answers: SharedArrayBuffer;
  readonly preference: SharedArrayBuffer;
}

export function createWorkerResponder(responderData: unknown): WorkerResponder {
  const { answers, preference } = responderData as HotTestData;
  const word = new Int32Array(preference);
  const source = new TestSource();
  const clock = { nowMs: (): number => Date.now() };
  const zone = createDirectoryZone({
    apex: hotApex,
    nameservers: [{ name: 'ns.example.', addresses: [] }],
    contact: 'hostmaster@alpha.test',
    charterHash: () => new Uint8Array(32),
    source: {
      byDigits: (digits) => {
        const value = Atomics.load(word, 0);
        source.publish({
          identifier: `tel:+${hotNumber}`,
          routes: [{ service: 'sip', uri: 'sip:alice@sip.example', preference: value }],
          entryOctet: value & 0xff,
          origin: `log ${value}`,
        });
        return source.byDigits(digits);
      },
      byOwnerHash: () => undefined,
    },
    keys: generateZoneKeys(13),
    clock,
  });
  const table = new AnswerTable(answers);
  return new HotResponder({
    table,
    respond: createResponder([zone]),
    takeEndMs: () => zone.takeEndMs(),
    clock,
  });
}
