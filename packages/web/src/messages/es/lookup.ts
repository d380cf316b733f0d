/** The screen `lookup`. */
import type { Messages } from '../../messages.ts';

export const lookup: Messages['lookup'] = {
  title: 'Buscar un número',
  intro: 'Quién está detrás de un número y por qué se puede creer.',
  one: 'Un número',
  list: 'Una lista',
  number: 'Número de teléfono',
  listLabel: 'Números o contactos',
  listHint:
    'Péguelos como están, por ejemplo desde una hoja de cálculo: {max} números como máximo.',
  ask: 'Buscar',
  asking: 'Preguntando a los miembros …',
  askingList: '{done} de {count} …',
  nothingRead:
    'En este texto no hay ningún número. Escriba cada uno con + y el prefijo del país, o como lo marca.',
  tooMany: 'Son {count} números; como máximo {max} a la vez. Pegue una parte.',
  skipped: 'Líneas sin un número legible, omitidas: {count}',
  again: 'Intentar de nuevo',
  results: 'Respuesta',
  listResults: '{count} números, {published} de ellos en el directorio',
  columnNumber: 'Número',
  columnAnswer: 'Respuesta',
  columnRoute: 'Se llega en',
  columnWhy: 'Se cree porque',
  whyProven: 'está demostrado',
  whyAgreed: '{agreeing} miembros lo dicen',
  states: {
    published: '{number} está en el directorio',
    absent: 'Nadie ha reclamado {number}',
    elsewhere: '{number} está en otro proveedor',
    unanswered: 'Ninguna respuesta que se pueda creer',
  },
  shortStates: {
    published: 'en el directorio',
    absent: 'sin reclamar',
    elsewhere: 'en otro proveedor',
    unanswered: 'sin respuesta',
  },
  reachable: 'Se llega en',
  keys: 'Claves publicadas',
  since: 'Sin cambios desde',
  keyUses: {
    identity: 'identidad',
    sip: 'llamadas',
    box: 'mensajes sellados para el titular',
    other: 'otra',
  },
  noRoutes: 'ninguna dirección, solo claves',
  dormant: 'El titular no lo ha confirmado desde hace más de un año. No se fíe de ello.',
  pending:
    'Alguien quiere quedarse con este número. Puede ocurrir a partir de {time}; hasta entonces el titular puede negarse.',
  why: 'Por qué se cree',
  agreement:
    '{agreeing} de {answered} miembros que han respondido dicen lo mismo; hacen falta {quorum}, para que ninguno pueda mentir solo.',
  disagreeing:
    'Dice otra cosa: {members}. La respuesta de arriba es la que los demás dicen y demuestran.',
  silent: 'No ha respondido: {members}.',
  proven:
    'Está demostrado: {member} ha firmado un resumen de todo el directorio y esta respuesta lleva hasta él. Cambiar una sola letra no encajaría.',
  agreedLogs:
    'El resumen se apoya en {count} registros que no se pueden cambiar después. Miembros suficientes han confirmado cada uno, la última vez a las {time}.',
  notProven:
    'Ningún miembro ha podido dar una prueba ahora. La respuesta se apoya en lo que dicen los miembros.',
  withheld:
    'A quien no tiene un vale, los miembros no le demuestran que no haya nada de un número: dirían quién tiene uno sin estar en el DNS. De lo que todos pueden ver, dicen todos lo mismo.',
  dnssec:
    'El sistema de nombres de internet dice lo mismo: la zona {zone}, con {count} firmas comprobadas en este navegador, empezando por la clave de los estatutos.',
  noDnssec: 'No se ha podido preguntar ahora al sistema de nombres de internet.',
  oblivious:
    'Nadie ha visto su pregunta junto con su dirección: un miembro la ha transmitido sellada y otro la ha respondido.',
  plain: 'Los miembros han visto su pregunta y la dirección de su red.',
  details: 'Qué dice cada miembro',
  says: { published: 'en el directorio', absent: 'sin reclamar', failed: 'sin respuesta' },
};
