/** The style of the operator's page: light or dark as the reader has it, with contrast of 7 to 1. */
export const operatorStyle = `:root {
  color-scheme: light dark;
  --text: #16181d; --quiet: #474c56; --back: #fbfbfa; --line: #c9ccd1;
  --good: #0b5a32; --bad: #8f1414; --watch: #6a4300;
}
@media (prefers-color-scheme: dark) {
  :root {
    --text: #f0f1f3; --quiet: #bcc1ca; --back: #14161a; --line: #40454e;
    --good: #7fe0ad; --bad: #ffb3ae; --watch: #ffd28a;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 1rem; max-width: 70rem;
  font: 1rem/1.5 system-ui, sans-serif; color: var(--text); background: var(--back);
}
header { display: flex; flex-wrap: wrap; gap: 0 2rem; align-items: baseline; }
h1 { font-size: 1.5rem; margin: 0 auto 0 0; }
h2 { font-size: 1.125rem; margin: 1.5rem 0 0.5rem; }
p { margin: 0.25rem 0; }
.quiet { color: var(--quiet); }
.state { font-size: 1.25rem; font-weight: 600; }
.good { color: var(--good); }
.bad { color: var(--bad); }
.stale main::before {
  content: 'The member does not answer. This is what it said last.';
  display: block; color: var(--bad); font-weight: 600;
}
.next { padding-left: 1.25rem; margin: 0.25rem 0; }
.act strong { color: var(--bad); }
.watch strong { color: var(--watch); }
.table { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 0.375rem 0.75rem 0.375rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
thead th { color: var(--quiet); font-weight: 600; }
tbody th { font-weight: 600; }
footer { margin-top: 2rem; border-top: 1px solid var(--line); }
a { color: inherit; }
`;
