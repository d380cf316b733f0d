/**
 * A telephone on JsSIP: registers by bearer tokens (RFC 8898) in a WebSocket, and calls by number. Odd: a
 * token is taken once and JsSIP sends the one that it has, so it gets another before each request.
 */
import { UA, WebSocketInterface } from 'jssip';

export interface PhoneOptions {
  readonly number: string;
  readonly domain: string;
  /** `wss://…/sip` */
  readonly socket: string;
  /** Signs a new token. */
  readonly token: () => Promise<string>;
  readonly say: (text: string) => void;
  /** Plays what is heard. */
  readonly audio: HTMLAudioElement;
}

export interface Phone {
  call(number: string): Promise<void>;
  hangUp(): void;
}

export function startPhone(options: PhoneOptions): Phone {
  const { number, domain, socket, say, audio } = options;
  const ua = new UA({
    sockets: [new WebSocketInterface(socket)],
    uri: `sip:${number}@${domain}`,
    register_expires: 300,
  });
  const renewToken = async (): Promise<void> => {
    ua.set('authorization_jwt', `Bearer ${await options.token()}`);
  };
  // Registering follows as soon as there is a connection, which takes longer than to sign.
  ua.on('connecting', () => void renewToken());
  ua.on('registrationExpiring', () => void renewToken().then(() => ua.register()));
  ua.on('registered', () => say('Registered'));
  ua.on('registrationFailed', ({ cause }) => say(`Not registered: ${cause}`));
  ua.on('disconnected', () => say('Not connected'));
  void renewToken().then(() => ua.start());
  return {
    hangUp: () => ua.terminateSessions(),
    call: async (called) => {
      say(`Calling ${called}`);
      await renewToken();
      const session = ua.call(`sip:${called}@${domain}`, {
        mediaConstraints: { audio: true, video: false },
      });
      session.connection.addEventListener('track', ({ streams: [heard] }) => {
        audio.srcObject = heard ?? null;
      });
      session.on('progress', () => say('It rings'));
      session.on('confirmed', () => say('In a call'));
      session.on('ended', () => say('The call has ended'));
      session.on('failed', ({ cause }) => say(`No call: ${cause}`));
    },
  };
}
