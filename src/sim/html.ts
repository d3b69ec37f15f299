const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text made safe for element content and quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => escapes[character] ?? character);
}

const style = `:root{color-scheme:light dark;--page:#f4f5f7;--card:#fff;--text:#1c2430;--quiet:#5a6472;--line:#d9dde5;--edge:#8a93a0;--tag:#e8edf4;--alert:#fdecea}
@media(prefers-color-scheme:dark){:root{--page:#12161e;--card:#1b212c;--text:#eef1f6;--quiet:#a9b3c5;--line:#343c4b;--edge:#6c778c;--tag:#2b3444;--alert:#3a1c20}}
*{box-sizing:border-box}
body{font:16px/1.5 system-ui,sans-serif;margin:0;padding:1rem;background:var(--page);color:var(--text)}
main{max-width:60rem;margin:1rem auto;padding:clamp(1rem,4vw,2rem);background:var(--card);border-top:6px solid var(--brand);border-radius:6px;overflow-wrap:anywhere}
h1{font-size:1.4rem;margin:0 0 .25rem}h2{font-size:1.15rem}p.sub{margin:0 0 1.25rem;color:var(--quiet)}
table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.5rem .6rem .5rem 0;border-bottom:1px solid var(--line)}
button{font:inherit;color:inherit;margin:0 .25rem .4rem 0;padding:.35rem .8rem;border:1px solid var(--edge);border-radius:4px;background:transparent;cursor:pointer}
button.main{background:var(--brand);border-color:var(--brand);color:#fff}
:focus-visible{outline:3px solid var(--edge);outline-offset:2px}
form{display:inline}
pre{background:var(--page);padding:1rem;overflow:auto;font-size:.8rem}
ol.sent{list-style:none;margin:0;padding:0;font:.8125rem/1.5 ui-monospace,monospace}
ol.sent li{padding:.35rem 0;border-bottom:1px solid var(--line);white-space:pre-wrap}
.list button{display:block;width:100%;text-align:left;margin:.4rem 0;padding:.7rem 1rem}
.tag{display:inline-block;padding:0 .5rem;border-radius:3px;background:var(--tag);margin-right:.3rem}
[role=alert]{padding:.7rem 1rem;background:var(--alert);border-left:4px solid #b3261e}
@media(max-width:40rem){thead{display:none}table,tbody,tr,td{display:block;width:100%}tr{padding:.6rem 0;border-bottom:1px solid var(--line)}td{border:0;padding:.1rem 0}}`;

/**
 * A whole page.
 *
 * @param brand - a CSS colour, so that the companies and applications look different at a glance.
 * @param content - HTML that is safe already.
 */
export function htmlPage(title: string, brand: string, content: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(title)}</title><style>:root{--brand:${escapeHtml(brand)}}${style}</style></head>
<body><main>${content}</main></body></html>
`;
}
