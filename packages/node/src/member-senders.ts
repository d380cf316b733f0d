/**
 * Opens the channels that the configuration names, joined into what sends codes and notices, and the
 * guard over those that cost money. A channel that no scheme is sent by is not opened.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ChannelSwitch,
  openSmppChannel,
  openSmtpChannel,
  outboxChannel,
  SendGuard,
  SendJournal,
  SpentLedger,
  sipChannel,
  webhookChannel,
} from '@callbook/api';
import type { Channel, ChannelScheme, SendGuardOptions } from '@callbook/api';
import { DirectoryError } from '@callbook/protocol';
import type { Cryptography } from '@callbook/protocol';
import type { Logger } from 'pino';
import { channelsFor, schemes } from './challenge-settings.ts';
import type { ChallengeConfig, ChannelName } from './challenge-settings.ts';
import type { NodeConfig } from './config.ts';
import type { NodeErrorCode } from './errors.ts';
import { errorCodes } from './event-log.ts';
import { readSecretFile } from './key-file.ts';
import type { MemberMetrics } from './metrics/member-metrics.ts';
import { systemClock, systemRandom } from './system-ports.ts';

/** What carries codes and notices to people. */
export interface MemberSenders extends AsyncDisposable {
  readonly senders: ChannelSwitch;
  /** Where codes to numbers cost money. */
  readonly sendGuard: SendGuard | undefined;
}

const journalName = 'sent-notices';
const ledgerName = 'spent-on-codes';

/** Opens channels, journal and guard; throws the codes of secret files and `certificate_unreadable`. */
export async function openMemberSenders(
  { challenges, dataDir, member: from }: NodeConfig,
  parts: {
    readonly crypto: Cryptography;
    readonly log: Logger;
    readonly metrics: Pick<MemberMetrics, 'noteMessage'>;
  },
): Promise<MemberSenders> {
  const { crypto, log, metrics } = parts;
  await using opened = new AsyncDisposableStack();
  const journal = opened.use(await SendJournal.open(join(dataDir, journalName)));
  const byName = new Map<ChannelName, Channel>();
  for (const name of usedChannels(challenges)) {
    byName.set(name, opened.use(await openChannel(name, challenges, { from, log })));
  }
  const channels: Partial<Record<ChannelScheme, readonly Channel[]>> = {};
  for (const scheme of schemes) {
    channels[scheme] = channelsFor(challenges, scheme).map((name) => byName.get(name)!);
  }
  const senders = new ChannelSwitch({
    channels,
    journal,
    random: systemRandom,
    onUnknown: (error) => log.warn(errorCodes(error), 'message_fate_unknown'),
    onNext: (error) => log.warn(errorCodes(error), 'message_by_next_channel'),
    onSettled: (outcome) => metrics.noteMessage(outcome),
  });
  const isFree = channelsFor(challenges, 'tel').every((name) => name === 'outbox');
  const isPaid = !isFree || challenges.limits !== undefined;
  const sendGuard = isPaid
    ? await SendGuard.open(guardOptions(challenges), {
        crypto,
        random: systemRandom,
        ledger: opened.use(await SpentLedger.open(join(dataDir, ledgerName))),
      })
    : undefined;
  const open = opened.move();
  return { senders, sendGuard, [Symbol.asyncDispose]: async () => await open.disposeAsync() };
}

/** Each file that the channels in use name, with its setting, and how it is read; nothing is opened. */
export function channelFiles(
  challenges: ChallengeConfig,
): readonly { readonly setting: string; readonly read: () => Promise<unknown> }[] {
  const used = usedChannels(challenges);
  const { smpp, webhook, smtp, sip } = challenges.channels ?? {};
  const files: { setting: string; read: () => Promise<unknown> }[] = [];
  const add = (setting: string, read: () => Promise<unknown>): void => {
    files.push({ setting: `challenges.channels.${setting}`, read });
  };
  if (used.has('smpp')) {
    add('smpp.passwordFile', async () => await readPassword(smpp!.passwordFile));
    add('smpp.ca', async () => await readCa(smpp!));
  }
  if (used.has('webhook')) {
    add('webhook.secretFile', async () => await readSecretFile(webhook!.secretFile));
    add('webhook.ca', async () => await readCa(webhook!));
  }
  if (used.has('smtp')) {
    add('smtp.login.passwordFile', async () => await readLogin(smtp!));
    add('smtp.ca', async () => await readCa(smtp!));
  }
  if (used.has('sip')) {
    add('sip.login.passwordFile', async () => await readLogin(sip!));
    add('sip.ca', async () => await readCa(sip!));
  }
  return files;
}

