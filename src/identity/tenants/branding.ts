import { z } from 'zod';
import { contrast, hexColor, readableContrast } from '../../shared/color.js';
import { parseEmail } from '../email.js';

const empty = z.literal('');
const maxLogoCharacters = 60_000;
const dataImage = /^data:image\/(?:png|jpeg|gif|webp|svg\+xml);base64,[A-Za-z0-9+/]+={0,2}$/;
const webAddress = z.url({ protocol: /^https?$/, error: 'must be an address that begins with https://' });

function isLogo(text: string): boolean {
  if (text === '' || dataImage.test(text)) return true;
  if (text.length > 2000) return false;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url?.protocol === 'https:' && url.username === '' && url.password === '';
}

function colorFault(color: string): string | undefined {
  if (color === '') return undefined;
  if (!hexColor.test(color)) return 'must be a colour like #1d4ed8';
  const ratio = contrast(color, '#ffffff');
  if (ratio >= readableContrast) return undefined;
  const words = `${ratio.toFixed(1)} to 1, and ${readableContrast} to 1 is needed`;
  return `is too light: white letters on it cannot be read (the contrast is ${words}); choose a darker one`;
}

/** Settings that say whose pages and mails these are. Empty: not said. */
export const brandingCatalogue = {
  'branding.color': z
    .string()
    .max(7)
    .superRefine((color, context) => {
      const fault = colorFault(color);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
    })
    .describe(
      'colour of buttons and links on pages and in mails, as `#1d4ed8`; dark enough for white letters on it. Dark pages show it lighter',
    ),
  'branding.logoUrl': z
    .string()
    .max(maxLogoCharacters)
    .refine(isLogo, 'must be an https:// address, or an image as data:image/png;base64,...')
    .describe(
      'logo on pages and in mails: an `https://` address, or a small image as `data:image/png;base64,...` (on pages alone)',
    ),
  'branding.name': z
    .string()
    .trim()
    .max(100)
    .regex(/^[^\p{Cc}]*$/u, 'must not hold control characters')
    .describe('name of the organization on pages and in mails; empty: the tenant’s name'),
  'branding.supportEmail': z
    .string()
    .trim()
    .max(254)
    .refine((text) => text === '' || parseEmail(text) !== undefined, 'Enter a valid email')
    .describe('where people ask for help, on pages and in mails'),
  'branding.supportUrl': z
    .union([empty, webAddress.max(2000)])
    .describe('page where people get help, on pages and in mails'),
} as const;

type BrandingSettings = { readonly [K in keyof typeof brandingCatalogue]: string };

export const brandingDefaults: BrandingSettings = {
  'branding.color': '',
  'branding.logoUrl': '',
  'branding.name': '',
  'branding.supportEmail': '',
  'branding.supportUrl': '',
};

/** Whose page or mail it is. */
export interface Brand {
  name: string;
  /** null: none. */
  logoUrl: string | null;
  /** `#rrggbb`; null: ours. */
  color: string | null;
  /** Where people get help, as links; none: nowhere said. */
  support: readonly { href: string; text: string }[];
}

/** The page of nobody in particular: the tenant is not known yet. */
export const ownBrand: Brand = { name: 'Gatehouse', logoUrl: null, color: null, support: [] };

/** What a tenant's pages and mails show of it. */
export function brandOf(tenantName: string, settings: BrandingSettings): Brand {
  const email = settings['branding.supportEmail'];
  const url = settings['branding.supportUrl'];
  return {
    name: settings['branding.name'] || tenantName,
    logoUrl: settings['branding.logoUrl'] || null,
    color: settings['branding.color'].toLowerCase() || null,
    support: [
      ...(url === '' ? [] : [{ href: url, text: new URL(url).host }]),
      ...(email === '' ? [] : [{ href: `mailto:${email}`, text: email }]),
    ],
  };
}
