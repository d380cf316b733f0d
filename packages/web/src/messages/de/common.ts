/** Texte von `common`. */
import type { Messages } from '../../messages.ts';

export const common: Messages['common'] = {
  opening: 'Einen Moment …',
  again: 'Noch einmal versuchen',
  next: 'Weiter',
  back: 'Zurück',
  cancel: 'Abbrechen',
  working: 'Einen Moment …',
  bringBackup: 'Meine Sicherung holen',
  keyLost: 'Schlüssel verloren',
  startOver: 'Von vorn beginnen',
  goOn: 'Weitermachen',
  slow: 'Das dauert länger als sonst: Das Netz ist langsam, oder ein Mitglied. Die Seite versucht es weiter, und nichts geht verloren.',
  step: 'Schritt {step} von {steps}',
  notLasting:
    'Dieser Browser bewahrt nichts auf (ein privates Fenster, oder der Speicher ist abgeschaltet). Sie können weitermachen, aber wenn diese Seite zu ist, bringt nur Ihre Sicherung die Nummer zurück.',
};
