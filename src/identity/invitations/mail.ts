import { randomBytes } from 'node:crypto';
import type { Mail } from '../../infrastructure/mailer.js';
import type { LoginType, UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { brandOf, type Brand } from '../tenants/branding.js';
import type { Core } from '../core.js';
import { storePassword } from '../users/credentials.js';
import { parseEmail } from '../email.js';
import { dateText, instantText, linkMail, type MailWords } from '../jobs/mail-layout.js';
import { enqueueMail, spanText } from '../jobs/mails.js';
import { issueToken } from '../credentials/one-time-tokens.js';
import type { Settings } from '../tenants/settings.js';
import { displayNameOf } from '../user-keys.js';
import type { WriteContext } from '../users/save.js';

/** How a person gets in for the first time. */
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
  brand: Brand;
  /** A person's name; null: no person did it, and the organization has. */
  sender: string | null;
  entry: Entry;
  /** In the sender's own words; empty: none. */
  message: string;
  link: string;
  ttlSeconds: number;
  now: Date;
  /** When a temporary access ends. */
  accessExpiresAt: Date | null;
}

/** What to do, and until when, by how somebody gets in. */
function stepOf({ entry, now, ttlSeconds }: EntryMail): {
  template: string;
  words: Omit<MailWords, 'reason'>;
} {
  const until = dateText(new Date(now.getTime() + ttlSeconds * 1000));
  const span = spanText(ttlSeconds);
  switch (entry.kind) {
    case 'link':
      return {
        template: 'activation',
        words: {
          before: ['Choose your password to activate it.'],
          button: 'Activate your account',
          after: [`The link is good once, for ${span} (until ${until}).`],
        },
      };
    case 'password':
      return {
        template: 'temporary_password',
        words: {
          before: [
            'Sign in once with this temporary password and choose your own:',
            `password: ${entry.password}`,
          ],
          button: 'Sign in',
          after: [`The password is good for ${span} (until ${until}).`],
        },
      };
    case 'company':
      return {
        template: 'company_sign_in',
        words: {
          before: ['You need no new password: sign in with your company account.'],
          button: 'Sign in',
          after: [],
        },
      };
  }
}

function textOf(mail: EntryMail): Mail {
  const { accessExpiresAt, brand, link, message, sender, to } = mail;
  const { template, words } = stepOf(mail);
  const opening =
    sender === null
      ? `${brand.name} has made an account for you.`
      : `${sender} has made an account for you at ${brand.name}.`;
  const said = message === '' ? [] : [sender === null ? message : `${sender} writes:\n${message}`];
  const end = accessExpiresAt === null ? [] : [`Your access ends on ${instantText(accessExpiresAt)}.`];
  return linkMail({ to, subject: `Your account at ${brand.name}`, template, link }, brand, {
    ...words,
    before: [opening, ...said, ...end, ...words.before],
    reason: `You get this mail because an account was made for ${to}. If you did not expect it, you can ignore it.`,
  });
}

/** The name of the person who did it; keys, directories and Gatehouse itself are nobody to be shown. */
function* senderOf({ actor, tenantId, tx }: WriteContext): Step<string | null> {
  const { party } = actor;
  if (party.type !== 'user') return null;
  const person = yield* tx.tenant(tenantId).collection('users').get(party.id);
  return person ? displayNameOf(person.userName, person.attributes) : null;
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
  const { core, tx, tenantId, config, now } = context;
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
  const mail = textOf({
    to,
    brand: brandOf(tenant.name, config.settings),
    sender: yield* senderOf(context),
    entry,
    message,
    link,
    ttlSeconds,
    now,
    accessExpiresAt: user.accessExpiresAt,
  });
  yield* enqueueMail(core, tx, tenantId, mail, { trySeconds: ttlSeconds, invitationId });
}
