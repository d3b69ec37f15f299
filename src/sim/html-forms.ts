/** One form of a page. */
export interface Form {
  /** As written; empty for the page's own address. */
  action: string;
  method: 'GET' | 'POST';
  /** Inputs by name with their values, hidden ones included. */
  fields: Map<string, string>;
  buttons: { name: string; value: string }[];
}

const entities: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
};

/** Text as a page means it: `&amp;` is `&`. */
function decodeEntities(text: string): string {
  return text.replaceAll(/&(#x[0-9a-f]+|#\d+|[a-z]+);/gi, (whole, name: string) => {
    if (name.startsWith('#x')) return String.fromCodePoint(Number.parseInt(name.slice(2), 16));
    if (name.startsWith('#')) return String.fromCodePoint(Number(name.slice(1)));
    return entities[name.toLowerCase()] ?? whole;
  });
}

function attributesOf(tag: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const match of tag.matchAll(/([\w-]+)\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>]+))/g)) {
    const [, name = '', double, single, bare] = match;
    found.set(name.toLowerCase(), decodeEntities(double ?? single ?? bare ?? ''));
  }
  return found;
}

function isSubmit(tagName: string, type: string | undefined): boolean {
  if (tagName === 'button') return type === undefined || type === 'submit';
  return type === 'submit';
}

function readControl(form: Form, tagName: string, tag: string): void {
  const attributes = attributesOf(tag);
  const name = attributes.get('name') ?? '';
  const value = attributes.get('value') ?? '';
  const type = attributes.get('type');
  if (isSubmit(tagName, type)) form.buttons.push({ name, value });
  else if (tagName === 'input' && name !== '' && (type !== 'checkbox' || /\schecked\b/.test(tag))) {
    form.fields.set(name, value);
  }
}

/** The forms of a page in order: enough of HTML for pages that are written by machines. */
export function formsOf(html: string): Form[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, head = '', content = '']) => {
    const attributes = attributesOf(head);
    const form: Form = {
      action: attributes.get('action') ?? '',
      method: attributes.get('method')?.toUpperCase() === 'POST' ? 'POST' : 'GET',
      fields: new Map(),
      buttons: [],
    };
    for (const [tag, tagName = ''] of content.matchAll(/<(input|button|select)\b[^>]*>/gi)) {
      readControl(form, tagName.toLowerCase(), tag);
    }
    return form;
  });
}

/** What a page says to its reader in its `role="alert"`, or undefined. */
export function alertOf(html: string): string | undefined {
  const found = /<([a-z0-9]+)\b[^>]*role="alert"[^>]*>([\s\S]*?)<\/\1>/i.exec(html);
  if (found === null) return undefined;
  const text = (found[2] ?? '').replaceAll(/<[^>]*>/g, ' ');
  return decodeEntities(text).replaceAll(/\s+/g, ' ').trim();
}
