/**
 * A channel to an SMS centre by SMPP 3.4: one transceiver session that is kept, bound again with
 * growing pauses when it is lost, with a window of submissions that wait for their answers. Texts go
 * with data_coding 0 as septets of the GSM alphabet, one an octet, in one segment.
 *
 * SMPP has no key that would let a centre drop a repetition. So a submission whose answer does not come
 * is never sent again: its outcome is unknown, and a receipt may still tell.
 */
import type Library from 'smpp';
import type { Pdu, Session } from 'smpp';
import { channelAnswerMsMax, channelError } from './channel.ts';
import type { Channel, ChannelMessage, ReceiptListener } from './channel.ts';
import { encodeGsm7, smsSegmentSeptetsMax } from './gsm7.ts';
import { parseReceipt, ReceiptTable } from './smpp-receipts.ts';

export interface SmppOptions {
  readonly host: string;
  readonly port: number;
  readonly systemId: string;
  readonly password: string;
  readonly systemType?: string;
  /** Up to 11 letters and digits, `+` and a number, or a short code. */
  readonly sender: string;
  readonly tls?: { readonly ca?: string };
  /** Submissions that wait for an answer at a time. */
  readonly window?: number;
  readonly answerMsMax?: number;
  /** Time that a message waits for a bound session with a free place; then it is refused, not sent. */
  readonly placeMsMax?: number;
  /** First pause before binding again; doubled up to a minute. */
  readonly retryMsMin?: number;
  readonly enquireEveryMs?: number;
  /** Told when the session is bound, refused or lost, for the operator. */
  readonly onSession?: (state: 'bound' | 'refused' | 'lost') => void;
}

const defaults = {
  window: 10,
  answerMsMax: channelAnswerMsMax,
  placeMsMax: 2000,
  retryMsMin: 1000,
  enquireEveryMs: 30_000,
} as const;

const retryMsMax = 60_000;
/** Time that a session has to close once one side has unbound. */
const leaveMsMax = 1000;
/** Submissions that wait for a place in the window. */
const waitingMax = 1000;

/** SMPP 3.4 §5.2.17: a receipt is asked for whatever the outcome. */
const receiptAlways = 1;

type Smpp = typeof Library;

/** Opens a channel to one SMS centre and begins to bind. */
export async function openSmppChannel(options: SmppOptions): Promise<Channel> {
  // Loaded here alone: most members have no SMS centre.
  const { default: smpp } = await import('smpp');
  return new SmppChannel(smpp, options);
}

class SmppChannel implements Channel {
  readonly #smpp: Smpp;
  readonly #options: SmppOptions & typeof defaults;
  readonly #receipts = new ReceiptTable();
  readonly #listeners: ReceiptListener[] = [];
  /** Those that wait for a bound session with a free place, oldest first. */
  readonly #waiting: ((session: Session | undefined) => void)[] = [];
  /** What to tell the submissions of the session in use when it is lost. */
  readonly #unanswered = new Set<() => void>();
  /** Set while a session that the centre has unbound waits for answers. */
  #onAllAnswered: (() => void) | undefined;
  /** Places given. */
  #placeCount = 0;
  #session: Session | undefined;
  #isBound = false;
  #isClosed = false;
  #pauseMs: number;
  #retry: NodeJS.Timeout | undefined;
  #enquire: NodeJS.Timeout | undefined;
  /** Runs while an `enquire_link` waits for its answer. */
  #enquireDeadline: NodeJS.Timeout | undefined;

  constructor(smpp: Smpp, options: SmppOptions) {
    this.#smpp = smpp;
    this.#options = { ...defaults, ...options } as SmppOptions & typeof defaults;
    this.#pauseMs = this.#options.retryMsMin;
    this.#connect();
  }

  onReceipt(listener: ReceiptListener): void {
    this.#listeners.push(listener);
  }

