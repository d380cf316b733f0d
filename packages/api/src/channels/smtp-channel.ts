/**
 * A channel by e-mail: one SMTP connection a message, with TLS from the start or by STARTTLS, never
 * without. A message whose bytes had begun to leave and which the server neither took nor refused may
 * arrive; before that it cannot. Bounces go to the envelope sender, which is the operator's mailbox.
 */
import { Readable } from 'node:stream';
import type MailComposer from 'nodemailer/lib/mail-composer';
import type SMTPConnection from 'nodemailer/lib/smtp-connection';
import { channelAnswerMsMax, channelError } from './channel.ts';
import type { Channel, ChannelMessage } from './channel.ts';

export interface SmtpOptions {
  readonly host: string;
  readonly port: number;
  /** Sender of envelope and message, `name@domain`. */
  readonly from: string;
  /** TLS from the first octet (RFC 8314); else STARTTLS, which is then required. */
  readonly isImplicitTls?: boolean;
  readonly login?: { readonly user: string; readonly password: string };
  /** PEM of the authority behind the server's certificate; the system's authorities without it. */
  readonly ca?: string;
  readonly answerMsMax?: number;
}

/**
 * RFC 3461 §4.1, §4.3: where the server knows of it, it writes when a mail cannot be delivered, not when
 * it is late, and without the text, so that no code lies in the mailbox of bounces.
 */
const bounceWish: Delivery['envelope']['dsn'] = { ret: 'HDRS', notify: ['FAILURE'] };

const subjects = { code: 'Your Callbook code', notice: 'Callbook notice' } as const;

/** Opens a channel to one SMTP server. */
export async function openSmtpChannel(options: SmtpOptions): Promise<Channel> {
  // Loaded here alone: most members send no mail.
  const [{ default: Connection }, { default: Composer }] = await Promise.all([
    import('nodemailer/lib/smtp-connection'),
    import('nodemailer/lib/mail-composer'),
  ]);
  const compose = async (message: ChannelMessage): Promise<Buffer> =>
    await new Composer(mailOf(message, options)).compile().build();
  return {
    submit: async (message) => {
      const bytes = await compose(message);
      await deliver(new Connection(connectionOptions(options)), {
        envelope: { from: options.from, to: [addressOf(message)], dsn: bounceWish },
        bytes,
        options,
      });
    },
    onReceipt: () => {},
    [Symbol.asyncDispose]: async () => {},
  };
}

function addressOf({ to }: ChannelMessage): string {
  return to.slice(to.indexOf(':') + 1);
}

function mailOf(
  message: ChannelMessage,
  { from }: SmtpOptions,
): ConstructorParameters<typeof MailComposer>[0] {
  return {
    from,
    to: addressOf(message),
    subject: message.code === undefined ? subjects.notice : subjects.code,
    text: message.text,
    messageId: `<${message.sendId}@${from.slice(from.lastIndexOf('@') + 1)}>`,
    // RFC 3834 §5: nobody's holiday notice comes back.
    headers: { 'Auto-Submitted': 'auto-generated' },
  };
}

function connectionOptions(
  options: SmtpOptions,
): NonNullable<ConstructorParameters<typeof SMTPConnection>[0]> {
  const { host, port, from, isImplicitTls = false, ca } = options;
  const msMax = options.answerMsMax ?? channelAnswerMsMax;
  return {
    host,
    port,
    name: from.slice(from.lastIndexOf('@') + 1),
    secure: isImplicitTls,
    requireTLS: !isImplicitTls,
    tls: { minVersion: 'TLSv1.2', ...(ca !== undefined && { ca }) },
    connectionTimeout: msMax,
    greetingTimeout: msMax,
    socketTimeout: msMax,
    dnsTimeout: msMax,
    socketCloseTimeout: 1000,
    maxResponseSize: 64 * 1024,
    allowInternalNetworkInterfaces: true,
  };
}

interface Delivery {
  readonly envelope: {
    readonly from: string;
    readonly to: string[];
    readonly dsn: { readonly ret: 'HDRS'; readonly notify: 'FAILURE'[] };
  };
  readonly bytes: Buffer;
  readonly options: SmtpOptions;
}

async function deliver(connection: SMTPConnection, delivery: Delivery): Promise<void> {
  const { envelope, bytes, options } = delivery;
  let hasBegun = false;
  // Read by the connection only once the server has said 354 (RFC 5321 §4.1.1.4).
  const body = Readable.from(
    (function* () {
      hasBegun = true;
      yield bytes;
    })(),
    { objectMode: false },
  );
  const msMax = options.answerMsMax ?? channelAnswerMsMax;
  const lost = Promise.withResolvers<never>();
  // The waits below may have ended when the connection fails once more.
  lost.promise.catch(() => {});
  connection.on('error', lost.reject);
  connection.on('end', () => lost.reject(new Error('connection ended')));
  const deadline = setTimeout(() => lost.reject(new Error('time-out')), msMax);
  try {
    await Promise.race([
      lost.promise,
      converse(connection, { envelope, body, login: options.login }),
    ]);
  } catch (cause) {
    // A reply, whatever it says, settles it: RFC 5321 §4.2.1, the client keeps the responsibility.
    const reply = replyOf(cause);
    const isSettled = !hasBegun || reply !== undefined;
    const code = isSettled ? 'channel_refused' : 'channel_outcome_unknown';
    const reason = reply === undefined ? 'did not take the message' : `answered ${reply}`;
    throw channelError(code, `the mail server ${reason}`, cause);
  } finally {
    clearTimeout(deadline);
    connection.close();
    body.destroy();
  }
}

async function converse(
  connection: SMTPConnection,
  conversation: {
    readonly envelope: Delivery['envelope'];
    readonly body: Readable;
    readonly login: SmtpOptions['login'];
  },
): Promise<void> {
  const { envelope, body, login } = conversation;
  await called((done) => connection.connect(done));
  if (login !== undefined) {
    await called((done) => connection.login({ user: login.user, pass: login.password }, done));
  }
  await called((done) => connection.send(envelope, body, done));
}

async function called(start: (done: (error?: Error | null) => void) => void): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    start((error) => (error ? reject(error) : resolve()));
  });
}

/** The number that a server's reply begins with (RFC 5321 §4.2); its text quotes addresses. */
function replyOf(error: unknown): number | undefined {
  const reply = error instanceof Error && 'responseCode' in error ? error.responseCode : undefined;
  return typeof reply === 'number' ? reply : undefined;
}
