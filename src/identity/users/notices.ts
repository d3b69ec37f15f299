import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step, Transaction } from '../../persistence/store.js';
import type { Core } from '../core.js';
import { parseEmail } from '../email.js';
import { instantText, languageOf } from '../jobs/mail-language.js';
import { catalogueMail } from '../jobs/mail-layout.js';
import type { MailTexts } from '../jobs/mail-texts.js';
import { enqueueMail } from '../jobs/mails.js';
import { brandOf } from '../tenants/branding.js';
import type { TenantConfig } from '../tenants/config.js';
import type { WriteContext } from './save.js';

/** What a notice is written with. */
interface NoticeHome {
  core: Core;
  tx: Transaction;
  config: Pick<TenantConfig, 'tenant' | 'settings'>;
}

type Template = 'address_changed' | 'address_left' | 'approved' | 'new_device' | 'password_changed';
type Facts<T extends Template> = Omit<Parameters<MailTexts[T]>[0], 'brand' | 'to'>;

/** Where the button of each notice leads. */
const paths: Readonly<Record<Template, string>> = {
  address_changed: '/account',
  address_left: '/account',
  approved: '/signin',
  new_device: '/account',
  password_changed: '/forgot',
};

/**
 * Reports to a person by mail what was done to their account, where they have an address.
 *
 * Call `wakeJobs` after the transaction.
 */
function* notice<T extends Template>(
  { config, core, tx }: NoticeHome,
  user: UserDocument,
  template: T,
  facts: Facts<T>,
): Step<void> {
  const to = parseEmail(user.email ?? user.userName)?.address;
  if (to === undefined) return;
  const { settings, tenant } = config;
  const link = `${core.config.baseUrl}${paths[template]}?tenant=${encodeURIComponent(tenant.slug)}`;
  const language = languageOf(user, settings);
  const text: [T, Facts<T>] = [template, facts];
  const mail = catalogueMail({ to, link }, brandOf(tenant.name, settings), language, text);
  yield* enqueueMail(core, tx, user.tenantId, mail, { userId: user._id });
}

/** What a change of a user gives cause to tell them: that they are approved, and at the old address that it is no longer theirs. */
export function* noticeChanges(context: WriteContext, before: UserDocument, after: UserDocument): Step<void> {
  const { settings } = context.config;
  const waited = settings['approval.required'] && !before.approved && before.activatedAt !== null;
  if (waited && after.approved && after.enabled) yield* notice(context, after, 'approved', {});
  yield* noticeMove(context, before, after);
}

/** The old address is told of a new one that somebody else has given. */
function* noticeMove(context: WriteContext, before: UserDocument, after: UserDocument): Step<void> {
  if (after.movedAddress && after.movedAddress.at !== before.movedAddress?.at)
    yield* notice(context, before, 'address_changed', { address: after.email ?? after.userName });
  const isMoved = before.emailKey !== null && after.emailKey !== null && before.emailKey !== after.emailKey;
  if (isMoved && context.actor.directoryId === null && context.actor.party.type !== 'system')
    yield* notice(context, before, 'address_left', { address: after.email ?? '' });
}

/** Where something was done from. */
export interface Place {
  /** In words; null: not known. */
  browser: string | null;
  ip: string | null;
}

const placeFacts = ({ browser, ip }: Place, user: UserDocument, { config }: NoticeHome, now: Date) => ({
  at: instantText(now, languageOf(user, config.settings)),
  browser: browser ?? '',
  ip: ip ?? '',
});

/**
 * Reports that the password is another one now. Not to those who set it by a link in a mail: they are at the mailbox, and an account
 * that is only now activated has no news in it.
 */
export function* noticePassword(context: WriteContext, user: UserDocument): Step<void> {
  const { actor, config, now } = context;
  if (!config.settings['mails.securityNotices'] || user.activatedAt === null) return;
  if (actor.directoryId !== null || actor.party.type === 'system') return;
  const place = { browser: null, ip: actor.ip };
  yield* notice(context, user, 'password_changed', placeFacts(place, user, context, now));
}

/** Reports a sign-in from a device that was not used for it before. */
export function* noticeDevice(home: NoticeHome, user: UserDocument, place: Place, now: Date): Step<void> {
  yield* notice(home, user, 'new_device', placeFacts(place, user, home, now));
}