  async submit(message: ChannelMessage): Promise<void> {
    const pdu = this.#submission(message);
    const session = await this.#place();
    try {
      const { command, command_status } = await this.#exchange(session, pdu, message.sendId);
      if (command_status === 0 && command === 'submit_sm_resp') return;
      const status = command_status.toString(16);
      throw channelError('channel_refused', `the SMS centre answered status 0x${status}`);
    } finally {
      this.#placeCount -= 1;
      this.#letOn();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#retry);
    for (const resolve of this.#waiting.splice(0)) resolve(undefined);
    const session = this.#session;
    if (session === undefined) return;
    const closed = new Promise<void>((resolve) => session.socket.once('close', () => resolve()));
    if (this.#isBound) session.send(new this.#smpp.PDU('unbind'));
    session.close();
    const deadline = setTimeout(() => session.destroy(), leaveMsMax);
    await closed;
    clearTimeout(deadline);
  }

  #submission({ to, text, validSeconds }: ChannelMessage): Pdu {
    const septets = encodeGsm7(text);
    if (!to.startsWith('tel:') || septets === undefined || septets.length > smsSegmentSeptetsMax) {
      throw channelError('channel_refused', 'the message is no SMS of one segment');
    }
    const { sender } = this.#options;
    return new this.#smpp.PDU('submit_sm', {
      ...senderAddress(sender),
      // §5.2.5, §5.2.6: international number, E.164; then without the plus.
      dest_addr_ton: 1,
      dest_addr_npi: 1,
      destination_addr: to.slice('tel:+'.length),
      registered_delivery: receiptAlways,
      data_coding: 0,
      validity_period: validSeconds === undefined ? '' : relativeTime(validSeconds),
      short_message: Buffer.from(septets),
    });
  }

  /** Waits for a bound session with a place in its window; nothing has been sent until then. */
  async #place(): Promise<Session> {
    if (this.#isClosed || this.#waiting.length >= waitingMax) {
      throw channelError('channel_refused', 'the SMS centre is not connected, or busy');
    }
    const { promise, resolve } = Promise.withResolvers<Session | undefined>();
    this.#waiting.push(resolve);
    const deadline = setTimeout(() => {
      // Taken out in the same step, so that no place is given to who has gone.
      this.#waiting.splice(this.#waiting.indexOf(resolve), 1);
      resolve(undefined);
    }, this.#options.placeMsMax);
    this.#letOn();
    const session = await promise;
    clearTimeout(deadline);
    if (session !== undefined) return session;
    throw channelError('channel_refused', 'the SMS centre is not connected, or busy');
  }

  #letOn(): void {
    // A session that is about to be lost can be told by its socket.
    if (!this.#isBound || this.#session?.socket.writable !== true) return;
    while (this.#placeCount < this.#options.window && this.#waiting.length > 0) {
      this.#placeCount += 1;
      this.#waiting.shift()!(this.#session);
    }
  }

  async #exchange(session: Session, pdu: Pdu, sendId: string): Promise<Pdu> {
    const { promise, resolve, reject } = Promise.withResolvers<Pdu>();
    const lost = (): void =>
      reject(channelError('channel_outcome_unknown', 'the SMS centre was lost'));
    // Also after the deadline: the receipt of a late one is still of use. At once, since the receipt
    // may be the next thing that is read.
    const isWritten = session.send(pdu, (response) => {
      if (response.message_id) this.#receipts.expect(response.message_id, sendId);
      resolve(response);
    });
    if (!isWritten) throw channelError('channel_refused', 'the SMS centre is not connected');
    this.#unanswered.add(lost);
    const { answerMsMax } = this.#options;
    const deadline = setTimeout(() => {
      const reason = `the SMS centre has not answered within ${answerMsMax} ms`;
      reject(channelError('channel_outcome_unknown', reason));
    }, answerMsMax);
    try {
      return await promise;
    } finally {
      clearTimeout(deadline);
      this.#unanswered.delete(lost);
      if (this.#unanswered.size === 0) this.#onAllAnswered?.();
    }
  }

