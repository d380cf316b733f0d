/**
 * SIP URIs that are handed to Kamailio: a narrow part of RFC 3261 §19.1. Whoever publishes a route chooses
 * its text, and it becomes a request URI: so no password, no headers (`?`), no escapes but those that
 * stand for printable characters, and of the parameters only `transport` and `user`.
 */
import { sipUriCharactersMax } from '../limits.ts';

const user = /^(?:[A-Za-z0-9\-_.~+*!()&=$/]|%[2-7][0-9A-Fa-f]){1,128}$/;
const hostPort =
  /^(?:(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.){0,16}[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;
const parameter = /^(?:transport=(?:udp|tcp|tls|ws|wss)|user=phone)$/i;
/** Characters that end a string or begin a variable where Kamailio reads text. */
const dangerous = /%(?:2[27]|5[Cc]|60|7[Ff])|\$/;

/** Whether a URI is handed on. */
export function isRoutableSipUri(uri: string): boolean {
  if (uri.length > sipUriCharactersMax || dangerous.test(uri)) return false;
  const [, name, rest] = /^sips?:([^@]+)@([^@]+)$/.exec(uri) ?? [];
  if (name === undefined || rest === undefined || !user.test(name)) return false;
  const [host = '', ...parameters] = rest.split(';');
  return hostPort.test(host) && parameters.every((each) => parameter.test(each));
}

/** The host of a URI that is handed on, in lower case and without its port. */
export function hostOf(uri: string): string {
  const [, host = ''] = /@(\[[^\]]+\]|[^:;@]+)[^@]*$/.exec(uri) ?? [];
  return host.toLowerCase();
}
