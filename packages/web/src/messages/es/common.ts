/** Textos de `common`. */
import type { Messages } from '../../messages.ts';

export const common: Messages['common'] = {
  opening: 'Un momento …',
  again: 'Intentar de nuevo',
  next: 'Continuar',
  back: 'Volver',
  cancel: 'Cancelar',
  working: 'Un momento …',
  bringBackup: 'Traer mi copia de seguridad',
  keyLost: 'He perdido la clave',
  startOver: 'Empezar de nuevo',
  goOn: 'Seguir',
  slow: 'Esto tarda más de lo normal: la red es lenta, o lo es un miembro. La página sigue intentándolo, y no se pierde nada.',
  step: 'Paso {step} de {steps}',
  notLasting:
    'Este navegador no guarda nada (una ventana privada, o el almacenamiento está desactivado). Puede seguir, pero cuando se cierre esta página solo su copia de seguridad devuelve el número.',
};
