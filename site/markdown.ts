/**
 * A page of Markdown as HTML: headings with the anchors that links in the repository expect, links led to
 * where the site has their targets, and what may be wider than the window in a box that scrolls by itself.
 * HTML in Markdown is shown as text; there is none in our pages.
 */
import MarkdownIt from 'markdown-it';
import type { Token } from 'markdown-it';

const markdown = new MarkdownIt({ html: false, linkify: false });

export interface Section {
  readonly text: string;
  readonly anchor: string;
  /** What stands below it, up to the next heading. */
  readonly words: string;
}

export interface RenderedPage {
  readonly title: string;
  readonly html: string;
  readonly sections: readonly Section[];
  /** Targets as they stand in the text. */
  readonly links: readonly string[];
}

/** Renders a page; `lead` says where a target is in the site. */
export function renderMarkdown(text: string, lead: (target: string) => string): RenderedPage {
  const tokens = markdown.parse(text, {});
  const links: string[] = [];
  const sections = anchorHeadings(tokens);
  for (const token of tokens.flatMap(({ children }) => children ?? [])) {
    const name = token.type === 'link_open' ? 'href' : 'src';
    const target =
      token.type === 'link_open' || token.type === 'image' ? token.attrGet(name) : null;
    if (target === null) continue;
    links.push(target);
    token.attrSet(name, lead(target));
  }
  const html = markdown.renderer
    .render(tokens, markdown.options, {})
    .replaceAll('<table>', '<div class="wide" tabindex="0"><table>')
    .replaceAll('</table>', '</table></div>')
    .replaceAll('<pre>', '<pre tabindex="0">');
  return { title: sections[0]?.text ?? '', html, sections, links };
}

/** Gives each heading its anchor, and returns what stands below each. */
function anchorHeadings(tokens: readonly Token[]): Section[] {
  const taken = new Map<string, number>();
  const sections: { text: string; anchor: string; words: string }[] = [];
  for (const [place, token] of tokens.entries()) {
    if (token.type === 'heading_open') {
      const text = textOf(tokens[place + 1]!);
      const slug = slugOf(text);
      const count = taken.get(slug) ?? 0;
      taken.set(slug, count + 1);
      const anchor = count === 0 ? slug : `${slug}-${count}`;
      token.attrSet('id', anchor);
      sections.push({ text, anchor, words: '' });
    } else if (token.type === 'inline' && tokens[place - 1]?.type !== 'heading_open') {
      const section = sections.at(-1);
      if (section !== undefined) section.words += ` ${textOf(token)}`;
    } else if (token.type === 'fence') {
      const section = sections.at(-1);
      if (section !== undefined) section.words += ` ${token.content}`;
    }
  }
  return sections;
}

function textOf({ children }: Token): string {
  const breaks = ['softbreak', 'hardbreak'];
  return (children ?? [])
    .map(({ type, content }) => (breaks.includes(type) ? ' ' : content))
    .join('');
}

/** As the places where Markdown is read make anchors: lower case, no punctuation, hyphens for spaces. */
function slugOf(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}\- _]/gu, '')
    .replaceAll(' ', '-');
}
