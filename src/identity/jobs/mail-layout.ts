import type { Mail } from '../../infrastructure/mailer.js';
import { ownBrand, type Brand } from '../tenants/branding.js';
import type { MailLanguage } from './mail-language.js';
import { mailTexts, type MailText, type MailTexts, type MailWords } from './mail-texts.js';

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (character) => escapes[character] ?? '');

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
function footOf(brand: Brand, reason: string, frame: MailTexts['frame']): { text: string[]; html: string[] } {
  const help = brand.support.map(({ href, text }) => (href.startsWith('mailto:') ? text : href));
  const sentBy = brand.name === ownBrand.name ? '' : ` ${frame.sentFor(brand.name)}`;
  const said = `${reason}${sentBy}`;
  const links = brand.support.map(
    ({ href, text }) => `<a href="${escapeHtml(href)}" style="color:#566074">${escapeHtml(text)}</a>`,
  );
  return {
    text: [...(help.length > 0 ? [`${frame.help}${help.join(frame.or)}`] : []), said],
    html: [
      ...(links.length > 0 ? [small(`${frame.help}${links.join(frame.or)}`)] : []),
      small(escapeHtml(said)),
    ],
  };
}

/** A mail about one link: text and HTML from the same words, in the look of the organization it is from. */
export function linkMail(
  parts: Pick<Mail, 'to' | 'subject' | 'template' | 'link'>,
  brand: Brand,
  { after, before, button, reason }: MailWords,
  language: MailLanguage = 'en',
): Mail {
  const { frame } = mailTexts(language);
  const foot = footOf(brand, reason, frame);
  const { link } = parts;
  const content = [
    headOf(brand),
    ...before.map(paragraph),
    buttonOf(brand, link, button),
    small(`${escapeHtml(frame.orOpen)}\n${escapeHtml(link)}`),
    ...after.map(paragraph),
    `<hr style="${styles.line}">`,
    ...foot.html,
  ];
  return {
    ...parts,
    text: `${[...before, `${button}:\n${link}`, ...after, '--', ...foot.text].join('\n\n')}\n`,
    html: `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${escapeHtml(parts.subject)}</title></head>
<body style="${styles.page}"><div style="${styles.card}">
${content.join('\n')}
</div></body></html>
`,
  };
}

/** A mail of the catalogue ({@link MailTexts}) in a language. */
export function catalogueMail<T extends Exclude<keyof MailTexts, 'frame'>>(
  parts: Pick<Mail, 'to' | 'link'>,
  brand: Brand,
  language: MailLanguage,
  [template, facts]: [T, Omit<Parameters<MailTexts[T]>[0], 'brand' | 'to'>],
): Mail {
  const say = mailTexts(language)[template] as (all: Parameters<MailTexts[T]>[0]) => MailText;
  const all = { ...facts, brand: brand.name, to: parts.to } as Parameters<MailTexts[T]>[0];
  const { subject, ...words } = say(all);
  return linkMail({ ...parts, subject, template }, brand, words, language);
}
