/**
 * Gateways that misbehave as they are told, one for each protocol, on loopback. They speak as little
 * of it as a submission needs; the real peers stand in testnet/test/channels.
 */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { createServer as createHttpsServer } from 'node:https';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import smpp from 'smpp';
import type { Pdu, Session } from 'smpp';
import { onTestFinished } from 'vitest';

/** `cut` takes the whole message and closes without a word; `silent` says nothing at all. */
export type Behaviour = 'take' | 'refuse' | 'slow' | 'silent' | 'cut';

export interface Gateway {
  readonly port: number;
  /** Whole messages that have arrived, refused ones too. */
  readonly arrived: string[];
}

export const slowMs = 150;
const fixture = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../fixtures', name), 'utf8');
export const certificate = fixture('localhost-certificate.pem');
export const tlsOptions: { readonly cert: string; readonly key: string } = {
  cert: certificate,
  key: fixture('localhost-key.pem'),
};

async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** Answers as the behaviour says. */
function react(
  behaviour: Behaviour,
  answers: { take: () => void; refuse: () => void; cut: () => void },
): void {
  if (behaviour === 'take') answers.take();
  if (behaviour === 'slow') setTimeout(answers.take, slowMs);
  if (behaviour === 'refuse') answers.refuse();
  if (behaviour === 'cut') answers.cut();
}

export async function webhookGateway(behaviour: Behaviour): Promise<Gateway> {
  const arrived: string[] = [];
  const server = createHttpsServer(tlsOptions, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      arrived.push((JSON.parse(Buffer.concat(chunks).toString()) as { text: string }).text);
      react(behaviour, {
        take: () => response.writeHead(202).end(),
        refuse: () => response.writeHead(422).end('no such number +4915123456789'),
        cut: () => request.socket.destroy(),
      });
    });
  });
  return { port: await listening(server), arrived };
}

export async function smtpGateway(behaviour: Behaviour): Promise<Gateway> {
  const arrived: string[] = [];
  const server = createServer((socket) => {
    socket.write('220 mail.test\r\n');
    converse(socket, false);
  });
  function converse(socket: Socket, isSecure: boolean): void {
    let text = '';
    let inData = false;
    socket.on('error', () => {});
    const onData = (octets: Buffer): void => {
      text += octets.toString('latin1');
      for (;;) {
        const mark = inData ? '\r\n.\r\n' : '\r\n';
        const end = text.indexOf(mark);
        if (end < 0) return;
        const line = text.slice(0, end);
        text = text.slice(end + mark.length);
        if (inData) {
          inData = false;
          arrived.push(line);
          react(behaviour, {
            take: () => socket.write('250 taken\r\n'),
            refuse: () => socket.write('554 no such user <ada@mail.example>\r\n'),
            cut: () => socket.destroy(),
          });
        } else if (line === 'STARTTLS') {
          socket.off('data', onData);
          socket.write('220 go ahead\r\n');
          const secured = new TLSSocket(socket, { isServer: true, ...tlsOptions });
          converse(secured, true);
          return;
        } else if (line === 'DATA') {
          inData = true;
          socket.write('354 send\r\n');
        } else if (line.startsWith('EHLO')) {
          socket.write(isSecure ? '250 mail.test\r\n' : '250-mail.test\r\n250 STARTTLS\r\n');
        } else {
          socket.write('250 ok\r\n');
        }
      }
    };
    socket.on('data', onData);
  }
  return { port: await listening(server), arrived };
}

/** Offers no STARTTLS; mails and passwords would arrive. */
export async function plainSmtpGateway(): Promise<Gateway> {
  const arrived: string[] = [];
  const server = createServer((socket) => {
    socket.write('220 mail.test\r\n');
    socket.on('data', (octets: Buffer) => {
      const line = octets.toString();
      if (/^(DATA|AUTH)/.test(line)) arrived.push(line);
      const isGreeting = line.startsWith('EHLO');
      const greeting = '250-mail.test\r\n250 AUTH PLAIN LOGIN\r\n';
      socket.write(
        line.startsWith('STARTTLS') ? '502 no\r\n' : isGreeting ? greeting : '250 ok\r\n',
      );
    });
  });
  return { port: await listening(server), arrived };
}

