import { randomBytes } from 'node:crypto';
import type { LoginType, UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { AppError } from '../../shared/errors.js';
import { brandOf } from '../tenants/branding.js';
import type { Core } from '../core.js';
import { storePassword } from '../users/credentials.js';
import { parseEmail } from '../email.js';
import { dateText, instantText, languageOf, spanText } from '../jobs/mail-language.js';
import { catalogueMail } from '../jobs/mail-layout.js';
import { enqueueMail } from '../jobs/mails.js';
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

const templates = { link: 'activation', company: 'company_sign_in' } as const;

/** The name of the person who did it; keys, directories and Gatehouse itself are not shown. */
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
  const language = languageOf(user, config.settings);
  const facts = {
    sender: yield* senderOf(context),
    message,
    span: spanText(ttlSeconds, language),
    until: dateText(new Date(now.getTime() + ttlSeconds * 1000), language),
    accessEnd: user.accessExpiresAt === null ? null : instantText(user.accessExpiresAt, language),
  };
  const brand = brandOf(tenant.name, config.settings);
  const mail =
    entry.kind === 'password'
      ? catalogueMail({ to, link }, brand, language, [
          'temporary_password',
          { ...facts, password: entry.password },
        ])
      : catalogueMail({ to, link }, brand, language, [templates[entry.kind], facts]);
  yield* enqueueMail(core, tx, tenantId, mail, { trySeconds: ttlSeconds, invitationId, userId: user._id });
}
