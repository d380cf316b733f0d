/**
 * The part `kamailio:` of the bridge's configuration. All of it ends up inside strings of Kamailio's own
 * language, so each value has a grammar here that leaves no room for a quote, a `$` or a line end.
 */
import { Type } from 'typebox';
import type { Static } from 'typebox';
import { sipError } from '../errors.ts';

const closed = { additionalProperties: false };
const processesMax = 64;

const grammar = {
  path: '^[A-Za-z0-9_./+-]{1,240}$',
  address: '^([0-9]{1,3}([.][0-9]{1,3}){3}|\\[[0-9a-fA-F:]{2,45}\\])$',
  host: '^(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\\.)*[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$',
  origin: '^https?://[a-z0-9.-]{1,253}(:[0-9]{1,5})?$',
  secret: '^[A-Za-z0-9_+/=.-]{32,256}$',
} as const;

const Path = (description: string) => Type.String({ pattern: grammar.path, description });
const Socket = (description: string) =>
  Type.Object(
    {
      address: Type.String({
        pattern: grammar.address,
        description: 'IPv4 address, or IPv6 address in square brackets',
      }),
      port: Type.Integer({ minimum: 1, maximum: 65_535, description: 'port, 1 to 65535' }),
    },
    { ...closed, description },
  );

export const KamailioSettings = Type.Object(
  {
    /** Of the server: phones and other providers verify it. */
    certificate: Path('path of a PEM file'),
    privateKey: Path('path of a PEM file'),
    /** What other providers' certificates are verified by; Debian's where not given. */
    authorities: Type.Optional(Path('path of a PEM file')),
    listen: Type.Object(
      {
        tls: Socket('address and port for phones and other providers'),
        wss: Type.Optional(Socket('address and port for phones in browsers')),
      },
      closed,
    ),
    /** The page whose phones may register by WSS; goes with `listen.wss`. */
    webOrigin: Type.Optional(
      Type.String({ pattern: grammar.origin, description: 'origin of a web page' }),
    ),
    /** Whether a call from outside must be signed, or is checked only where it is. */
    identity: Type.Optional(
      Type.Union([Type.Literal('required'), Type.Literal('checked')], {
        description: 'required or checked',
      }),
    ),
    /** Processes that take requests; each waits while it asks the bridge. */
    processes: Type.Optional(
      Type.Integer({ minimum: 1, maximum: processesMax, description: `1 to ${processesMax}` }),
    ),
  },
  closed,
);

export type KamailioSettings = Static<typeof KamailioSettings>;

export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

/**
 * Returns `value` when it has the form that Kamailio's configuration can hold; throws
 * `config_setting_invalid` with the setting's name, never with its value.
 */
export function assertMatches(value: string, form: keyof typeof grammar, name: string): string {
  if (new RegExp(grammar[form]).test(value)) return value;
  throw sipError('config_setting_invalid', `${name} has not the form that Kamailio can be given`);
}