  #connect(): void {
    const { host, port, tls, answerMsMax } = this.#options;
    const session = this.#smpp.connect({
      host,
      port,
      ...(tls && { tls: true, ...(tls.ca !== undefined && { ca: tls.ca }) }),
    });
    this.#session = session;
    const deadline = setTimeout(() => session.destroy(), answerMsMax);
    session.on(tls === undefined ? 'connect' : 'secureConnect', () => this.#bind(session));
    session.on('bind_transceiver_resp', () => clearTimeout(deadline));
    session.on('pdu', (pdu: Pdu) => this.#take(session, pdu));
    // Also octets that are no PDU: the library reads no further after them.
    session.on('error', () => session.destroy());
    session.socket.once('close', () => {
      clearTimeout(deadline);
      this.#lose();
    });
  }

  #bind(session: Session): void {
    const { systemId, password, systemType = '' } = this.#options;
    const bind = {
      system_id: systemId,
      password,
      system_type: systemType,
      interface_version: 0x34,
    };
    session.send(new this.#smpp.PDU('bind_transceiver', bind), (response) => {
      if (response.command_status !== 0) {
        this.#options.onSession?.('refused');
        session.destroy();
        return;
      }
      this.#isBound = true;
      this.#options.onSession?.('bound');
      this.#pauseMs = this.#options.retryMsMin;
      this.#enquire = setInterval(() => this.#enquireLink(session), this.#options.enquireEveryMs);
      this.#letOn();
    });
  }

  /** A connection that has died without a word is found here. */
  #enquireLink(session: Session): void {
    if (this.#enquireDeadline !== undefined) return;
    this.#enquireDeadline = setTimeout(() => session.destroy(), this.#options.answerMsMax);
    session.send(new this.#smpp.PDU('enquire_link'), () => this.#forgetEnquiry());
  }

  #forgetEnquiry(): void {
    clearTimeout(this.#enquireDeadline);
    this.#enquireDeadline = undefined;
  }

  #take(session: Session, pdu: Pdu): void {
    if (pdu.command === 'enquire_link') session.send(pdu.response());
    if (pdu.command === 'unbind') this.#leave(session, pdu);
    if (pdu.command !== 'deliver_sm') return;
    session.send(pdu.response());
    const receipt = parseReceipt(pdu);
    const sendId = receipt && this.#receipts.take(receipt.messageId);
    if (receipt === undefined || sendId === undefined) return;
    for (const listener of this.#listeners) listener({ sendId, isDelivered: receipt.isDelivered });
  }

  /**
   * The centre has unbound. What is sent from now on waits for the next session; what is on its way is
   * waited for, since a session that has ended answers nothing more.
   */
  #leave(session: Session, unbind: Pdu): void {
    this.#unbound();
    const end = (): void => {
      clearTimeout(deadline);
      this.#onAllAnswered = undefined;
      session.send(unbind.response());
      session.close();
      const stubborn = setTimeout(() => session.destroy(), leaveMsMax);
      session.socket.once('close', () => clearTimeout(stubborn));
    };
    const deadline = setTimeout(end, leaveMsMax);
    this.#onAllAnswered = end;
    if (this.#unanswered.size === 0) end();
  }

  #unbound(): void {
    if (this.#isBound && !this.#isClosed) this.#options.onSession?.('lost');
    this.#isBound = false;
  }

  #lose(): void {
    clearInterval(this.#enquire);
    this.#forgetEnquiry();
    this.#unbound();
    this.#session = undefined;
    for (const lost of this.#unanswered) lost();
    if (this.#isClosed) return;
    this.#retry = setTimeout(() => this.#connect(), this.#pauseMs);
    this.#pauseMs = Math.min(2 * this.#pauseMs, retryMsMax);
  }
}

/** SMPP 3.4 §5.2.5: international, alphanumeric, or network specific (a short code). */
function senderAddress(sender: string): Readonly<Record<string, unknown>> {
  if (sender.startsWith('+')) {
    return { source_addr_ton: 1, source_addr_npi: 1, source_addr: sender.slice(1) };
  }
  const ton = /^\d+$/.test(sender) ? 3 : 5;
  return { source_addr_ton: ton, source_addr_npi: 0, source_addr: sender };
}

/** §7.1.1: `YYMMDDhhmmsstnnp`, here minutes and seconds from now. */
function relativeTime(seconds: number): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  return `000000${two(Math.floor(minutes / 60))}${two(minutes % 60)}${two(seconds % 60)}000R`;
}
