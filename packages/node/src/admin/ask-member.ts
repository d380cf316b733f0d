/** Asks the member that runs with a configuration, from a command on the same machine. */
import { createConnection } from 'node:net';
import { DirectoryError } from '@callbook/protocol';
import type { NodeConfig } from '../config.ts';
import type { NodeErrorCode } from '../errors.ts';
import { adminReplyBytesMax, adminSocketPath, adminTimeoutMs } from './admin-messages.ts';
import type { AdminAnswers, AdminReply, AdminRequest } from './admin-messages.ts';

/** Returns the answer. Errors: `member_not_running`, and whatever code the member answers with. */
export async function askMember<Request extends AdminRequest>(
  config: NodeConfig,
  request: Request,
): Promise<AdminAnswers[Request['ask']]> {
  const reply = JSON.parse(await exchange(adminSocketPath(config), request)) as AdminReply;
  if ('answer' in reply) return reply.answer as AdminAnswers[Request['ask']];
  throw new DirectoryError(reply.error.code, reply.error.message);
}

async function exchange(path: string, request: AdminRequest): Promise<string> {
  return await new Promise((resolve, reject) => {
    const refuse = (cause: unknown): void => reject(notRunning(cause));
    let received = '';
    const socket = createConnection(path, () => socket.write(`${JSON.stringify(request)}\n`));
    socket.setEncoding('utf8');
    socket.setTimeout(adminTimeoutMs, () => socket.destroy(new Error('no answer in time')));
    socket.on('error', refuse);
    socket.on('data', (text: string) => {
      received += text;
      if (received.length > adminReplyBytesMax) socket.destroy(new Error('the answer is too long'));
    });
    socket.on('close', () => {
      if (received.endsWith('\n')) resolve(received);
      else refuse(new Error('the member closed its socket'));
    });
  });
}

function notRunning(cause: unknown): DirectoryError<NodeErrorCode> {
  return new DirectoryError(
    'member_not_running',
    'no member runs here with this configuration, or not as this user: callbook-node serve --config …',
    { cause },
  );
}
