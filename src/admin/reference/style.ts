/** Style of the reference: one column on a phone, a list of calls beside it where there is room. */
export const referenceStyle = `
:root {
  color-scheme: light dark; font: 16px/1.55 system-ui, sans-serif;
  --page: #fff; --text: #1c2330; --quiet: #566074; --line: #d9dde5; --soft: #f4f5f7; --accent: #1d4ed8;
  --get: #0b5d3b; --post: #1d4ed8; --patch: #8a4b00; --delete: #a4161a;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161e; --text: #eef1f6; --quiet: #a9b3c5; --line: #343c4b; --soft: #1b212c; --accent: #8fb4ff;
    --get: #7fd6a8; --post: #8fb4ff; --patch: #f0b96b; --delete: #ffb3b5;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--page); color: var(--text); }
a { color: var(--accent); }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
header, main, nav { padding: 0 1rem; max-inline-size: 60rem; margin: 0 auto; }
h1 { margin: 1.5rem 0 0.5rem; font-size: 1.75rem; }
h2 { margin: 3rem 0 1rem; padding-block-end: 0.5rem; border-block-end: 2px solid var(--line); font-size: 1.5rem; }
h3 { margin: 2.5rem 0 0.25rem; font-size: 1.125rem; }
h4 { margin: 1.25rem 0 0.5rem; font-size: 0.9375rem; }
p { margin: 0 0 0.75rem; }
.quiet { color: var(--quiet); }
code, pre { font: 0.875rem/1.5 ui-monospace, monospace; }
.call { display: block; margin: 0 0 0.5rem; color: var(--quiet); }
.method { font-weight: 700; }
.get { color: var(--get); } .post, .put { color: var(--post); } .patch { color: var(--patch); } .delete { color: var(--delete); }
pre { margin: 0 0 1rem; padding: 0.75rem 1rem; background: var(--soft); border: 1px solid var(--line); border-radius: 0.5rem; overflow-x: auto; user-select: all; -webkit-user-select: all; }
dl { margin: 0 0 1rem; }
dt { margin-block-start: 0.5rem; padding-block-start: 0.5rem; border-block-start: 1px solid var(--line); }
dt code { font-weight: 600; }
dd { margin: 0; color: var(--quiet); }
.must { color: var(--delete); font-size: 0.8125rem; }
details { margin: 0 0 0.5rem; }
summary { cursor: pointer; font-weight: 600; font-size: 0.9375rem; min-block-size: 1.5rem; }
details > dl, details > ul { margin-inline-start: 1rem; }
ul { padding-inline-start: 1.25rem; }
code.whole { white-space: nowrap; }
.wide { overflow-x: auto; margin: 0 0 1rem; }
table { border-collapse: collapse; inline-size: 100%; font-size: 0.9375rem; }
th, td { text-align: start; vertical-align: top; padding: 0.375rem 0.75rem; border: 1px solid var(--line); }
th { background: var(--soft); }
.guide main { padding-block-end: 4rem; overflow-wrap: anywhere; }
nav ul { list-style: none; padding: 0; margin: 0 0 1rem; }
nav li { padding: 0.125rem 0; }
nav a { text-decoration: none; }
nav a:hover { text-decoration: underline; }
@media (min-width: 64rem) {
  body:not(.guide) { display: grid; grid-template-columns: 18rem minmax(0, 1fr); }
  header { grid-column: 2; inline-size: 100%; }
  main { grid-column: 2; inline-size: 100%; padding-block-end: 4rem; }
  nav { grid-column: 1; grid-row: 1 / span 2; position: sticky; inset-block-start: 0; block-size: 100vh; overflow-y: auto; padding-block: 1.5rem; inline-size: 18rem; border-inline-end: 1px solid var(--line); font-size: 0.9375rem; }
}
`;
