/**
 * The texts in the reader's language. English is the shape that the others must have: a text that is
 * missing, or takes other parameters, is an error of types. A choice that the reader has made is kept.
 */
import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { en } from './messages/en.ts';

/** Every text of the page. */
export type Messages = typeof en;

export const languages = { en: 'English', es: 'Español', de: 'Deutsch' } as const;
export type Language = keyof typeof languages;

const keptAt = 'callbook.language';

const loaders: Readonly<Record<Language, () => Promise<Messages>>> = {
  en: async () => en,
  es: async () => (await import('./messages/es.ts')).es,
  de: async () => (await import('./messages/de.ts')).de,
};

export const MessagesContext = createContext<Messages>(en);

/** The texts, for whatever is drawn. */
export function useMessages(): Messages {
  return useContext(MessagesContext);
}

/** Loads the language that was chosen, else the first of `wanted` that there is, else English. */
export async function loadMessages(
  wanted: readonly string[],
): Promise<{ readonly messages: Messages; readonly language: Language }> {
  const language = chosenLanguage() ?? firstOf(wanted) ?? 'en';
  try {
    return { messages: await loaders[language](), language };
  } catch {
    // The network broke off: in English it can say so.
    return { messages: en, language: 'en' };
  }
}

/** Keeps the choice and shows the page anew in it. */
export function chooseLanguage(language: Language): void {
  try {
    localStorage.setItem(keptAt, language);
  } catch {
    // Storage is blocked or full: then the choice cannot be kept, and there is nothing to show.
    return;
  }
  location.reload();
}

function chosenLanguage(): Language | undefined {
  try {
    return languageOf(localStorage.getItem(keptAt) ?? '');
  } catch {
    return undefined;
  }
}

function firstOf(wanted: readonly string[]): Language | undefined {
  for (const tag of wanted) {
    const language = languageOf(tag.slice(0, 2).toLowerCase());
    if (language !== undefined) return language;
  }
  return undefined;
}

function languageOf(text: string): Language | undefined {
  return Object.hasOwn(languages, text) ? (text as Language) : undefined;
}
