import { createHash } from 'node:crypto';
import { readableOn } from '../../shared/color.js';

/** The dark card, the lightest ground that coloured text stands on in the dark. */
const darkCard = '#1b212c';

/** Rules for the dark: where the person chose it, and where the system has it and they chose nothing. */
const inTheDark = (rules: string): string => `@media (prefers-color-scheme: dark) {
  :root:not([data-theme='light']) { ${rules} }
}
:root[data-theme='dark'] { ${rules} }`;

/** Style of all sign-in pages: light and dark by the browser's wish, no font from elsewhere. */
export const styleSheet = `
:root {
  color-scheme: light;
  --page: #f4f5f7; --card: #fff; --text: #1c2330; --quiet: #566074; --line: #8a93a5; --thin: #d9dde5;
  --accent: #1d4ed8; --on-accent: #fff; --alert: #a4161a; --alert-card: #fdecec; --good: #14532d; --good-card: #e7f5ec;
}
${inTheDark(`color-scheme: dark;
  --page: #12161e; --card: ${darkCard}; --text: #eef1f6; --quiet: #a9b3c5; --line: #6c778c; --thin: #343c4b;
  --accent: #8fb4ff; --on-accent: #0b1220; --alert: #ffb3b5; --alert-card: #3a1c20; --good: #a7e3bd; --good-card: #16301f;`)}
