/** The locale in which times are written: of the page's language, the reader's own kind (`en-GB`). */
export function readersLocale(): string {
  const { lang } = document.documentElement;
  return navigator.languages.find((tag) => tag.slice(0, 2).toLowerCase() === lang) ?? lang;
}
