/** Texte von `release`. */
import type { Messages } from '../../messages.ts';

export const release: Messages['release'] = {
  title: 'Nummer aufgeben',
  text: 'Tun Sie das, wenn die Nummer nicht mehr Ihre ist oder Sie nicht mehr in Callbook sein wollen.',
  points: [
    'Sie bleibt noch {duration} veröffentlicht, falls es ein Dieb war; dann löschen sie alle Mitglieder.',
    'Danach kann jeder, der die Nummer hat, sie eintragen, auch Sie.',
    'Diese Seite kann es nicht rückgängig machen.',
  ],
  confirm: 'Tippen Sie die letzten vier Ziffern von {number}',
  fault: 'Das sind nicht ihre letzten vier Ziffern.',
  go: 'Aufgeben',
  working: 'Mitglieder bestätigen es …',
};
