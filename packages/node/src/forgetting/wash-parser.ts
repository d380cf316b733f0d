/**
 * Node reads every HTTP request of a thread into one buffer, which it keeps: what a long request has
 * left behind the end of all shorter ones would stay there as long as the process lives. Nobody can
 * reach that buffer but by sending something, so this sends zeros, to a server of its own that has no
 * name in the file system and lives for one request.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';

/** Four times Node's buffer, so that at least one read fills it to its end. */
const bodyBytes = 4 * 65_536;

/** Overwrites the buffer of this thread; rejects where no local socket can be opened. */
export async function washParser(): Promise<void> {
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', () => response.end());
  });
  // A name that begins with NUL is in no folder: unix(7), abstract sockets.
  const path = `\0callbook-wash-${randomUUID()}`;
  try {
    server.listen({ path });
    await once(server, 'listening');
    const client = connect({ path });
    client.resume();
    client.write(
      `POST / HTTP/1.1\r\nhost: wash\r\nconnection: close\r\ncontent-length: ${bodyBytes}\r\n\r\n`,
    );
    client.end(new Uint8Array(bodyBytes));
    await once(client, 'close');
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
