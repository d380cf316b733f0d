/**
 * The member's admin socket, in its data folder. Nobody but its owner can open it: the folder has
 * mode 0700 and the socket 0600. It opens after the store, whose lock only one process holds, so a
 * socket file that is there already was left by one that is gone.
 */
import { chmod, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';
import { DirectoryError } from '@callbook/protocol';
import type { NodeConfig } from '../config.ts';
import type { NodeErrorCode } from '../errors.ts';
import { adminRequestBytesMax, adminSocketPath, adminTimeoutMs } from './admin-messages.ts';
import type { AdminReply, AdminRequest } from './admin-messages.ts';

export type AnswerAdmin = (request: AdminRequest) => Promise<unknown>;

/** Commands that one person may run at once, generously. */
const connectionsMax = 16;

/** Serves commands on this machine until disposed of. Error: `admin_socket_unusable`. */
export async function openAdminSocket(
  config: NodeConfig,
  answer: AnswerAdmin,
): Promise<AsyncDisposable> {
  const path = adminSocketPath(config);
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serve(socket, answer);
  });
  server.maxConnections = connectionsMax;
  try {
    await rm(path, { force: true });
    await listen(server, path);
    await chmod(path, 0o600);
  } catch (cause) {
    server.close();
    throw new DirectoryError<NodeErrorCode>(
      'admin_socket_unusable',
      'cannot listen on the admin socket in the data folder (its path may be too long)',
      { cause },
    );
  }
  return { [Symbol.asyncDispose]: async () => await close(server, sockets) };
}

async function listen(server: Server, path: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(path, resolve);
  });
}

function serve(socket: Socket, answer: AnswerAdmin): void {
  let received = '';
  socket.setEncoding('utf8');
  socket.setTimeout(adminTimeoutMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (text: string) => {
    received += text;
    if (received.length > adminRequestBytesMax) socket.destroy();
    else if (received.endsWith('\n')) {
      socket.pause();
      void reply(received, answer).then((line) => socket.end(line));
    }
  });
}

async function reply(line: string, answer: AnswerAdmin): Promise<string> {
  let told: AdminReply;
  try {
    // Our own command wrote it, as our own user: shape is not checked twice.
    told = { answer: await answer(JSON.parse(line) as AdminRequest) };
  } catch (error) {
    const isCoded = error instanceof DirectoryError;
    const code: NodeErrorCode = 'admin_request_failed';
    told = {
      error: isCoded
        ? { code: error.code, message: error.message }
        : { code, message: 'the member could not answer' },
    };
  }
  return `${JSON.stringify(told)}\n`;
}

async function close(server: Server, sockets: Iterable<Socket>): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => server.close(() => resolve()));
}
