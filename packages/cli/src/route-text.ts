/** Routes as people type them: a URI whose scheme says what it is for. */
import type { Route, RouteService } from '@callbook/protocol';
import { cliError } from './errors.ts';

const serviceOfScheme: Readonly<Record<string, RouteService>> = {
  sip: 'sip',
  sips: 'sip',
  xmpp: 'xmpp',
  mailto: 'email:mailto',
  acct: 'acct',
  im: 'im',
  pres: 'pres',
  https: 'web:https',
};

/** Returns the route to `uri`. Throws `route_malformed`; the client checks the rest. */
export function readRoute(uri: string, preference: number): Route {
  const scheme = /^([a-z][a-z0-9+.-]*):./i.exec(uri)?.[1]?.toLowerCase();
  const service = scheme === undefined ? undefined : serviceOfScheme[scheme];
  if (service === undefined) {
    const known = Object.keys(serviceOfScheme).join(', ');
    throw cliError('route_malformed', `the address has no scheme of ${known}`);
  }
  return { service, uri, preference };
}

/** Reads a preference, 0 to 65535; lower is tried first. */
export function readPreference(text: string): number {
  const preference = Number(text);
  if (/^\d{1,5}$/.test(text) && preference <= 65_535) return preference;
  throw cliError('usage', 'a preference is a whole number from 0 to 65535');
}

export function writeRoute({ service, uri, preference }: Route): string {
  return `${String(preference).padStart(5)}  ${service.padEnd(12)}  ${uri}`;
}
