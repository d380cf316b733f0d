// The search: a list of all sections that comes with the site, looked through in the page. Nothing that is
// typed leaves it. Without scripts there is no field for it, and everything else works.
const root = document.body.dataset.root;
const form = document.querySelector('form');
const field = document.querySelector('#question');
const found = document.querySelector('#found');
const shownMax = 20;
const excerptCharacters = 160;
let loading;

form.hidden = false;
form.addEventListener('submit', (event) => event.preventDefault());
field.addEventListener('focus', load, { once: true });
field.addEventListener('input', () => {
  void load().then(() => show(search(field.value)));
});

// As a script, because pages that are opened from a disk may load those and nothing else.
function load() {
  loading ??= new Promise((resolve, reject) => {
    const script = document.createElement('script');
    script.src = `${root}search-index.js`;
    script.addEventListener('load', resolve);
    script.addEventListener('error', reject);
    document.head.append(script);
  });
  return loading;
}

// Every word must be there; a hit in a heading is worth more than one in the text below it.
function search(question) {
  const words = question.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  return globalThis.callbookSections
    .map((section) => ({ section, score: scoreOf(section, words) }))
    .filter(({ score }) => score > 0)
    .sort((one, other) => other.score - one.score)
    .slice(0, shownMax)
    .map(({ section }) => ({ section, word: words[0] }));
}

function scoreOf({ page, heading, words: text }, words) {
  const title = `${page} ${heading}`.toLowerCase();
  const body = text.toLowerCase();
  const scores = words.map(
    (word) => (title.includes(word) ? 10 : 0) + (body.includes(word) ? 1 : 0),
  );
  return scores.includes(0) ? 0 : scores.reduce((sum, score) => sum + score, 0);
}

function show(hits) {
  found.replaceChildren();
  found.hidden = field.value.trim() === '';
  const count = document.createElement('p');
  count.textContent = hits.length === 0 ? 'Nothing found.' : `${hits.length} found`;
  const list = document.createElement('ol');
  for (const { section, word } of hits) {
    const item = document.createElement('li');
    const link = document.createElement('a');
    link.href = root + section.place;
    link.textContent =
      section.heading === section.page ? section.page : `${section.page}: ${section.heading}`;
    const excerpt = document.createElement('p');
    const at = Math.max(0, section.words.toLowerCase().indexOf(word) - excerptCharacters / 4);
    excerpt.textContent = section.words.slice(at, at + excerptCharacters);
    item.append(link, excerpt);
    list.append(item);
  }
  found.append(count, list);
}