function usedChannels(challenges: ChallengeConfig): Set<ChannelName> {
  return new Set(schemes.flatMap((scheme) => channelsFor(challenges, scheme)));
}

async function openChannel(
  name: ChannelName,
  { outbox, channels = {} }: ChallengeConfig,
  { from, log }: { readonly from: string; readonly log: Logger },
): Promise<Channel> {
  const { smpp, webhook, smtp, sip } = channels;
  switch (name) {
    case 'outbox':
      return outboxChannel({ path: outbox!, clock: systemClock, from });
    case 'smpp': {
      const { tls = false, passwordFile, ...settings } = smpp!;
      const password = await readPassword(passwordFile);
      const secured = tls && { tls: await readCa(smpp!) };
      const onSession = (state: string): void => log.info({ state }, 'smpp_session');
      return await openSmppChannel({ ...settings, password, onSession, ...secured });
    }
    case 'webhook': {
      const secret = await readSecretFile(webhook!.secretFile);
      const trust = await readCa(webhook!);
      return webhookChannel({ url: webhook!.url, secret, clock: systemClock, ...trust });
    }
    case 'smtp': {
      const { host, port, from, implicitTls = false } = smtp!;
      const server = { host, port, from, isImplicitTls: implicitTls };
      const account = await readLogin(smtp!);
      return await openSmtpChannel({ ...server, ...account, ...(await readCa(smtp!)) });
    }
    case 'sip': {
      const { login: _, ...settings } = sip!;
      const transport = settings.transport as 'tls' | 'tcp' | 'udp';
      const account = await readLogin(sip!);
      return sipChannel({ ...settings, transport, ...account, ...(await readCa(sip!)) });
    }
  }
}

/** A password is the file's text without the line feed that editors add. */
async function readPassword(path: string): Promise<string> {
  return new TextDecoder().decode(await readSecretFile(path)).replace(/\r?\n$/, '');
}

async function readLogin({
  login,
}: {
  readonly login?: { readonly user: string; readonly passwordFile: string };
}): Promise<{ login?: { user: string; password: string } }> {
  if (login === undefined) return {};
  return { login: { user: login.user, password: await readPassword(login.passwordFile) } };
}

/** Reads the authorities that a setting names; throws `certificate_unreadable`. */
export async function readCa({ ca }: { readonly ca?: string }): Promise<{ ca?: string }> {
  if (ca === undefined) return {};
  try {
    return { ca: await readFile(ca, 'utf8') };
  } catch (cause) {
    throw new DirectoryError<NodeErrorCode>('certificate_unreadable', `cannot read ${ca}`, {
      cause,
    });
  }
}

function guardOptions({ limits = {} }: ChallengeConfig): SendGuardOptions {
  const { resendPauseSeconds, suspendHours } = limits;
  const chosen: Record<string, unknown> = {
    served: limits.served,
    refused: limits.refused,
    test: limits.test,
    prices: limits.prices,
    priceElsewhere: limits.priceElsewhere,
    rangeSendsPerHourMax: limits.rangeSendsPerHour,
    countrySendsPerHourMax: limits.countrySendsPerHour,
    sendsPerDayMax: limits.sendsPerDay,
    moneyPerDayMax: limits.moneyPerDay,
    resendPauseMs: resendPauseSeconds === undefined ? undefined : resendPauseSeconds * 1000,
    suspendPercentMin: limits.suspendBelowPercent,
    suspendSettledMin: limits.suspendAfterSends,
    suspendMs: suspendHours === undefined ? undefined : suspendHours * 3600 * 1000,
  };
  // What is not set keeps its default.
  return Object.fromEntries(Object.entries(chosen).filter(([, value]) => value !== undefined));
}
