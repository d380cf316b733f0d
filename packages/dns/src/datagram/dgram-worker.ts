/**
 * A worker thread that answers by `node:dgram`: one socket, one system call for a query and one for its
 * answer. Rooms for answers are used again once the socket is done with them.
 */
import { createSocket } from 'node:dgram';
import type { RemoteInfo, Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { parseIpAddress } from '../wire/ip-address.ts';
import type { ClientAddress } from './datagram-engine.ts';
import { WorkerCounts } from './worker-counts.ts';
import type { WorkerOrder } from './worker-orders.ts';
import { GuardedResponder, loadResponder, workerReady } from './worker-responder.ts';
import type { WorkerSeat } from './worker-responder.ts';

/** Room for bursts; the kernel may grant less. */
const bufferBytes = 4 * 1024 * 1024;
/** Answers that wait for the socket; more are lost. */
const pendingAnswersMax = 1024;
const noOctets = new Uint8Array(0);

/** What this worker finds in `workerData`. */
interface DgramWorkerSeat extends WorkerSeat {
  readonly address: string;
  readonly port: number;
  readonly sharesPort: boolean;
}

/** The sender of the datagram at hand; its octets are made when they are asked for. */
class DgramClient implements ClientAddress {
  port = 0;
  private address = '';

  get octets(): Uint8Array {
    const octets = parseIpAddress(this.address.split('%', 1)[0]!);
    return octets.verdict === 'accept' ? octets.value : noOctets;
  }

  set(peer: RemoteInfo): void {
    this.port = peer.port;
    this.address = peer.address;
  }
}

/** Answers datagrams until the socket is closed. */
function answerDatagrams(socket: Socket, responder: GuardedResponder): void {
  const counts = new WorkerCounts(seat.counts);
  const client = new DgramClient();
  const rooms: Uint8Array[] = [];
  let pendingAnswers = 0;
  const fail = (): void => counts.add('sendFailures', 1);
  socket.on('error', fail);
  socket.on('message', (query, peer) => {
    counts.add('received', 1);
    // RFC 768: a source port that is not used is 0; there is nobody to answer to.
    if (peer.port === 0 || query.length === 0 || query.length > seat.queryBytesMax)
      return counts.add('dropped', 1);
    client.set(peer);
    const room = rooms.pop() ?? new Uint8Array(seat.answerBytesMax);
    const sizeBytes = responder.respondInto(query, room, client);
    query.fill(0);
    if (sizeBytes === 0 || pendingAnswers === pendingAnswersMax) {
      rooms.push(room.fill(0));
      if (sizeBytes > 0) fail();
      return;
    }
    pendingAnswers += 1;
    socket.send(room.subarray(0, sizeBytes), peer.port, peer.address, (error) => {
      pendingAnswers -= 1;
      rooms.push(room.fill(0));
      if (error === null) counts.add('answered', 1);
      else fail();
    });
  });
}

const seat = workerData as DgramWorkerSeat;
const responder = new GuardedResponder(await loadResponder(seat), new WorkerCounts(seat.counts));
const isIpv6 = isIPv6(seat.address);
const socket = createSocket({
  type: isIpv6 ? 'udp6' : 'udp4',
  ipv6Only: isIpv6,
  recvBufferSize: bufferBytes,
  sendBufferSize: bufferBytes,
  reusePort: seat.sharesPort,
  // Peers are always addresses; the default would ask the resolver's queue for each answer.
  lookup: (address, _options, found) => found(null, address, isIpv6 ? 6 : 4),
});
const listening = once(socket, 'listening');
socket.bind({ address: seat.address, port: seat.port, exclusive: true });
await listening;
answerDatagrams(socket, responder);
const { port: orders } = seat.orders;
orders.on('message', (order: WorkerOrder) => {
  if (order.kind === 'notice') return responder.takeNotice(order.notice);
  orders.close();
  socket.close(() => void responder.close());
});
parentPort!.postMessage(workerReady, []);
