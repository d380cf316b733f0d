/**
 * Encryption for libp2p with fewer records and writes. Yamux hands each frame over as header and content,
 * which become a TLS record and a write to the socket each; and it answers every frame of data with
 * an update of the window, however little was used of it. Here a frame is one record, and updates
 * wait until they are worth one. Nothing changes in what either protocol allows.
 *
 * An update that waits takes nothing from a sender that has window left: of the 256 KiB that a stream
 * begins with (yamux), half is never held back.
 */
import type { ConnectionEncrypter, MessageStream, SecuredConnection } from '@libp2p/interface';

import { heldWindowBytesMax, heldWindowStreamsMax } from '../limits.ts';

/** Version, type, flags, stream and length: 1, 1, 2, 4 and 4 bytes, big-endian (yamux, "Framing"). */
const frameHeaderBytes = 12;
const windowUpdateType = 1;

/** Encrypts as the given encrypter does, for connections on which yamux will run. */
export function withFewerWrites<Components>(
  create: (components: Components) => ConnectionEncrypter,
): (components: Components) => ConnectionEncrypter {
  return (components) => {
    const encrypter = create(components);
    const inbound = encrypter.secureInbound.bind(encrypter);
    const outbound = encrypter.secureOutbound.bind(encrypter);
    encrypter.secureInbound = async (connection, options) =>
      withHeldUpdates(await inbound(sendWhole(connection), options));
    encrypter.secureOutbound = async (connection, options) =>
      withHeldUpdates(await outbound(sendWhole(connection), options));
    return encrypter;
  };
}

function withHeldUpdates(secured: SecuredConnection): SecuredConnection {
  return { ...secured, connection: holdWindowUpdates(secured.connection) };
}

type Sent = Parameters<MessageStream['send']>[0];

/** Lets everything that is handed over together go out in one piece. */
function sendWhole(connection: MessageStream): MessageStream {
  const send = connection.send.bind(connection);
  connection.send = (data) => send(wholeOf(data));
  return connection;
}

function wholeOf(data: Sent): Uint8Array {
  // Of a list of several this is a copy, of one it is a view.
  return data instanceof Uint8Array ? data : data.subarray();
}

/** Adds up window updates of a stream and sends them when half of the first window is used. */
function holdWindowUpdates(connection: MessageStream): MessageStream {
  const send = connection.send.bind(connection);
  /** Bytes by which the window of a stream has grown without the sender knowing. */
  const heldBytes = new Map<number, number>();
  connection.send = (data) => {
    const frame = wholeOf(data);
    const update = plainWindowUpdateIn(frame);
    if (update === undefined) return send(frame);
    const bytes = update.bytes + (heldBytes.get(update.streamId) ?? 0);
    heldBytes.delete(update.streamId);
    if (bytes > heldWindowBytesMax) return send(encodeWindowUpdate(update.streamId, bytes));
    heldBytes.set(update.streamId, bytes);
    if (heldBytes.size <= heldWindowStreamsMax) return true;
    // Streams that have ended leave updates behind, which whoever gets them ignores.
    const [[streamId, oldest]] = heldBytes as Iterable<[number, number]> as [[number, number]];
    heldBytes.delete(streamId);
    return send(encodeWindowUpdate(streamId, oldest));
  };
  return connection;
}

interface WindowUpdate {
  readonly streamId: number;
  readonly bytes: number;
}

/** A frame that updates a window and says nothing else; one with flags opens or ends a stream. */
function plainWindowUpdateIn(frame: Uint8Array): WindowUpdate | undefined {
  if (frame.length !== frameHeaderBytes || frame[1] !== windowUpdateType) return undefined;
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint16(2) !== 0) return undefined;
  return { streamId: view.getUint32(4), bytes: view.getUint32(8) };
}

function encodeWindowUpdate(streamId: number, bytes: number): Uint8Array {
  const frame = new Uint8Array(frameHeaderBytes);
  frame[1] = windowUpdateType;
  const view = new DataView(frame.buffer);
  view.setUint32(4, streamId);
  view.setUint32(8, bytes);
  return frame;
}
