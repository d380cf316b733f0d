/**
 * A gateway that keeps count: an HTTPS server to which a member posts its messages, and which can let the
 * member be killed when a connection comes, when a message has come, or when it has just been answered.
 */
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface SentMessage {
  readonly to: string;
  readonly text: string;
  readonly code?: string;
  readonly sendId: string;
}

/** What happens to the next message; afterwards all are taken again. */
export type Mishap = 'connected' | 'handed over' | 'answered' | 'refused';

export class WatchedGateway implements AsyncDisposable {
  /** Every message whose last octet has come, refused ones too. */
  readonly messages: SentMessage[] = [];
  /** Called when the mishap's moment has come. */
  onMoment = (): void => undefined;
  next: Mishap | undefined;
  readonly #front = createServer((socket) => this.#connect(socket));
  readonly #https: ReturnType<typeof createHttpsServer>;
  readonly #sockets = new Set<Socket>();

  constructor(tls: { readonly certificate: string; readonly privateKey: string }) {
    const pem = { cert: readFileSync(tls.certificate), key: readFileSync(tls.privateKey) };
    this.#https = createHttpsServer(pem, (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => this.#arrive(Buffer.concat(chunks).toString(), response));
    });
  }

  #arrive(body: string, response: ServerResponse): void {
    this.messages.push(JSON.parse(body) as SentMessage);
    const mishap = this.#take('handed over', 'answered', 'refused');
    if (mishap === 'handed over') return this.onMoment();
    response.writeHead(mishap === 'refused' ? 503 : 200).end();
    if (mishap === 'answered') response.socket!.once('close', () => this.onMoment());
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#front.listen(0, '127.0.0.1', resolve));
    return (this.#front.address() as AddressInfo).port;
  }

  to(identifier: string): SentMessage[] {
    return this.messages.filter(({ to }) => to === identifier);
  }

  #connect(socket: Socket): void {
    this.#sockets.add(socket);
    socket.once('close', () => this.#sockets.delete(socket)).on('error', () => socket.destroy());
    // No octet of TLS is answered: nothing of the message can have left the member.
    if (this.#take('connected') === 'connected') this.onMoment();
    else this.#https.emit('connection', socket);
  }

  #take(...at: readonly Mishap[]): Mishap | undefined {
    const mishap = this.next;
    if (mishap === undefined || !at.includes(mishap)) return undefined;
    this.next = undefined;
    return mishap;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#front.close(resolve));
  }
}
