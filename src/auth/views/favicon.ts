import type { Brand } from '../../identity/tenants/branding.js';

const escapes: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** The first letter of a name on its colour. */
export function faviconSvg({ color, name }: Pick<Brand, 'color' | 'name'>): string {
  const letter = Array.from(name.trim().toLocaleUpperCase('en'))[0] ?? 'G';
  const text = escapes[letter] ?? letter;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="${color ?? '#1d4ed8'}"/><text x="16" y="23" font-family="system-ui,sans-serif" font-size="20" font-weight="700" text-anchor="middle" fill="#fff">${text}</text></svg>`;
}

/** The same as an address, so that nothing has to be fetched. */
export function favicon(brand: Pick<Brand, 'color' | 'name'>): string {
  return `data:image/svg+xml;base64,${Buffer.from(faviconSvg(brand)).toString('base64')}`;
}
