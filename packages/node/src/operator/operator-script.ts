/**
 * The script of the operator's page: it puts a newer answer in the old one's place, unless somebody has
 * turned that off or is at work in it. An XMLHttpRequest gives a document without turning text into
 * HTML in this one, which the page's policy forbids.
 */
export const operatorScript = `'use strict';
const everyMs = 10000;
const box = document.querySelector('.refresh');
const wanted = box.querySelector('input');
box.hidden = false;
setInterval(() => {
  const main = document.querySelector('main');
  const isAtWork = main.contains(document.activeElement) || !getSelection().isCollapsed;
  if (!wanted.checked || document.hidden || isAtWork) return;
  const request = new XMLHttpRequest();
  request.open('GET', '/');
  request.responseType = 'document';
  request.timeout = everyMs / 2;
  const missed = () => document.body.classList.add('stale');
  request.onerror = missed;
  request.ontimeout = missed;
  request.onload = () => {
    const next = request.status === 200 ? request.response.querySelector('main') : null;
    if (next === null) return missed();
    document.body.classList.remove('stale');
    main.replaceWith(document.adoptNode(next));
  };
  request.send();
}, everyMs);
`;
