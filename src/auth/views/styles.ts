import { createHash } from 'node:crypto';

/** Style of all sign-in pages: light and dark by the browser's wish, no image, no font from elsewhere. */
export const styleSheet = `
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #fff; --text: #1c2330; --quiet: #566074; --line: #8a93a5;
  --accent: #1d4ed8; --on-accent: #fff; --alert: #a4161a; --alert-card: #fdecec;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161e; --card: #1b212c; --text: #eef1f6; --quiet: #a9b3c5; --line: #6c778c;
    --accent: #8fb4ff; --on-accent: #0b1220; --alert: #ffb3b5; --alert-card: #3a1c20;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-block-size: 100vh; display: grid; place-items: center; padding: 1.5rem;
  background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif;
}
main {
  inline-size: min(100%, 26rem); padding: 2rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 0.75rem;
}
h1 { margin: 0 0 1rem; font-size: 1.375rem; line-height: 1.3; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
label { display: block; margin-block-end: 0.25rem; font-weight: 600; }
input {
  inline-size: 100%; margin-block-end: 1rem; padding: 0.625rem 0.75rem; font: inherit; color: inherit;
  background: transparent; border: 1px solid var(--line); border-radius: 0.5rem;
}
input[type='checkbox'] { inline-size: 1.25rem; block-size: 1.25rem; margin: 0 0.5rem 0 0; vertical-align: text-bottom; }
label.inline { display: inline; font-weight: 400; }
input[readonly] { color: var(--quiet); border-style: dashed; }
button {
  inline-size: 100%; margin-block-end: 1rem; padding: 0.625rem 1rem; font: inherit; font-weight: 600; cursor: pointer;
  color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: 0.5rem;
}
button.quiet { color: var(--text); background: transparent; border-color: var(--line); }
a { color: var(--accent); display: inline-block; min-block-size: 1.5rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
[role='alert'] {
  padding: 0.75rem 1rem; color: var(--alert); background: var(--alert-card);
  border-inline-start: 4px solid var(--alert); border-radius: 0.25rem;
}
.quiet, dt { color: var(--quiet); }
main > :last-child, main > form:last-child > :last-child { margin-block-end: 0; }
[role='alert']::first-letter { text-transform: uppercase; }
dl { margin: 0 0 1rem; }
dt { font-size: 0.875rem; }
dd { margin: 0 0 0.75rem; overflow-wrap: anywhere; }
h2 { margin: 1.5rem 0 0.75rem; font-size: 1.125rem; line-height: 1.3; }
ul.rows { list-style: none; padding: 0; }
ul.rows li { margin-block-end: 1rem; overflow-wrap: anywhere; }
ul.codes { list-style: none; padding: 0; display: grid; grid-template-columns: repeat(auto-fill, minmax(11rem, 1fr)); }
code { font: 0.9375em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
ul { margin: 0 0 1rem; padding-inline-start: 1.25rem; }
@media (prefers-reduced-motion: no-preference) { button, input { transition: border-color 0.15s; } }
`;

/** Its address changes with its content, so that it may be cached for ever. */
export const stylePath = `/assets/sign-in-${createHash('sha256').update(styleSheet).digest('hex').slice(0, 12)}.css`;
