/**
 * The script of the handset's page: asks for the messages every second and shows those that are new. Plain
 * JavaScript, since a browser runs it as it is.
 */

const everyMs = 1000;
const list = document.querySelector('#messages');
const shown = new Set();

function element(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  return made;
}

function show({ at, from, to, text, code }) {
  const message = element('li', 'message', '');
  const time = element('time', '', new Date(at).toLocaleTimeString());
  message.append(element('strong', 'from', from ?? 'Callbook'), ' ');
  message.append(element('span', 'to', `to ${to.replace(/^\w+:/, '')} · `), time);
  message.append(element('p', 'text', text));
  if (code !== undefined) {
    const copy = element('button', 'copy', 'Copy the code');
    copy.type = 'button';
    copy.addEventListener('click', () => {
      void navigator.clipboard.writeText(code).then(() => (copy.textContent = 'Copied'));
    });
    message.append(copy);
  }
  list.prepend(message);
}

async function ask() {
  const messages = await (await fetch('/messages')).json();
  for (const message of messages.reverse()) {
    const known = JSON.stringify(message);
    if (shown.has(known)) continue;
    shown.add(known);
    show(message);
  }
  document.querySelector('#none').hidden = shown.size > 0;
}

function askAgain() {
  ask()
    .catch(() => {})
    .finally(() => setTimeout(askAgain, everyMs));
}

const members = await (await fetch('/members')).json();
for (const { name, web } of members) {
  const link = element('a', '', `Web page of ${name}`);
  link.href = web;
  link.target = name;
  const item = document.createElement('li');
  item.append(link);
  document.querySelector('#members').append(item);
}
askAgain();
