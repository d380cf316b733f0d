/** Texte von `guard`. */
import type { Messages } from '../../messages.ts';

export const guard: Messages['guard'] = {
  request: 'Jemand will {number} übernehmen.',
  requestText:
    'Lehnt niemand ab, geschieht das frühestens: {time}. Waren Sie es nicht: Lehnen Sie jetzt ab.',
  refuse: 'Das war ich nicht: ablehnen',
  refusing: 'Wird abgelehnt …',
  refused: 'Abgelehnt. Niemand übernimmt {number}; die Bitte gilt nicht mehr.',
  me: 'Das war ich, auf einem anderen Gerät',
  withCode: 'Auch mit einem Code ablehnen',
  rotated:
    'Der Schlüssel von {number} wurde woanders geändert. Waren Sie es nicht, ist er gestohlen.',
  replaced: 'Jemand anderes hat jetzt {number}.',
  releasedAway: '{number} wurde woanders aufgegeben.',
  changed: 'Was {number} veröffentlicht, wurde woanders mit Ihrem Schlüssel geändert.',
  absent: 'Ein Quorum der Mitglieder veröffentlicht nichts mehr von {number}.',
  differs:
    '{member} sagt von {number} etwas anderes als die anderen Mitglieder und beweist nichts davon. Niemand muss es glauben.',
  look: 'Ansehen',
  close: 'Schließen',
  vetoTitle: 'Mit einem Code ablehnen',
  vetoText:
    'Ein Code zeigt den Mitgliedern, dass Sie die Nummer noch haben. Eine solche Ablehnung zählt sogar gegen eine Bitte, die mit einem Wiederherstellungscode gestellt wurde.',
  vetoGo: 'Den Code schicken und ablehnen',
  vetoDone: 'Abgelehnt. Die Nummer bleibt Ihre.',
  nothing: 'Gerade bittet niemand um diese Nummer.',
};
