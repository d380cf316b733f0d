/** Textos de `reach`. */
import type { Messages } from '../../messages.ts';

export const reach: Messages['reach'] = {
  title: '¿Cómo se le encuentra?',
  editTitle: 'Cómo se le encuentra',
  intro:
    'Quien busque su número encuentra esta dirección, y con ella sus claves. Puede cambiarla cuando quiera.',
  sip: 'Dirección SIP (para llamadas por internet)',
  sipHint:
    'Por ejemplo anna@sip.example. Puede dejarla vacía: entonces solo se publican sus claves.',
  sipFault: 'Esto no es una dirección SIP. Es como anna@sip.example.',
  noProvider: 'Todavía no tengo dirección SIP',
  providersText:
    'Estos proveedores dan una a cualquiera. Abra allí una cuenta y vuelva: todo sigue guardado.',
  visibility: '¿Quién puede encontrarle?',
  visibilities: {
    dns: 'Todos, con cualquier programa de teléfono: en el DNS y por Callbook',
    api: 'Solo programas que preguntan a Callbook: no en el DNS',
  },
  more: 'Más direcciones',
  moreLabel: 'Una por línea',
  moreHint: 'Por ejemplo xmpp:anna@chat.example o mailto:anna@mail.example',
  moreFault:
    'La línea {place} no se puede publicar. ¿Empieza por sip:, xmpp:, mailto:, https: …? Ocho direcciones como mucho.',
  keys: 'Traer mis propias claves',
  keysLabel: 'Claves públicas: PEM, o un certificado OpenPGP',
  keysHint: 'Ocupan el lugar de las claves hechas aquí. No pegue nunca una clave privada.',
  keysFault:
    'La clave {place} no se puede publicar: no es una clave pública en PEM (Ed25519, X25519, P-256) ni un certificado OpenPGP.',
  keysPrivate:
    'Esto es una clave privada: quítela. No ha salido de esta página, y ningún miembro la necesita.',
  sendCode: 'Continuar y enviar el código',
  save: 'Publicar',
  saved:
    'Publicado. Tarda un momento hasta que lo muestran todos los miembros; las respuestas del DNS pueden tener cinco minutos.',
  saving: 'Publicando …',
};