function sipAnswer(request: string, status: string): string {
  const lines = request.split('\r\n');
  const kept = lines.filter((line) => /^(Via|From|To|Call-ID|CSeq):/.test(line));
  return [`SIP/2.0 ${status}`, ...kept, 'Content-Length: 0', '', ''].join('\r\n');
}

export async function sipTcpGateway(behaviour: Behaviour): Promise<Gateway> {
  const arrived: string[] = [];
  const server = createServer((socket) => {
    socket.on('data', (octets: Buffer) => {
      const request = octets.toString();
      arrived.push(request.slice(request.indexOf('\r\n\r\n') + 4));
      socket.write(sipAnswer(request, '100 Trying'));
      react(behaviour, {
        take: () => socket.write(sipAnswer(request, '202 Accepted')),
        refuse: () => socket.write(sipAnswer(request, '404 Not Found')),
        cut: () => socket.destroy(),
      });
    });
  });
  return { port: await listening(server), arrived };
}

/** A repetition is the same transaction, and is counted once; `cut` is a loss of every answer. */
export async function sipUdpGateway(behaviour: Behaviour): Promise<Gateway> {
  const arrived: string[] = [];
  const branches = new Set<string>();
  const socket = createSocket('udp4');
  onTestFinished(() => void socket.close());
  let datagrams = 0;
  socket.on('message', (octets, { port }) => {
    const request = octets.toString();
    const branch = /branch=([^;\r]+)/.exec(request)![1]!;
    if (!branches.has(branch)) arrived.push(request.slice(request.indexOf('\r\n\r\n') + 4));
    branches.add(branch);
    datagrams += 1;
    // The first datagram's answer is lost, so that the repetition is what succeeds.
    if (behaviour === 'slow' && datagrams === 1) return;
    const answer = (status: string) => (): void => socket.send(sipAnswer(request, status), port);
    const take = answer('200 OK');
    react(behaviour, { take, refuse: answer('404 Not Found'), cut: () => {} });
  });
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  return { port: socket.address().port, arrived };
}

export interface SmppGateway extends Gateway {
  readonly submissions: Pdu[];
  readonly sessions: Session[];
}

/** With a receipt after each message that is taken, where `receipt` says so. */
export async function smppGateway(
  behaviour: Behaviour,
  receipt?: 'DELIVRD' | 'UNDELIV',
): Promise<SmppGateway> {
  const gateway = { arrived: [] as string[], submissions: [] as Pdu[], sessions: [] as Session[] };
  const server = smpp.createServer({}, (session) => {
    gateway.sessions.push(session);
    session.on('error', () => {});
    session.on('bind_transceiver', (pdu: Pdu) => void session.send(pdu.response()));
    session.on('enquire_link', (pdu: Pdu) => void session.send(pdu.response()));
    session.on('unbind', (pdu: Pdu) => {
      session.send(pdu.response());
      session.close();
    });
    session.on('submit_sm', (pdu: Pdu) => {
      gateway.submissions.push(pdu);
      const said = pdu.short_message!.message!;
      gateway.arrived.push(typeof said === 'string' ? said : said.toString('latin1'));
      const messageId = `m${gateway.arrived.length}`;
      react(behaviour, {
        take: () => {
          session.send(pdu.response({ message_id: messageId }));
          if (receipt === undefined) return;
          // In the same write: the receipt may be read together with the answer.
          const text = `id:${messageId} sub:001 dlvrd:001 stat:${receipt} err:000 text:`;
          const fields = { esm_class: 4, short_message: Buffer.from(text) };
          session.send(new smpp.PDU('deliver_sm', fields));
        },
        refuse: () => void session.send(pdu.response({ command_status: 0x0b })),
        cut: () => session.destroy(),
      });
    });
  });
  return { port: await listening(server), ...gateway };
}
