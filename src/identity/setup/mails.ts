import type { SetupLinkDocument } from '../../persistence/collections/setup-links.js';
import type { Step, Transaction } from '../../persistence/store.js';
import type { Core } from '../core.js';
import { instantText } from '../jobs/mail-language.js';
import { catalogueMail } from '../jobs/mail-layout.js';
import { enqueueMail } from '../jobs/mails.js';
import { brandOf } from '../tenants/branding.js';
import type { TenantConfig } from '../tenants/config.js';

interface LinkMail {
  link: SetupLinkDocument;
  url: string;
  /** In the sender's own words; empty: none. */
  message: string;
  sender: string;
}

const secondsLeft = (core: Core, { expiresAt }: SetupLinkDocument): number =>
  Math.max(60, Math.ceil((expiresAt.getTime() - core.clock.now().getTime()) / 1000));

/** Mails a link to whom it is for. Call `wakeJobs` after the transaction. */
export function* mailLink(
  core: Core,
  tx: Transaction,
  { settings, tenant }: TenantConfig,
  { link, message, sender, url }: LinkMail,
): Step<void> {
  if (link.email === null) return;
  const language = settings['mails.language'];
  const brand = brandOf(tenant.name, settings);
  const until = instantText(link.expiresAt, language);
  const facts = { sender, message, until, purpose: link.purpose };
  const mail = catalogueMail({ to: link.email, link: url }, brand, language, ['setup_link', facts]);
  yield* enqueueMail(core, tx, tenant._id, mail, { trySeconds: secondsLeft(core, link) });
}

/** Mails an address of the company, so that its arrival can be confirmed there. */
export function* mailTest(
  core: Core,
  tx: Transaction,
  { settings, tenant }: TenantConfig,
  { link, to, url }: { link: SetupLinkDocument; to: string; url: string },
): Step<void> {
  const language = settings['mails.language'];
  const brand = brandOf(tenant.name, settings);
  const mail = catalogueMail({ to, link: url }, brand, language, ['setup_test', {}]);
  yield* enqueueMail(core, tx, tenant._id, mail, { trySeconds: secondsLeft(core, link) });
}
