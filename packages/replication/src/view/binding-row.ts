/**
 * The published binding as one row: all that a look-up reads, written so that it is read back in a
 * few microseconds. Routes and keys name their service, use and algorithm by position in the lists
 * below, which therefore only ever grow at the end. What nobody but the holder asks for comes last, and
 * a row without it has none: rows were written like that before there were any. DNS and the API tell what
 * stands here as it stands, and LevelDB does not look at its checksums when it reads: so the row has one.
 *
 * A row that ends after the entry id says that there is a binding, and that its payload has not come yet: who
 * looks it up gets an error, since neither what was published before nor "nobody" would be true.
 */
import { DirectoryError } from '@callbook/protocol';
import type {
  BindingState,
  Identifier,
  KeyAlgorithm,
  KeyUse,
  PendingRequest,
  PublishedBinding,
  PublishedKey,
  RequestClass,
  Route,
  RouteService,
  Visibility,
} from '@callbook/protocol';

import type { ReplicationErrorCode } from '../errors.ts';
import { openSealedRow, RowReader, RowWriter, sealRow } from '../store/row-bytes.ts';

const services: readonly RouteService[] = [
  'sip',
  'xmpp',
  'email:mailto',
  'acct',
  'im',
  'pres',
  'web:https',
];
const keyUses: readonly KeyUse[] = ['identity', 'sip', 'box', 'openpgp'];
const keyAlgorithms: readonly KeyAlgorithm[] = ['ed25519', 'p256', 'x25519', 'openpgp'];
const requestClasses: readonly RequestClass[] = ['recovery', 'email', 'possession'];

export function encodeBinding(binding: PublishedBinding): Uint8Array {
  const writer = writeHead(binding).text(binding.origin).u56(binding.changedAtMs);
  writer.u8(binding.routes.length);
  for (const { service, uri, preference } of binding.routes) {
    writer.u8(services.indexOf(service)).text(uri).u32(preference);
  }
  writer.u8(binding.keys.length);
  for (const { use, algorithm, key } of binding.keys) {
    writer.u8(keyUses.indexOf(use)).u8(keyAlgorithms.indexOf(algorithm)).sized(key);
  }
  if (binding.pending.length === 0) return sealRow(writer.finish());
  writer.u8(binding.pending.length);
  for (const { requestId, requestClass, timeMs, commitFromMs } of binding.pending) {
    writer.fixed(requestId).u8(requestClasses.indexOf(requestClass)).u56(timeMs).u56(commitFromMs);
  }
  return sealRow(writer.finish());
}

/** The row of a binding whose payload has not come yet, for those who were told of it before. */
export function encodeAwaited(
  state: BindingState,
  told: { readonly identifier: Identifier; readonly visibility: Visibility },
): Uint8Array {
  return sealRow(writeHead({ ...state, ...told }).finish());
}

type BindingHead = Pick<
  PublishedBinding,
  'identifier' | 'visibility' | 'labelEpoch' | 'label' | 'epoch' | 'seq' | 'ownershipId' | 'entryId'
>;

function writeHead(head: BindingHead): RowWriter {
  return new RowWriter()
    .text(head.identifier)
    .u8(head.visibility === 'api' ? 1 : 0)
    .u32(head.labelEpoch)
    .fixed(head.label)
    .u56(head.epoch)
    .u56(head.seq)
    .fixed(head.ownershipId)
    .fixed(head.entryId);
}

/** What comes before the entry id, but for the identifier: visibility, epochs, label, number, ownership. */
const beforeEntryIdBytes = 1 + 4 + 32 + 7 + 7 + 32;

/** Reads the id of the entry in force out of a row, and nothing else. Errors: `store_damaged`, `store_corrupt`. */
export function entryIdIn(row: Uint8Array): Uint8Array {
  const reader = new RowReader(openSealedRow(row));
  reader.sized();
  reader.fixed(beforeEntryIdBytes);
  return reader.fixed(32).slice();
}

/** Errors: `binding_awaited`, `store_damaged`, `store_corrupt`. */
export function parseBinding(row: Uint8Array): PublishedBinding {
  const reader = new RowReader(openSealedRow(row));
  const head = {
    identifier: reader.text() as Identifier,
    visibility: reader.u8() === 1 ? 'api' : 'dns',
    labelEpoch: reader.u32(),
    label: reader.fixed(32),
    epoch: reader.u56(),
    seq: reader.u56(),
    ownershipId: reader.fixed(32),
    entryId: reader.fixed(32),
  } as const;
  if (reader.isAtEnd) throw awaited();
  const origin = reader.text();
  const changedAtMs = reader.u56();
  // Loops: `Array.from` would look up each element of an object that has none, which takes longer.
  const routes: Route[] = [];
  for (let left = reader.u8(); left > 0; left -= 1) routes.push(parseRoute(reader));
  const keys: PublishedKey[] = [];
  for (let left = reader.u8(); left > 0; left -= 1) keys.push(parseKey(reader));
  const pending: PendingRequest[] = [];
  for (let left = reader.isAtEnd ? 0 : reader.u8(); left > 0; left -= 1) {
    pending.push(parsePending(reader));
  }
  reader.end();
  return { ...head, origin, changedAtMs, routes, keys, pending };
}

function parsePending(reader: RowReader): PendingRequest {
  return {
    requestId: reader.fixed(32),
    requestClass: requestClasses[reader.u8()]!,
    timeMs: reader.u56(),
    commitFromMs: reader.u56(),
  };
}

function parseRoute(reader: RowReader): Route {
  return { service: services[reader.u8()]!, uri: reader.text(), preference: reader.u32() };
}

function parseKey(reader: RowReader): PublishedKey {
  return {
    use: keyUses[reader.u8()]!,
    algorithm: keyAlgorithms[reader.u8()]!,
    key: reader.sized(),
  };
}

function awaited(): DirectoryError<ReplicationErrorCode> {
  return new DirectoryError('binding_awaited', 'the payload of a binding has not come yet');
}
