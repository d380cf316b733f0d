/** Texte von `number`. */
import type { Messages } from '../../messages.ts';

export const number: Messages['number'] = {
  title: 'Ihre Telefonnummer',
  intro:
    'Die Nummer, unter der man Sie anruft. Wir schicken einen Code dorthin, um sicher zu sein, dass es Ihre ist.',
  label: 'Telefonnummer',
  country: 'Land',
  countryOption: '{name} (+{code})',
  hint: 'Wie Sie sie wählen, oder mit Landesvorwahl: +49 151 23456789',
  typing: 'Weiter …',
  empty: 'Tippen Sie Ihre Nummer ein.',
  short: 'Diese Nummer ist zu kurz. Fehlt eine Ziffer?',
  unusual: 'eine ungewöhnliche Länge; prüfen Sie sie noch einmal',
  faults: {
    letters: 'In einer Nummer stehen nur Ziffern, Leerzeichen und +.',
    too_long: 'Diese Nummer ist zu lang.',
    country_unknown: 'Wählen Sie ein Land.',
  },
  checking: 'Die Mitglieder werden nach dieser Nummer gefragt …',
  heldTitle: 'Diese Nummer ist schon in Callbook',
  heldText:
    'Jemand hat sie eingetragen. Waren Sie es, holen Sie sie mit Ihrer Sicherung hierher. Ist der Schlüssel verloren, oder hatte vorher jemand anderes die Nummer, übernehmen Sie sie.',
  heldDormant: 'Ihr Inhaber hat sie seit über einem Jahr nicht bestätigt.',
  here: 'Dieser Browser hat diese Nummer schon.',
  toRecord: 'Meine Nummer zeigen',
  unfinishedTitle: 'Sie haben schon angefangen',
  unfinished: 'Sie waren mit {number} unterwegs. Alles ist noch da.',
};
