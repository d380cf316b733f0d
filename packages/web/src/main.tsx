/**
 * Where the page begins: the language is chosen before anything is drawn, so that nothing moves when it
 * comes, and then the router shows the screen that the address names.
 */
import { render } from 'preact';
import { loadMessages, MessagesContext } from './messages.ts';
import { Frame } from './parts/frame.tsx';

// Not awaited here: what is loaded for a language imports this file's bundle, and would wait for it.
void loadMessages(navigator.languages).then(({ messages, language }) => {
  document.documentElement.lang = language;
  render(
    <MessagesContext.Provider value={messages}>
      <Frame />
    </MessagesContext.Provider>,
    document.querySelector('#page')!,
  );
});
