import type { Step, Transaction } from '../../persistence/store.js';
import type { Core } from '../core.js';
import { languageOf, type MailLanguage } from '../jobs/mail-language.js';
import { catalogueMail } from '../jobs/mail-layout.js';
import { enqueueMail } from '../jobs/mails.js';
import type { MailTexts } from '../jobs/mail-texts.js';
import { brandOf } from '../tenants/branding.js';
import { tenantConfigStep } from '../tenants/config.js';

const maxAdministrators = 200;

export interface AdministratorMail<T extends Exclude<keyof MailTexts, 'frame'>> {
  /** Of the page that the mail's button opens. */
  path: string;
  template: T;
  /** What it says. */
  factsIn: (language: MailLanguage) => Omit<Parameters<MailTexts[T]>[0], 'brand' | 'to'>;
}

/** Sends a mail of the catalogue to the administrators of a tenant, each in their language. */
export function* mailAdministrators<T extends Exclude<keyof MailTexts, 'frame'>>(
  core: Core,
  tx: Transaction,
  tenantId: string,
  { path, template, factsIn }: AdministratorMail<T>,
): Step<void> {
  const config = yield* tenantConfigStep(core, tx, tenantId);
  const query = { 'grants.role': { $in: [...config.administratorRoles] }, enabled: true };
  const found = yield* tx.tenant(tenantId).collection('users').find(query, { limit: maxAdministrators });
  const link = `${core.config.baseUrl}${path}`;
  const brand = brandOf(config.tenant.name, config.settings);
  for (const user of found) {
    if (user.email === null) continue;
    const language = languageOf(user, config.settings);
    const words: [T, ReturnType<typeof factsIn>] = [template, factsIn(language)];
    const mail = catalogueMail({ to: user.email, link }, brand, language, words);
    yield* enqueueMail(core, tx, tenantId, mail, { userId: user._id });
  }
}
