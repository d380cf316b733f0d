/** What the site uses of markdown-it, which has no types of its own. */
declare module 'markdown-it' {
  export interface Token {
    readonly type: string;
    readonly tag: string;
    readonly content: string;
    readonly children: Token[] | null;
    attrGet(name: string): string | null;
    attrSet(name: string, value: string): void;
  }

  export default class MarkdownIt {
    constructor(options: { readonly html: boolean; readonly linkify: boolean });
    parse(text: string, environment: object): Token[];
    readonly options: object;
    readonly renderer: {
      render(tokens: readonly Token[], options: object, environment: object): string;
    };
  }
}
