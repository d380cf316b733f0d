/** Providers where anybody may have a SIP address, for whoever has none yet; Callbook earns nothing by it. */
export interface Provider {
  readonly name: string;
  /** What stands behind the @. */
  readonly domain: string;
  readonly page: string;
}

export const providers: readonly Provider[] = [
  { name: 'Linphone', domain: 'sip.linphone.org', page: 'https://subscribe.linphone.org/' },
  { name: 'iptel.org', domain: 'iptel.org', page: 'https://www.iptel.org/' },
  {
    name: 'SIP2SIP',
    domain: 'sip2sip.info',
    page: 'https://mdns.sipthor.net/register_sip_account.phtml',
  },
];
