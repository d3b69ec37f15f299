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

const style = `body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1c2430}
main{max-width:52rem;margin:2rem auto;padding:1.5rem 2rem;background:#fff;border-top:6px solid var(--brand);border-radius:6px}
h1{font-size:1.4rem;margin:0 0 .25rem}p.sub{margin:0 0 1.25rem;color:#5a6472}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.4rem .6rem .4rem 0;border-bottom:1px solid #e4e7eb}
button{font:inherit;padding:.3rem .8rem;border:1px solid #a9b2bd;border-radius:4px;background:#fff;cursor:pointer}
button.main{background:var(--brand);border-color:var(--brand);color:#fff}
form{display:inline}pre{background:#11161d;color:#d7e0ea;padding:1rem;overflow:auto;font-size:.8rem}
.list button{display:block;width:100%;text-align:left;margin:.4rem 0;padding:.7rem 1rem}
.tag{display:inline-block;padding:0 .5rem;border-radius:3px;background:#e8edf4;margin-right:.3rem}
[role=alert]{padding:.7rem 1rem;background:#fdecea;border-left:4px solid #b3261e}`;

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
