/** Textos de `protect`. */
import type { Messages } from '../../messages.ts';

export const protect: Messages['protect'] = {
  title: 'Código de recuperación y cerrojo',
  recovery: 'Código de recuperación',
  recoveryText:
    'Con este código en papel recupera un número perdido en {duration} en vez de {long}. Guárdelo aparte de las 24 palabras. Ayuda incluso cuando un ladrón tiene su clave.',
  recoveryOn: 'Hay un código. Uno nuevo anula el anterior.',
  make: 'Hacer un código de recuperación',
  makeNew: 'Hacer uno nuevo',
  shown: 'Escriba este código en papel. Se muestra una vez y no se guarda en ningún sitio.',
  codeLabel: 'Su código de recuperación',
  typeBack: 'Escríbalo de su papel',
  typeBackHint: 'Ocho grupos de cuatro caracteres; las mayúsculas no importan',
  other: 'Ese no es el código que se mostró. Mire otra vez su papel.',
  put: 'Ponerlo en vigor',
  recoveryDone: 'El código de recuperación está en vigor.',
  lock: 'Cerrojo',
  lockText:
    'Mientras el cerrojo está puesto, nadie puede quedarse con el número en menos de {duration}, ni siquiera quien lee sus mensajes.',
  lockOn: 'El cerrojo está puesto.',
  lockOff: 'El cerrojo está quitado.',
  doLock: 'Poner el cerrojo',
  doUnlock: 'Quitar el cerrojo',
  unlockText:
    'Quitarlo tiene efecto después de {duration}: hasta entonces el número está tan seguro como antes.',
  locked: 'El cerrojo está puesto, desde ya.',
  lockEnds: 'El cerrojo sigue puesto; se quita el {time}.',
  email: 'Dirección de correo',
  emailText:
    'Con una dirección de correo confirmada un número perdido vuelve en {duration}. La dirección no se guarda en ningún sitio: solo una huella de ella.',
  emailOn: 'Hay una dirección confirmada.',
  emailLabel: 'Dirección de correo',
  emailHint: 'Se le envía un código',
  emailFault: 'Esto no es una dirección de correo.',
  emailGo: 'Confirmar esta dirección',
  emailDone: 'La dirección está confirmada. Cuenta después de {duration}.',
  working: 'Los miembros confirman el cambio …',
};
