/** Qué ha fallado y el paso siguiente. */
import type { Messages } from '../../messages.ts';

const kinds: Messages['failures']['kinds'] = {
  channel: {
    what: 'Ahora mismo no se ha podido enviar el código a este número.',
    next: 'Espere un minuto y envíelo otra vez, o deje que lo envíe otro miembro.',
  },
  class: {
    what: 'Este número no permite ese camino.',
    next: 'Elija otro; sin código de recuperación ni correo electrónico tarda más, pero funciona.',
  },
  clock: {
    what: 'El reloj de este aparato va mal.',
    next: 'Ponga bien la fecha y la hora (lo mejor: automáticas) e inténtelo de nuevo. No se ha cambiado nada.',
  },
  code_gone: {
    what: 'Este código ya no vale: estuvo abierto diez minutos, o la página se cerró mientras tanto.',
    next: 'Envíe uno nuevo. Todo lo demás que ha hecho sigue guardado.',
  },
  code_spent: {
    what: 'Se han escrito demasiados códigos equivocados, y este ha quedado anulado.',
    next: 'Envíe un código nuevo y escriba el del mensaje más reciente.',
  },
  code_wrong: {
    what: 'Ese no es el código.',
    next: 'Compárelo con el mensaje más reciente: ocho cifras.',
  },
  codes_limited: {
    what: 'Por ahora se han enviado bastantes códigos a este número; eso protege a su dueño.',
    next: 'Inténtelo de nuevo dentro de unos {minutes} minutos, o deje que lo envíe otro miembro. Todo sigue guardado.',
  },
  crypto: {
    what: 'Este navegador no deja que la página haga claves.',
    next: 'Abra la página por su dirección con https en un Firefox, Chrome, Edge o Safari actual, sin complementos que bloqueen la criptografía.',
  },
  disagree: {
    what: 'Los miembros se contradicen ahora mismo.',
    next: 'Un cambio tarda un momento en llegar a todos. Inténtelo dentro de unos segundos; si sigue igual, mire «Quién lo lleva».',
  },
  file: {
    what: 'Esto no es una copia de seguridad de Callbook, o está dañada.',
    next: 'Elija otra copia del archivo, o use las 24 palabras.',
  },
  file_missing: {
    what: 'No se ha elegido ningún archivo.',
    next: 'Elija la copia de seguridad; suele estar en la carpeta de descargas.',
  },
  file_other: {
    what: 'Este archivo es la copia de otra clave.',
    next: 'Elija el archivo que se acaba de guardar.',
  },
  free: {
    what: 'Nadie tiene este número.',
    next: 'Puede registrarlo sin más.',
  },
  held: {
    what: 'Alguien tiene ya este número.',
    next: 'Si era usted: traiga su copia de seguridad. Si ha perdido la clave, o alguien tuvo el número antes: recupérelo. Las dos cosas están aquí debajo.',
  },
  hold: {
    what: 'El tiempo de espera no ha terminado.',
    next: 'Vuelva cuando termine; la página dice cuándo. Mientras tanto no tiene que hacer nada.',
  },
  incomplete: {
    what: 'Por ahora lo han confirmado muy pocos miembros.',
    next: 'No se ha perdido nada: pulse «Intentar de nuevo» dentro de un minuto y sigue la misma anotación.',
  },
  key_missing: {
    what: 'La clave de este número no está en este navegador, o no ha respondido.',
    next: 'Tráigala con su copia de seguridad: las 24 palabras o el archivo.',
  },
  lies: {
    what: '{member} ha dado una respuesta que no puede demostrar. No se le ha creído.',
    next: 'No se ha perdido nada ni se ha firmado nada por su palabra. Inténtelo de nuevo: se pregunta a otros. Por favor, avise a quienes están en «Quién lo lleva».',
  },
  moved: {
    what: 'Este número se ha cambiado hace un momento en otro sitio con la misma clave.',
    next: 'Cargue el estado más reciente y haga su cambio otra vez.',
  },
  needs_codes: {
    what: 'Los miembros quieren estar seguros de que aún tiene el número.',
    next: 'Siga con un código: se envía a su número.',
  },
  not_served: {
    what: 'No se pueden enviar códigos a números de este tipo.',
    next: 'Pruebe con otro miembro. A números de tarificación especial, satélite y buscas no los sirve ninguno.',
  },
  number: {
    what: 'Esto no es un número de teléfono.',
    next: 'Escríbalo con + y el prefijo del país, como +34 912 345 678.',
  },
  page_old: {
    what: 'Esta página conoce un estado antiguo de la federación.',
    next: 'Recargue la página. Si no sirve, abra la página de otro miembro.',
  },
  part: {
    what: 'No se ha podido cargar una parte de la página.',
    next: 'Compruebe la red e inténtelo de nuevo.',
  },
  passphrase: {
    what: 'La contraseña no abre este archivo.',
    next: 'Inténtelo de nuevo: cuentan las mayúsculas y los espacios. Sin ella, use las 24 palabras.',
  },
  paused: {
    what: 'Ya pidió este número antes, y se lo negaron.',
    next: 'Espere un día antes de pedirlo otra vez; las siguientes esperan una semana y después un mes.',
  },
  payload: {
    what: 'Una de las direcciones o claves no está bien escrita.',
    next: 'Revíselas: sin espacios ni comillas, ocho de cada como mucho.',
  },
  recovery: {
    what: 'Esto no es un código de recuperación, o tiene una errata.',
    next: 'Compárelo con el papel, grupo por grupo: ocho grupos de cuatro.',
  },
  refused: {
    what: 'Los miembros lo han rechazado.',
    next: 'Inténtelo dentro de un minuto. Si sigue igual, dígale a {member} el código de abajo.',
  },
  release_pending: {
    what: 'Este número se dejó hace poco y todavía no está libre.',
    next: 'Vuelva dentro de unos días.',
  },
  seed_foreign: {
    what: 'Esta copia es de otra clave que la que tiene ahora el número.',
    next: 'Use la copia más reciente. Si no hay: recupere el número con «He perdido la clave».',
  },
  storage: {
    what: 'Al navegador no le queda sitio, y la página se ha detenido antes de enviar nada.',
    next: 'Haga sitio (borre descargas o datos de otras páginas) e inténtelo de nuevo: sigue donde estaba.',
  },
  storage_lost: {
    what: 'Ya no se puede leer lo que esta página guardaba en el navegador.',
    next: 'Su número está a salvo con los miembros. Traiga su copia de seguridad: las 24 palabras o el archivo.',
  },
  superseded: {
    what: 'Mientras tanto, otra persona ha tomado el número.',
    next: 'Si el número es suyo, recupérelo otra vez: al final gana quien tiene la tarjeta SIM.',
  },
  unknown: {
    what: 'Ha fallado algo que esta página no conoce.',
    next: 'Recargue la página: todo lo que ha hecho sigue guardado. Si vuelve a pasar, dígale a un miembro el código de abajo.',
  },
  unreachable: {
    what: 'Responden muy pocos miembros.',
    next: '¿Hay red? Inténtelo dentro de un momento. Todo lo que ha hecho sigue guardado.',
  },
  vetoed: {
    what: 'El titular se ha negado: quien tiene la clave antigua está ahí.',
    next: 'Si el número es de verdad suyo, pídalo otra vez: las pausas se alargan, y al final gana quien tiene el número.',
  },
  words: {
    what: 'Estas no son las 24 palabras de una copia de seguridad.',
    next: 'Compárelas con el papel, palabra por palabra: las 24, en su orden, en inglés.',
  },
};

export const failures: Messages['failures'] = {
  kinds,
  aMember: 'Un miembro',
  code: 'Para quien le ayude:',
};
