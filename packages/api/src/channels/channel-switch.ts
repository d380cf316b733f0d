/**
 * Sends codes and notices by the channels of their identifier's scheme: by the first, and by the next
 * where one has refused the message, which is then known not to have gone out. A code whose fate is unknown
 * counts as sent: its challenge stays open, so that the code can be answered if it arrives, and nobody
 * pays for a second one unless the claimant asks for it. A notice goes through the journal, so that one
 * which is tried again after a crash is not paid for twice.
 */
import { encodeBase64Url } from '@callbook/protocol';
import type { Random } from '@callbook/protocol';
import type { CodeMessage, CodeSender, NoticeMessage, NoticeSender } from '../ports.ts';
import { channelError, codeValidSeconds, isOutcomeUnknown, isRefused } from './channel.ts';
import type { Channel, ChannelMessage, ReceiptListener } from './channel.ts';
import type { SendJournal } from './send-journal.ts';

export type ChannelScheme = 'tel' | 'mailto' | 'sip';

export interface ChannelSwitchOptions {
  /** In the order in which they are asked; a scheme without a channel has no codes here. */
  readonly channels: Readonly<Partial<Record<ChannelScheme, readonly Channel[]>>>;
  readonly journal: SendJournal;
  readonly random: Random;
  /** Told of each message whose fate is unknown, with the channel's error. */
  readonly onUnknown: (error: unknown) => void;
  /** Told when a channel has refused a message and the next is asked. */
  readonly onNext: (error: unknown) => void;
  /** Told what became of each message, once. */
  readonly onSettled?: (outcome: MessageFate) => void;
}

/** `sent`: a gateway has it. `refused`: none has it. `unknown`: one may have it. */
type MessageFate = 'sent' | 'refused' | 'unknown';

export class ChannelSwitch implements CodeSender, NoticeSender {
  readonly #options: ChannelSwitchOptions;

  constructor(options: ChannelSwitchOptions) {
    this.#options = options;
  }

  /** Rejects with `channel_refused`; then the code has not gone out and never will. */
  async send({ to, text, code, sendId }: CodeMessage): Promise<void> {
    const message = { to, text, code, sendId, validSeconds: codeValidSeconds };
    try {
      await this.#submit(message);
    } catch (error) {
      if (!isOutcomeUnknown(error)) throw error;
      this.#options.onUnknown(error);
    }
  }

  /** Rejects with `channel_refused`, and then may be tried again; else it is done with. */
  async sendNotice({ to, text, noticeId }: NoticeMessage): Promise<void> {
    const { journal, random, onUnknown } = this.#options;
    if (!(await journal.begin(noticeId))) return;
    try {
      // The id of a notice names an entry of a public log: the gateway, which knows the number, gets
      // another.
      await this.#submit({ to, text, sendId: encodeBase64Url(random.bytes(16)) });
    } catch (error) {
      if (isOutcomeUnknown(error)) {
        onUnknown(error);
        return;
      }
      await journal.refuse(noticeId);
      throw error;
    }
  }

  onReceipt(listener: ReceiptListener): void {
    const channels = new Set(Object.values(this.#options.channels).flat());
    for (const channel of channels) channel.onReceipt(listener);
  }

  /** Rejects with what the last channel said. */
  async #submit(message: ChannelMessage): Promise<void> {
    const { onSettled } = this.#options;
    try {
      await this.#submitToFirst(message);
    } catch (error) {
      onSettled?.(isOutcomeUnknown(error) ? 'unknown' : 'refused');
      throw error;
    }
    onSettled?.('sent');
  }

  async #submitToFirst(message: ChannelMessage): Promise<void> {
    const scheme = message.to.slice(0, message.to.indexOf(':')) as ChannelScheme;
    const channels = this.#options.channels[scheme] ?? [];
    const [last, ...earlier] = channels.toReversed();
    if (last === undefined) throw channelError('channel_refused', `no channel for ${scheme}`);
    for (const channel of earlier.toReversed()) {
      try {
        await channel.submit(message);
        return;
      } catch (error) {
        // Else it may have gone out, and whoever pays pays once.
        if (!isRefused(error)) throw error;
        this.#options.onNext(error);
      }
    }
    await last.submit(message);
  }
}
