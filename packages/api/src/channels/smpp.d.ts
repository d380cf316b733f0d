/** The part of smpp (SMPP 3.4) that the channel uses; it ships no types. */
declare module 'smpp' {
  import type { EventEmitter } from 'node:events';
  import type { Server, Socket } from 'node:net';
  import type { ConnectionOptions } from 'node:tls';

  export interface Pdu {
    readonly command: string;
    readonly command_status: number;
    readonly sequence_number: number;
    readonly esm_class?: number;
    readonly message_id?: string;
    readonly receipted_message_id?: string;
    readonly message_state?: number;
    readonly short_message?: { readonly message?: string | Buffer };
    response(options?: Readonly<Record<string, unknown>>): Pdu;
  }

  export interface Session extends EventEmitter {
    readonly socket: Socket;
    /** False when the socket cannot be written: nothing has left. */
    send(pdu: Pdu, responseCallback?: (response: Pdu) => void): boolean;
    close(): void;
    destroy(): void;
  }

  const smpp: {
    connect(options: ConnectionOptions & { host: string; port: number; tls?: boolean }): Session;
    createServer(options: object, listener: (session: Session) => void): Server;
    PDU: new (command: string, options?: Readonly<Record<string, unknown>>) => Pdu;
  };
  export default smpp;
}
