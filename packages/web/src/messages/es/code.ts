/** Textos de `code`. */
import type { Messages } from '../../messages.ts';

export const code: Messages['code'] = {
  title: 'Escriba el código',
  intro: 'Un miembro envía un código de ocho cifras a {number}.',
  introSeveral:
    'Los miembros envían códigos de ocho cifras a {number}, para que nadie pueda quedarse con un número por medio de un solo miembro.',
  send: 'Enviar el código',
  sending: 'Enviando el código …',
  several: 'Código {place} de {count}',
  sent: '{member} ha enviado un código a {to}.',
  names: 'La última línea del mensaje nombra {domain}.',
  label: 'Código de {member}',
  hint: 'Ocho cifras',
  malformed: 'El código tiene ocho cifras.',
  wrong: 'Ese no es el código. Compárelo con el mensaje más reciente.',
  clock:
    'El reloj de este aparato parece ir mal por unos {minutes} minutos. Póngalo bien, por favor: con un reloj equivocado las respuestas buenas parecen viejas.',
  left: 'Vale {time} minutos más',
  over: 'Este código ya no vale. Envíe uno nuevo.',
  check: 'Comprobar el código',
  notHere: '¿No llega el mensaje?',
  notHereText:
    'Puede tardar un minuto. Puede pedirlo otra vez, o a otro miembro, que usa otro camino.',
  resend: 'Enviar un código nuevo',
  resendIn: 'Enviar un código nuevo ({seconds} s)',
  other: 'Que lo envíe {member}',
  checking: 'Comprobando el código …',
  confirming: 'El código es correcto. Los miembros confirman la anotación …',
  confirmed: 'El código es correcto. Han confirmado {count} de {needed} miembros.',
  done: 'Hecho.',
  resuming: 'Casi estaba: la anotación está firmada, y los miembros la confirman ahora.',
  recoveryLabel: 'Código de recuperación',
  recoveryHint: 'Ocho grupos de cuatro caracteres, de su papel',
  emailLabel: 'La dirección de correo que confirmó para este número',
  emailFault: 'Esto no es una dirección de correo.',
};
