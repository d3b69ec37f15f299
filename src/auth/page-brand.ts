import type { Response } from 'express';
import { brandOf, ownBrand, type Brand } from '../identity/tenants/branding.js';
import type { Core } from '../identity/core.js';
import { settingsOf } from '../identity/tenants/settings.js';
import { showLanguage } from './page-choices.js';

interface BrandedLocals {
  brand?: Brand;
  /** Absent: the tenant is not known, and any may have passkeys. */
  hasPasskeys?: boolean;
  /** Where people make an account for themselves; absent: nowhere. */
  registerPath?: string;
}

/** A tenant's look; ours where it is not known. */
export async function findBrand(core: Core, tenantId: string | null | undefined): Promise<Brand> {
  if (tenantId === null || tenantId === undefined) return ownBrand;
  const tenant = await core.store.tenant(tenantId).collection('tenants').get(tenantId);
  return tenant ? brandOf(tenant.name, settingsOf(tenant)) : ownBrand;
}

/** Lets every page this answer may become, refusals included, be the tenant's. To be called as soon as the tenant is known. */
export async function showBrand(core: Core, res: Response, tenantId: string | null): Promise<void> {
  if (tenantId === null) return;
  const tenant = await core.store.tenant(tenantId).collection('tenants').get(tenantId);
  const locals = res.locals as BrandedLocals;
  locals.brand = tenant ? brandOf(tenant.name, settingsOf(tenant)) : ownBrand;
  if (!tenant) return;
  const settings = settingsOf(tenant);
  locals.hasPasskeys = settings['passkeys.enabled'];
  if (settings['registration.self'])
    locals.registerPath = `/register?tenant=${encodeURIComponent(tenant.slug)}`;
}

/** Lets the pages of a sign-in be the tenant's, in the language that the waiting application asks for. */
export async function showSignIn(
  core: Core,
  res: Response,
  { tenantId, language }: { tenantId: string | null; language?: string | undefined },
): Promise<void> {
  showLanguage(res, language);
  await showBrand(core, res, tenantId);
}

/** Whether a sign-in at this page may be by passkey. */
export const offersPasskeys = (res: Response): boolean => (res.locals as BrandedLocals).hasPasskeys ?? true;

/** Where people make an account for themselves; undefined: nowhere. */
export const shownRegisterPath = (res: Response): string | undefined =>
  (res.locals as BrandedLocals).registerPath;

/** Whose page this answer is. */
export const shownBrand = (res: Response): Brand => (res.locals as BrandedLocals).brand ?? ownBrand;
