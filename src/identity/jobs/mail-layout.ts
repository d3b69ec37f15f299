import type { Mail } from '../../infrastructure/mailer.js';
import { ownBrand, type Brand } from '../tenants/branding.js';

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (character) => escapes[character] ?? '');

/** What a mail says, in the order it is read. */
export interface MailWords {
  /** Paragraphs before the link; a line break stays one. */
  before: readonly string[];
  /** What following the link does, on a button. */
  button: string;
  after: readonly string[];
  /** Why this person gets this mail. */
  reason: string;
}

/** Mail programs know few styles, and only those that stand at the element. */
const styles = {
  page: 'margin:0;padding:24px 12px;background:#f4f5f7;color:#1c2330;font:16px/1.5 system-ui,-apple-system,Segoe UI,Roboto,Arial,sans-serif',
  card: 'max-width:520px;margin:0 auto;padding:28px;background:#ffffff;border:1px solid #d9dde5;border-radius:12px',
  name: 'margin:0 0 20px;font-size:18px;font-weight:600',
  paragraph: 'margin:0 0 16px;white-space:pre-line;overflow-wrap:anywhere',
  small:
    'margin:0 0 16px;font-size:13px;color:#566074;white-space:pre-line;overflow-wrap:anywhere;word-break:break-word',
  line: 'margin:24px 0 16px;border:0;border-top:1px solid #d9dde5',
} as const;

const paragraph = (text: string): string => `<p style="${styles.paragraph}">${escapeHtml(text)}</p>`;
const small = (html: string): string => `<p style="${styles.small}">${html}</p>`;

function headOf({ logoUrl, name }: Brand): string {
  // Most mail programs show no image that is written into its address.
  if (!logoUrl?.startsWith('https:')) return `<p style="${styles.name}">${escapeHtml(name)}</p>`;
  return `<p style="${styles.name}"><img src="${escapeHtml(logoUrl)}" alt="${escapeHtml(name)}" height="40" style="height:40px;max-width:100%;border:0"></p>`;
}

function buttonOf(brand: Brand, link: string, text: string): string {
  const color = brand.color ?? '#1d4ed8';
  const style = `display:inline-block;padding:12px 20px;background:${color};color:#ffffff;font-weight:600;text-decoration:none;border-radius:8px`;
  return `<p style="${styles.paragraph}"><a href="${escapeHtml(link)}" style="${style}">${escapeHtml(text)}</a></p>`;
}

/** Who sends it and where help is: the last lines. */
function footOf(brand: Brand, reason: string): { text: string[]; html: string[] } {
  const help = brand.support.map(({ href, text }) => (href.startsWith('mailto:') ? text : href));
  const sentBy = brand.name === ownBrand.name ? '' : ` Sent for ${brand.name} by Gatehouse.`;
  const said = `${reason}${sentBy}`;
  const links = brand.support.map(
    ({ href, text }) => `<a href="${escapeHtml(href)}" style="color:#566074">${escapeHtml(text)}</a>`,
  );
  return {
    text: [...(help.length > 0 ? [`Help: ${help.join(' or ')}`] : []), said],
    html: [...(links.length > 0 ? [small(`Help: ${links.join(' or ')}`)] : []), small(escapeHtml(said))],
  };
}

/** A mail about one link: text and HTML from the same words, in the look of the organization it is from. */
export function linkMail(
  parts: Pick<Mail, 'to' | 'subject' | 'template' | 'link'>,
  brand: Brand,
  { after, before, button, reason }: MailWords,
): Mail {
  const foot = footOf(brand, reason);
  const { link } = parts;
  const content = [
    headOf(brand),
    ...before.map(paragraph),
    buttonOf(brand, link, button),
    small(`Or open this address:\n${escapeHtml(link)}`),
    ...after.map(paragraph),
    `<hr style="${styles.line}">`,
    ...foot.html,
  ];
  return {
    ...parts,
    text: `${[...before, `${button}:\n${link}`, ...after, '--', ...foot.text].join('\n\n')}\n`,
    html: `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(parts.subject)}</title></head>
<body style="${styles.page}"><div style="${styles.card}">
${content.join('\n')}
</div></body></html>
`,
  };
}

const dayText = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeZone: 'UTC' });
const timeText = new Intl.DateTimeFormat('en-GB', { timeStyle: 'short', timeZone: 'UTC' });

/** An instant as a person says it: `30 June 2026`. Good where a few hours more or less do not matter. */
export function dateText(at: Date): string {
  return dayText.format(at);
}

/** The same where the hour matters. The reader may be anywhere, so the zone is said. */
export function instantText(at: Date): string {
  return `${dayText.format(at)} at ${timeText.format(at)} (UTC)`;
}
