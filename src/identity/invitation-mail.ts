import { randomBytes } from 'node:crypto';
import type { Mail } from '../infrastructure/mailer.js';
import type { TenantDocument } from '../persistence/collections/tenants.js';
import type { LoginType, UserDocument } from '../persistence/collections/users.js';
import type { Step } from '../persistence/store.js';
import { AppError } from '../shared/errors.js';
import type { Core } from './core.js';
import { storePassword } from './credentials.js';
import { parseEmail } from './email-domain.js';
import { enqueueMail, linkMail, spanText } from './mails.js';
import { issueToken } from './one-time-tokens.js';
import type { Settings } from './tenant-settings.js';
import type { WriteContext } from './user-write.js';

/** How somebody gets in for the first time. */
export type Entry =
  /** By a link at which they choose a password. */
  | { kind: 'link' }
  /** By a password that opens only the way to their own (M0-14). */
  | { kind: 'password'; password: string; hash: string }
  /** Through their company's provider. */
  | { kind: 'company' };

/** Decided before the transaction, as hashing is slow on purpose. */
export async function prepareEntry(core: Core, settings: Settings, loginType: LoginType): Promise<Entry> {
  if (loginType === 'sso') return { kind: 'company' };
  if (settings['invites.method'] === 'link') return { kind: 'link' };
  const password = randomBytes(12).toString('base64url');
  return { kind: 'password', password, hash: await core.passwords.hash(password) };
}

interface EntryMail {
  to: string;
  tenant: TenantDocument;
  sender: string;
  entry: Entry;
  /** In the sender's own words; empty: none. */
  message: string;
  link: string;
  ttlSeconds: number;
}

function textOf({ to, tenant, sender, entry, message, link, ttlSeconds }: EntryMail): Mail {
  const opening = `${sender} has made an account for you at ${tenant.name}.`;
  const words = [opening, ...(message === '' ? [] : [message])];
  const parts = { to, subject: `Your account at ${tenant.name}`, link };
  const span = spanText(ttlSeconds);
  switch (entry.kind) {
    case 'link':
      return linkMail(
        { ...parts, template: 'activation' },
        [...words, 'Activate it here:'],
        [`The link is good once, for ${span}.`],
      );
    case 'password':
      return linkMail(
        { ...parts, template: 'temporary_password' },
        [
          ...words,
          'Sign in once with this temporary password and choose your own:',
          `password: ${entry.password}`,
        ],
        [`The password is good for ${span}.`],
      );
    case 'company':
      return linkMail(
        { ...parts, template: 'company_sign_in' },
        [...words, 'Sign in with your company account here:'],
        [],
      );
  }
}

/**
 * Mails a person the way in and, where an invitation brought them, renews it. What an older mail held is dead.
 *
 * Call `wakeJobs` after the transaction.
 *
 * @throws AppError `input.invalid` when the user has no address to mail to.
 */
export function* mailEntry(
  context: WriteContext,
  user: UserDocument,
  entry: Entry,
  { message = '', invitationId }: { message?: string; invitationId?: string | undefined } = {},
): Step<void> {
  const { core, tx, tenantId, actor, config, now } = context;
  const to = parseEmail(user.email ?? user.userName)?.address;
  if (to === undefined) throw new AppError('input.invalid', 'the user has no email address');
  const tenant = yield* tx.tenant(tenantId).collection('tenants').get(tenantId);
  if (!tenant) throw new AppError('tenant.not_found', 'there is no such tenant');
  const ttlSeconds = config.settings['invites.ttlSeconds'];
  const { baseUrl } = core.config;
  let link = `${baseUrl}/signin?tenant=${encodeURIComponent(tenant.slug)}`;
  if (entry.kind === 'link') {
    link = `${baseUrl}/activate/${yield* issueToken(tx, user, { isMailed: true, kind: 'activation', ttlSeconds, now })}`;
  } else if (entry.kind === 'password') {
    yield* storePassword(context, user._id, entry.hash, true);
  }
  const sender = actor.party.label;
  const mail = textOf({ to, tenant, sender, entry, message, link, ttlSeconds });
  yield* enqueueMail(core, tx, tenantId, mail, { trySeconds: ttlSeconds, invitationId });
}