* { box-sizing: border-box; }
body {
  margin: 0; min-block-size: 100vh; display: flex; flex-direction: column; align-items: center; justify-content: center;
  gap: 1rem; padding: 1.5rem 1rem; background: var(--page); color: var(--text); font: 1rem/1.5 system-ui, sans-serif;
}
main, .brand, footer { inline-size: min(100%, 26rem); }
main.wide { inline-size: min(100%, 40rem); }
main { padding: clamp(1.25rem, 6vw, 2rem); background: var(--card); border: 1px solid var(--thin); border-radius: 0.75rem; }
.brand { font-size: 1.125rem; font-weight: 600; text-align: center; overflow-wrap: anywhere; }
.brand img { display: block; margin: 0 auto; max-inline-size: min(100%, 14rem); max-block-size: 4rem; object-fit: contain; }
footer { font-size: 0.875rem; text-align: center; color: var(--quiet); overflow-wrap: anywhere; }
h1 { margin: 0 0 1rem; font-size: 1.375rem; line-height: 1.3; overflow-wrap: anywhere; }
p { margin: 0 0 1rem; overflow-wrap: anywhere; }
label { display: block; margin-block-end: 0.25rem; font-weight: 600; }
input, select {
  inline-size: 100%; margin-block-end: 1rem; padding: 0.625rem 0.75rem; font: inherit; color: inherit;
  background: transparent; border: 1px solid var(--line); border-radius: 0.5rem;
}
input[type='checkbox'] { inline-size: 1.25rem; block-size: 1.25rem; margin: 0 0.5rem 0 0; vertical-align: text-bottom; }
label.inline { display: inline; font-weight: 400; }
input.code { font: 1.375rem/1.4 ui-monospace, monospace; letter-spacing: 0.3em; text-align: center; }
input.unseen { position: absolute; inline-size: 1px; block-size: 1px; padding: 0; border: 0; opacity: 0; clip-path: inset(50%); }
.who { padding: 0.5rem 0.75rem; background: var(--page); border-radius: 0.5rem; }
.reveal { display: flex; gap: 0.5rem; margin-block-end: 1rem; }
.reveal input { margin: 0; min-inline-size: 0; }
.reveal button { inline-size: auto; flex: none; white-space: nowrap; overflow-wrap: normal; margin: 0; padding-inline: 0.75rem; color: var(--text); background: transparent; border-color: var(--line); }
.caps:not(:empty) { display: block; margin: -0.5rem 0 1rem; color: var(--quiet); font-size: 0.875rem; }
button, a.button {
  display: block; inline-size: 100%; margin-block-end: 1rem; padding: 0.625rem 1rem; font: inherit; font-weight: 600; cursor: pointer;
  text-align: center; text-decoration: none; overflow-wrap: anywhere;
  color: var(--on-accent); background: var(--accent); border: 1px solid var(--accent); border-radius: 0.5rem;
}
button.quiet, a.button.quiet { color: var(--text); background: transparent; border-color: var(--line); }
.or { display: flex; align-items: center; gap: 0.75rem; color: var(--quiet); }
.or::before, .or::after { content: ''; flex: 1; border-block-start: 1px solid var(--thin); }
a { color: var(--accent); display: inline-block; min-block-size: 1.5rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
[role='alert'], p[role='status'] { padding: 0.75rem 1rem; border-inline-start: 4px solid; border-radius: 0.25rem; }
[role='alert'] { color: var(--alert); background: var(--alert-card); border-color: var(--alert); }
p[role='status']:empty, [role='timer']:empty { display: none; }
[role='timer'] { font-variant-numeric: tabular-nums; }
p[role='status'] { color: var(--good); background: var(--good-card); border-color: var(--good); }
.quiet, dt { color: var(--quiet); }
main > :last-child, main > form:last-child > :last-child { margin-block-end: 0; }
[role='alert']::first-letter { text-transform: uppercase; }
.reference { font-size: 0.875rem; color: var(--quiet); }
dl { margin: 0 0 1rem; }
dt { font-size: 0.875rem; }
dd { margin: 0 0 0.75rem; overflow-wrap: anywhere; }
h2 { margin: 1.75rem 0 0.75rem; padding-block-start: 1.25rem; border-block-start: 1px solid var(--thin); font-size: 1.125rem; line-height: 1.3; }
ul.rows { list-style: none; padding: 0; }
ul.rows li { margin-block-end: 1rem; overflow-wrap: anywhere; }
ul.rows button { margin-block: 0.5rem 0; }
ul.codes { list-style: none; padding: 0; display: grid; gap: 0.25rem 1rem; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr)); }
.qr { text-align: center; }
.qr img { max-inline-size: 100%; block-size: auto; border-radius: 0.5rem; }
pre { margin: 0 0 1rem; padding: 0.5rem 0.75rem; white-space: pre-wrap; background: var(--page); border-radius: 0.5rem; }
code { font: 0.9375em/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
ul { margin: 0 0 1rem; padding-inline-start: 1.25rem; }
input, select, textarea { max-inline-size: 100%; }
textarea {
  inline-size: 100%; min-block-size: 6rem; margin-block-end: 1rem; padding: 0.625rem 0.75rem; font: inherit; color: inherit;
  background: transparent; border: 1px solid var(--line); border-radius: 0.5rem; resize: vertical;
}
option { color: var(--text); background: var(--card); }
.languages a { margin-inline: 0.5rem; }
button.link { inline-size: auto; min-inline-size: 0; min-block-size: 1.5rem; margin: 0; padding: 0; color: var(--accent); background: none; border: 0; font-weight: 400; text-decoration: underline; }
.skip { position: absolute; inset-block-start: -10rem; inset-inline-start: 0.5rem; padding: 0.5rem 1rem; background: var(--card); border-radius: 0.5rem; z-index: 1; }
.skip:focus { inset-block-start: 0.5rem; }
.account { justify-content: flex-start; gap: 0; padding: 0; }
.account .top { inline-size: 100%; display: flex; align-items: center; justify-content: space-between; gap: 1rem; padding: 0.75rem max(1rem, calc(50vw - 30rem)); background: var(--card); border-block-end: 1px solid var(--thin); }
.account .top .brand { inline-size: auto; min-inline-size: 0; text-align: start; }
.account .top .brand img { max-block-size: 2.25rem; }
.account .top .ways { display: flex; flex-wrap: wrap; justify-content: flex-end; gap: 0 1.25rem; }
.frame { display: grid; grid-template-columns: 12rem minmax(0, 1fr); gap: 2rem; align-items: start; inline-size: min(100%, 62rem); padding: 2rem 1rem; }
.frame main { inline-size: 100%; }
.frame nav ul { list-style: none; margin: 0; padding: 0; }
.frame nav a { display: block; padding: 0.5rem 0.75rem; border-radius: 0.5rem; color: var(--text); text-decoration: none; }
.frame nav a:hover { background: var(--card); }
.frame nav a[aria-current] { background: var(--card); color: var(--accent); font-weight: 600; box-shadow: inset 3px 0 var(--accent); }
.frame form { max-inline-size: 28rem; }
.frame button, .frame a.button { inline-size: auto; min-inline-size: 8rem; }
.frame .reveal button { min-inline-size: 0; }
.frame h1 + h2, .frame h1 + section > h2:first-child { margin-block-start: 0; padding-block-start: 0; border: 0; }
.row { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 0.25rem 1rem; padding-block: 0.75rem; border-block-end: 1px solid var(--thin); }
.row > :first-child { flex: 1 1 14rem; min-inline-size: 0; overflow-wrap: anywhere; }
ul.rows li.row { margin: 0; }
ul.rows li.row button { margin: 0; }
.tag { display: inline-block; padding: 0 0.5rem; border: 1px solid var(--line); border-radius: 1rem; font-size: 0.875rem; }
.portrait { display: flex; flex-wrap: wrap; align-items: center; gap: 1rem; margin-block-end: 1rem; }
.portrait > img, .portrait > .initials { inline-size: 5rem; block-size: 5rem; flex: none; border-radius: 50%; object-fit: cover; }
.portrait > .initials { display: grid; place-items: center; font-size: 1.75rem; font-weight: 600; color: var(--on-accent); background: var(--accent); }
@media (max-width: 48rem) {
  .account .top { flex-wrap: wrap; }
  .frame { grid-template-columns: minmax(0, 1fr); gap: 1rem; padding-block: 1rem; }
  .frame nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem; }
  .frame nav a[aria-current] { box-shadow: inset 0 -3px var(--accent); }
}
@media (prefers-reduced-motion: no-preference) { button, input { transition: border-color 0.15s; } }
`;

/** Its address changes with its content, so that it may be cached for ever. */
export const stylePath = `/assets/sign-in-${createHash('sha256').update(styleSheet).digest('hex').slice(0, 12)}.css`;

/** Where the style sheet of one colour is; it follows from the colour alone. */
export const brandStylePath = (color: string): string => `/assets/brand-${color.slice(1)}.css`;

/** A tenant's colour in place of ours, in the dark as much lighter as it must be to be read. */
export function brandStyleSheet(color: string): string {
  const light = readableOn(darkCard, color);
  return `:root { --accent: ${color}; --on-accent: #fff; }
${inTheDark(`--accent: ${light}; --on-accent: #0b1220;`)}
`;
}
