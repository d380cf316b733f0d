/** Texte von `reach`. */
import type { Messages } from '../../messages.ts';

export const reach: Messages['reach'] = {
  title: 'Wie sind Sie zu erreichen?',
  editTitle: 'Wie Sie zu erreichen sind',
  intro:
    'Wer Ihre Nummer nachschlägt, findet diese Adresse und damit Ihre Schlüssel. Sie können sie jederzeit ändern.',
  sip: 'SIP-Adresse (für Anrufe über das Internet)',
  sipHint:
    'Zum Beispiel anna@sip.example. Sie dürfen sie leer lassen: Dann werden nur Ihre Schlüssel veröffentlicht.',
  sipFault: 'Das ist keine SIP-Adresse. Sie sieht aus wie anna@sip.example.',
  noProvider: 'Ich habe noch keine SIP-Adresse',
  providersText:
    'Diese Anbieter geben jedem eine. Legen Sie dort ein Konto an und kommen Sie zurück: Alles ist noch da.',
  visibility: 'Wer kann Sie finden?',
  visibilities: {
    dns: 'Alle, mit jedem Telefonprogramm: im DNS und über Callbook',
    api: 'Nur Programme, die Callbook selbst fragen: nicht im DNS',
  },
  more: 'Weitere Adressen',
  moreLabel: 'Eine pro Zeile',
  moreHint: 'Zum Beispiel xmpp:anna@chat.example oder mailto:anna@mail.example',
  moreFault:
    'Zeile {place} kann nicht veröffentlicht werden. Beginnt sie mit sip:, xmpp:, mailto:, https: …? Höchstens acht Adressen.',
  keys: 'Eigene Schlüssel mitbringen',
  keysLabel: 'Öffentliche Schlüssel: PEM, oder ein OpenPGP-Zertifikat',
  keysHint:
    'Sie treten an die Stelle der Schlüssel, die hier gemacht wurden. Fügen Sie nie einen privaten Schlüssel ein.',
  keysFault:
    'Schlüssel {place} kann nicht veröffentlicht werden: Er ist kein öffentlicher Schlüssel in PEM (Ed25519, X25519, P-256) und kein OpenPGP-Zertifikat.',
  keysPrivate:
    'Das ist ein privater Schlüssel: Nehmen Sie ihn heraus. Er hat diese Seite nicht verlassen, und kein Mitglied braucht ihn.',
  sendCode: 'Weiter und den Code schicken',
  save: 'Veröffentlichen',
  saved:
    'Veröffentlicht. Es dauert einen Moment, bis alle Mitglieder es zeigen; Antworten des DNS können fünf Minuten alt sein.',
  saving: 'Wird veröffentlicht …',
};
