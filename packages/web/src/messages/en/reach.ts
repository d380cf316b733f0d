/** The screen `reach`. */
export const reach = {
  title: 'How can you be reached?',
  editTitle: 'How you can be reached',
  intro:
    'Whoever looks your number up finds this address, and your keys with it. You can change it at any time.',
  sip: 'SIP address (for calls over the internet)',
  sipHint:
    'For example anna@sip.example. You may leave it empty: then only your keys are published.',
  sipFault: 'This is no SIP address. It looks like anna@sip.example.',
  noProvider: 'I have no SIP address yet',
  providersText:
    'These providers give one to anybody. Make an account there, then come back: everything is kept.',
  visibility: 'Who can find you?',
  visibilities: {
    dns: 'Everybody, with any telephone program: in DNS and through Callbook',
    api: 'Only programs that ask Callbook itself: not in DNS',
  },
  more: 'More addresses',
  moreLabel: 'One a line',
  moreHint: 'For example xmpp:anna@chat.example or mailto:anna@mail.example',
  moreFault:
    'Line {place} cannot be published. Does it begin with sip:, xmpp:, mailto:, https: …? At most eight addresses.',
  keys: 'Bring my own keys',
  keysLabel: 'Public keys: PEM, or an OpenPGP certificate',
  keysHint: 'They take the place of the keys that were made here. Never paste a private key.',
  keysFault:
    'Key {place} cannot be published: it is no public key in PEM (Ed25519, X25519, P-256) and no OpenPGP certificate.',
  keysPrivate:
    'This is a private key: take it out. It has not left this page, and no member needs it.',
  sendCode: 'Continue and send the code',
  save: 'Publish',
  saved:
    'Published. It takes a moment until all members show it; answers of DNS may be five minutes old.',
  saving: 'Publishing …',
};
