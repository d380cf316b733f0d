/** Textos de `lost`. */
import type { Messages } from '../../messages.ts';

export const lost: Messages['lost'] = {
  title: 'He perdido la clave',
  intro:
    'Su número puede tener una clave nueva, si aún recibe mensajes en él. Para que ningún ladrón pueda hacer lo mismo sin que se note, tarda un tiempo, y quien tiene la clave antigua puede negarse.',
  backupFirst:
    '¿Tiene sus 24 palabras o el archivo de la copia? Entonces no se ha perdido nada, y se hace en un minuto.',
  way: '¿Qué tiene?',
  ways: {
    possession: 'Solo el número: esperar {duration}',
    recovery: 'El número y su código de recuperación: esperar {duration}',
    email: 'El número y la dirección de correo que se confirmó para él: esperar {duration}',
  },
  locked: 'Si el número tenía el cerrojo puesto, tarda {duration}.',
  timeline: 'Qué va a pasar',
  isDone: 'hecho',
  steps: {
    ask: {
      title: 'Usted lo pide',
      text: 'Los miembros envían códigos a su número, y usted los escribe.',
    },
    told: {
      title: 'Se avisa al titular',
      text: 'Por mensaje y en su página. Quien tiene la clave antigua puede negarse. Hasta el final no cambia nada: quien llama encuentra lo de antes.',
    },
    wait: {
      title: 'Termina el tiempo de espera',
      text: 'Hasta entonces no tiene que hacer nada; puede cerrar esta página.',
    },
    take: { title: 'Usted vuelve', text: 'Un código más, y la clave nueva está en vigor.' },
    yours: {
      title: 'El número es suyo',
      text: 'Quien llama encuentra su clave nueva y su dirección.',
    },
  },
  begin: 'Continuar: hacer una clave nueva',
  holdTitle: 'Esperando su número',
  holdFor: 'Ha pedido {number}.',
  left: 'Todavía {duration}',
  ready: 'El tiempo de espera ha terminado. Recupere el número ahora.',
  take: 'Recuperarlo: enviar el código',
  keepOpen: 'Puede cerrar esta página y volver en este navegador. Sin usted no pasa nada.',
  vetoed: 'El titular se ha negado: quien tiene la clave antigua está ahí.',
  vetoedText:
    'Si el número es de verdad suyo, pídalo otra vez. Las pausas se alargan, y al final gana quien tiene el número.',
  superseded: 'Mientras tanto, otra persona ha tomado el número.',
  free: 'Nadie tiene ya este número. Puede registrarlo sin más.',
  again: 'Pedirlo otra vez',
  giveUp: 'Dejarlo',
};
