/**
 * The part of the configuration that says how codes and notices travel, and what bounds their price.
 * Secrets stand in files of their own.
 */
import { Type } from 'typebox';
import type { Static, TInteger, TString } from 'typebox';

const Path = Type.String({ minLength: 1, maxLength: 4096, description: 'path of a file' });
const Host = Type.String({
  pattern: '^[0-9A-Za-z.:_-]{1,253}$',
  description: 'host name or IP address',
});
const TargetPort = Type.Integer({ minimum: 1, maximum: 65_535, description: 'port, 1 to 65535' });
const integer = (minimum: number, maximum: number, what: string): TInteger =>
  Type.Integer({ minimum, maximum, description: `${what}, ${minimum} to ${maximum}` });
const text = (pattern: string, description: string): TString =>
  Type.String({ pattern, description });

const PrefixList = Type.Array(text('^[1-9][0-9]{0,14}$', 'digits that numbers begin with'), {
  maxItems: 1000,
  description: 'at most 1000 beginnings of numbers, digits without +',
});

const Smpp = Type.Object(
  {
    host: Host,
    port: TargetPort,
    tls: Type.Optional(Type.Boolean({ description: 'true or false' })),
    ca: Type.Optional(Path),
    systemId: text('^[ -~]{1,15}$', '1 to 15 ASCII characters'),
    passwordFile: Path,
    systemType: Type.Optional(text('^[ -~]{0,12}$', 'at most 12 ASCII characters')),
    sender: text(
      '^([A-Za-z0-9 ]{1,11}|\\+[1-9][0-9]{6,14})$',
      '1 to 11 letters and digits, or a number',
    ),
    window: Type.Optional(integer(1, 1000, 'messages')),
  },
  { additionalProperties: false },
);

const Webhook = Type.Object(
  {
    url: text('^https://[^\\s#]{1,2000}$', 'https URL'),
    secretFile: Path,
    ca: Type.Optional(Path),
  },
  { additionalProperties: false },
);

const loginOf = (user: TString) =>
  Type.Optional(Type.Object({ user, passwordFile: Path }, { additionalProperties: false }));

const Smtp = Type.Object(
  {
    host: Host,
    port: TargetPort,
    from: text('^[^@\\s<>"]{1,64}@[A-Za-z0-9.-]{1,253}$', 'e-mail address'),
    implicitTls: Type.Optional(Type.Boolean({ description: 'true or false' })),
    ca: Type.Optional(Path),
    login: loginOf(text('^[^\\s]{1,256}$', 'name of an account')),
  },
  { additionalProperties: false },
);

const Sip = Type.Object(
  {
    host: Host,
    port: TargetPort,
    transport: Type.Union(
      ['tls', 'tcp', 'udp'].map((transport) => Type.Literal(transport)),
      { description: 'one of tls, tcp, udp' },
    ),
    from: text('^sip:[^@\\s<>;?]{1,64}@[A-Za-z0-9.-]{1,253}$', 'SIP address, sip:name@domain'),
    gatewayDomain: Type.Optional(Host),
    ca: Type.Optional(Path),
    login: loginOf(text('^[^\\s"\\\\]{1,256}$', 'name of an account, without quotes')),
  },
  { additionalProperties: false },
);

const Limits = Type.Object(
  {
    served: Type.Optional(PrefixList),
    refused: Type.Optional(PrefixList),
    test: Type.Optional(PrefixList),
    rangeSendsPerHour: Type.Optional(integer(1, 1_000_000, 'codes')),
    countrySendsPerHour: Type.Optional(integer(1, 1_000_000, 'codes')),
    sendsPerDay: Type.Optional(integer(1, 10_000_000, 'codes')),
    moneyPerDay: Type.Optional(integer(1, 1_000_000_000, 'thousandths of your currency')),
    prices: Type.Optional(
      Type.Array(
        Type.Object(
          {
            prefix: text('^[1-9][0-9]{0,14}$', 'digits that numbers begin with'),
            thousandths: integer(0, 1_000_000, 'thousandths of your currency'),
          },
          { additionalProperties: false },
        ),
        { maxItems: 1000, description: 'at most 1000 prices' },
      ),
    ),
    priceElsewhere: Type.Optional(integer(0, 1_000_000, 'thousandths of your currency')),
    resendPauseSeconds: Type.Optional(integer(0, 3600, 'seconds')),
    suspendBelowPercent: Type.Optional(integer(0, 100, 'per cent')),
    suspendAfterSends: Type.Optional(integer(1, 1_000_000, 'codes')),
    suspendHours: Type.Optional(integer(1, 168, 'hours')),
  },
  { additionalProperties: false },
);

