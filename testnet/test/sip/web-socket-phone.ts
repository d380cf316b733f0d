/** A registration in a WebSocket (RFC 7118), octet by octet: a page's origin is whatever a test says it is. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:tls';

export interface WebSocketPhone {
  readonly address: string;
  readonly port: number;
  readonly ca: string;
  /** Of the page. */
  readonly origin: string;
  /** `sip:…` */
  readonly from: string;
  readonly token: string;
}

const answerMsMax = 20_000;

/** Resolves with the line that ended it: of HTTP where there was no WebSocket, else of SIP. */
export async function registerByWebSocket(phone: WebSocketPhone): Promise<string> {
  const { address, port, ca, origin } = phone;
  const socket = connect({ host: address, port, ca });
  socket.setTimeout(answerMsMax, () => socket.destroy(new Error('no answer')));
  let heard = '';
  let isOpen = false;
  try {
    return await new Promise<string>((resolve, reject) => {
      socket.once('error', reject).once('close', () => reject(new Error('closed')));
      socket.once('secureConnect', () => {
        const headers = [
          'GET /sip HTTP/1.1',
          `Host: ${address}:${port}`,
          'Upgrade: websocket',
          'Connection: Upgrade',
          `Origin: ${origin}`,
          `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
          'Sec-WebSocket-Protocol: sip',
          'Sec-WebSocket-Version: 13',
        ];
        socket.write(`${headers.join('\r\n')}\r\n\r\n`);
      });
      socket.setEncoding('latin1').on('data', (text: string) => {
        heard += text;
        const line = /HTTP\/1\.1 [^\r]*/.exec(heard)?.[0];
        if (line !== undefined && !line.startsWith('HTTP/1.1 101')) resolve(line);
        if (line !== undefined && !isOpen) {
          isOpen = true;
          socket.write(frame(register(phone)));
        }
        const answer = /SIP\/2\.0 [2-6][^\r]*/.exec(heard)?.[0];
        if (answer !== undefined) resolve(answer);
      });
    });
  } finally {
    socket.destroy();
  }
}

function register({ from, token }: WebSocketPhone): string {
  const mark = randomBytes(8).toString('hex');
  const lines = [
    `REGISTER ${from.replace(/:.*@/, ':')} SIP/2.0`,
    `Via: SIP/2.0/WSS ${mark}.invalid;branch=z9hG4bK${mark}`,
    'Max-Forwards: 70',
    `From: <${from}>;tag=${mark}`,
    `To: <${from}>`,
    `Call-ID: ${mark}`,
    'CSeq: 1 REGISTER',
    `Contact: <sip:${mark}@${mark}.invalid;transport=ws>`,
    'Expires: 60',
    `Authorization: Bearer ${token}`,
    'Content-Length: 0',
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** RFC 6455 §5.2: one text frame, masked as a client's must be, of 126 to 65 535 octets. */
function frame(text: string): Buffer {
  const mask = randomBytes(4);
  const payload = Buffer.from(text).map((byte, place) => byte ^ mask[place % 4]!);
  const head = Buffer.from([0x81, 0xfe, payload.length >> 8, payload.length & 0xff]);
  return Buffer.concat([head, mask, payload]);
}
