import type { Request } from 'express';
import { z } from 'zod';
import type { Core } from '../../identity/core.js';
import { changeOwnProfile, type OwnProfile } from '../../identity/users/own-profile.js';
import { AppError } from '../../shared/errors.js';
import { imageType } from '../../shared/picture.js';
import { keepLanguage, keepTheme, languageIn, themes } from '../page-choices.js';
import type { LiveSession } from '../session-guard.js';
import { maxPictureBytes } from '../views/account-profile.js';
import { isLanguage, languages, type Language } from '../views/language.js';
import { actorOf, type AccountWork } from './account-form.js';

const line = z.string().trim().max(1024).optional();
const factsForm = z.object({
  givenName: line,
  familyName: line,
  phone: z.string().trim().max(100).optional(),
  signature: z.string().trim().max(2000).optional(),
});
const preferencesForm = z.object({
  language: z.enum(['', ...(Object.keys(languages) as Language[])]),
  theme: z.enum(themes),
});

/** What a directory sets, the person does not. */
function requireOwnFacts({ user }: LiveSession, profile: OwnProfile): void {
  const isTouched = [profile.givenName, profile.familyName, profile.phone, profile.picture].some(
    (value) => value !== undefined,
  );
  if (user.directoryId !== null && isTouched)
    throw new AppError('auth.forbidden', 'Your company sets these facts about you');
}

async function save(core: Core, live: LiveSession, req: Request, profile: OwnProfile): Promise<void> {
  requireOwnFacts(live, profile);
  await changeOwnProfile(core, await actorOf(core, live, req), live, profile);
}

const emptyAsNull = (value: string | undefined): string | null | undefined => (value === '' ? null : value);

const takeFacts: AccountWork = async (core, live, req, res) => {
  const form = factsForm.safeParse(req.body).data;
  if (!form) throw new AppError('input.invalid', 'Something you typed is too long');
  await save(core, live, req, {
    givenName: emptyAsNull(form.givenName),
    familyName: emptyAsNull(form.familyName),
    phone: emptyAsNull(form.phone),
    signature: emptyAsNull(form.signature),
  });
  res.redirect(303, '/account?done=profile');
};

const takePicture: AccountWork = async (core, live, req, res) => {
  const { picture } = (req.body ?? {}) as Record<string, unknown>;
  const bytes = picture instanceof Uint8Array ? picture : new Uint8Array();
  const type = imageType(bytes);
  if (type === undefined) throw new AppError('input.invalid', 'Choose a picture: PNG, JPEG or WebP');
  if (bytes.length > maxPictureBytes)
    throw new AppError('input.invalid', 'Choose a picture of at most 48 kB');
  const text = Buffer.from(bytes).toString('base64');
  await save(core, live, req, { picture: `data:${type};base64,${text}` });
  res.redirect(303, '/account?done=picture');
};

const takePictureAway: AccountWork = async (core, live, req, res) => {
  await save(core, live, req, { picture: null });
  res.redirect(303, '/account?done=picture_off');
};

const takePreferences: AccountWork = async (core, live, req, res) => {
  const form = preferencesForm.safeParse(req.body).data;
  if (!form) throw new AppError('input.invalid', 'Choose a language and a theme');
  const stored = languageIn(live.user.attributes['preferredLanguage']) ?? '';
  if (form.language !== stored)
    await changeOwnProfile(core, await actorOf(core, live, req), live, {
      language: emptyAsNull(form.language),
    });
  if (isLanguage(form.language)) keepLanguage(core.config, res, form.language);
  keepTheme(core.config, res, form.theme);
  res.redirect(303, '/account?done=profile');
};

/** Forms about the profile, by their own paths. */
export const profileForms: Readonly<Record<string, AccountWork>> = {
  '/account/profile': takeFacts,
  '/account/picture': takePicture,
  '/account/picture/remove': takePictureAway,
  '/account/preferences': takePreferences,
};