const channelsOf = (...names: readonly string[]) => {
  const one = Type.Union(names.map((name) => Type.Literal(name)));
  const several = Type.Array(one, { minItems: 1, maxItems: names.length, uniqueItems: true });
  const description = `one of ${names.join(', ')}, or a list of them`;
  return Type.Optional(Type.Union([one, several], { description }));
};

export const ChallengeSettings = Type.Object(
  {
    outbox: Type.Optional(Path),
    by: Type.Optional(
      Type.Object(
        {
          tel: channelsOf('smpp', 'webhook', 'sip', 'outbox'),
          mailto: channelsOf('smtp', 'webhook', 'outbox'),
          sip: channelsOf('sip', 'webhook', 'outbox'),
        },
        { additionalProperties: false },
      ),
    ),
    channels: Type.Optional(
      Type.Object(
        {
          smpp: Type.Optional(Smpp),
          webhook: Type.Optional(Webhook),
          smtp: Type.Optional(Smtp),
          sip: Type.Optional(Sip),
        },
        { additionalProperties: false },
      ),
    ),
    limits: Type.Optional(Limits),
    sendsPerHour: Type.Optional(integer(1, 1_000_000, 'messages')),
    sendsPerDay: Type.Optional(integer(1, 1_000_000, 'messages')),
  },
  { additionalProperties: false },
);

export type ChallengeConfig = Static<typeof ChallengeSettings>;
export type ChannelName = 'smpp' | 'webhook' | 'smtp' | 'sip' | 'outbox';

export const schemes = ['tel', 'mailto', 'sip'] as const;

/** The channels that a scheme is sent by, in the order in which they are asked. */
export function channelsFor(
  { by, outbox }: ChallengeConfig,
  scheme: (typeof schemes)[number],
): readonly ChannelName[] {
  const named = by?.[scheme] as ChannelName | readonly ChannelName[] | undefined;
  return [named ?? (outbox === undefined ? [] : 'outbox')].flat();
}

/** What no schema says: every channel that is used has its settings. */
export function channelProblems(
  challenges: ChallengeConfig,
): readonly { readonly setting: string; readonly problem: string }[] {
  const unset = schemes.flatMap((scheme) =>
    channelsFor(challenges, scheme).flatMap((name) => {
      const settings = name === 'outbox' ? challenges.outbox : challenges.channels?.[name];
      if (settings !== undefined) return [];
      const missing = name === 'outbox' ? 'challenges.outbox' : `challenges.channels.${name}`;
      return [{ setting: `challenges.by.${scheme}`, problem: `needs ${missing}` }];
    }),
  );
  if (schemes.some((scheme) => channelsFor(challenges, scheme).length > 0)) return unset;
  return [{ setting: 'challenges', problem: 'must have an outbox, or a channel in by' }];
}

/** The same settings with the paths of files made absolute. */
export function resolveChallengePaths(
  challenges: ChallengeConfig,
  at: (path: string) => string,
): ChallengeConfig {
  const { outbox, channels = {} } = challenges;
  const { smpp, webhook, smtp, sip } = channels;
  const ca = (settings: { readonly ca?: string }): { ca?: string } =>
    settings.ca === undefined ? {} : { ca: at(settings.ca) };
  const login = <L extends { readonly passwordFile: string }>(settings: {
    readonly login?: L;
  }): { login?: L } => {
    const { login: account } = settings;
    return account === undefined
      ? {}
      : { login: { ...account, passwordFile: at(account.passwordFile) } };
  };
  return {
    ...challenges,
    ...(outbox !== undefined && { outbox: at(outbox) }),
    channels: {
      ...(smpp && { smpp: { ...smpp, ...ca(smpp), passwordFile: at(smpp.passwordFile) } }),
      ...(webhook && {
        webhook: { ...webhook, ...ca(webhook), secretFile: at(webhook.secretFile) },
      }),
      ...(smtp && { smtp: { ...smtp, ...ca(smtp), ...login(smtp) } }),
      ...(sip && { sip: { ...sip, ...ca(sip), ...login(sip) } }),
    },
  };
}
