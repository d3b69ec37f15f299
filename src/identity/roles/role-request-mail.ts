import type { RoleRequestDocument } from '../../persistence/collections/role-requests.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { parseEmail } from '../email.js';
import { liveGrants, mayUseRoles } from '../grants/effective-roles.js';
import { instantText, languageOf, spanText, type MailLanguage } from '../jobs/mail-language.js';
import { catalogueMail } from '../jobs/mail-layout.js';
import type { MailTexts } from '../jobs/mail-texts.js';
import { enqueueMail } from '../jobs/mails.js';
import { brandOf } from '../tenants/branding.js';
import type { WriteContext } from '../users/save.js';

/** As many of those who may approve get a mail. */
const maxApprovers = 20;
/** As many holders of such roles are looked at. */
const maxLookedAt = 100;

/** Some of those who may approve a request: they may give roles, and hold what the role holds. */
function* approversOf(context: WriteContext, request: RoleRequestDocument): Step<UserDocument[]> {
  const { config, now, tx, tenantId } = context;
  const needed = ['roles.assign', ...(config.roles.get(request.role)?.management ?? [])];
  const keys = [...config.roles.values()]
    .filter(({ management }) => needed.every((permission) => management.includes(permission)))
    .map(({ fullKey }) => fullKey);
  if (keys.length === 0) return [];
  const users = tx.tenant(tenantId).collection('users');
  const query = { 'grants.role': { $in: keys }, enabled: true };
  const found = yield* users.find(query, { limit: maxLookedAt });
  const own = [request.user.id, request.requester.id];
  return found
    .filter((user) => !own.includes(user._id) && mayUseRoles(user, config, now))
    .filter((user) => liveGrants(user, config, now).some(({ role }) => keys.includes(role)))
    .slice(0, maxApprovers);
}

type Template = 'role_request' | 'role_request_approved' | 'role_request_denied';
type Facts<T extends Template> = Omit<Parameters<MailTexts[T]>[0], 'brand' | 'to'>;

function* mailTo<T extends Template>(
  { core, config, tx, tenantId }: WriteContext,
  user: UserDocument | undefined,
  link: string,
  say: (language: MailLanguage) => [T, Facts<T>],
): Step<void> {
  const to = user && parseEmail(user.email ?? user.userName)?.address;
  if (!user || to === undefined) return;
  const language = languageOf(user, config.settings);
  const brand = brandOf(config.tenant.name, config.settings);
  const mail = catalogueMail({ to, link }, brand, language, say(language));
  yield* enqueueMail(core, tx, tenantId, mail, { userId: user._id });
}

const nameOf = ({ config }: WriteContext, { role }: RoleRequestDocument): string =>
  config.roles.get(role)?.name ?? role;

const wordsOf = (at: Date | null, language: MailLanguage): string | null => at && instantText(at, language);

/** Asks those who may give the role for a decision. */
export function* mailApprovers(context: WriteContext, request: RoleRequestDocument): Step<void> {
  const { user, requester, reason, until, seconds, expiresAt } = request;
  const link = `${context.core.config.baseUrl}/admin/role-requests/${request._id}`;
  for (const approver of yield* approversOf(context, request)) {
    yield* mailTo(context, approver, link, (language) => [
      'role_request',
      {
        requester: requester.label,
        person: requester.id === user.id ? null : user.label,
        role: nameOf(context, request),
        until: wordsOf(until, language),
        span: spanText(seconds ?? 0, language),
        why: reason,
        open: instantText(expiresAt, language),
      },
    ]);
  }
}

/** Reports the decision to the person the role is for. */
export function* mailDecision(context: WriteContext, request: RoleRequestDocument): Step<void> {
  const { core, config, tx, tenantId } = context;
  const { decision, state } = request;
  const link = `${core.config.baseUrl}/signin?tenant=${encodeURIComponent(config.tenant.slug)}`;
  const user = yield* tx.tenant(tenantId).collection('users').get(request.user.id);
  yield* mailTo(context, user, link, (language) => [
    state === 'denied' ? 'role_request_denied' : 'role_request_approved',
    {
      role: nameOf(context, request),
      decider: decision?.by.label ?? '',
      message: decision?.message ?? '',
      end: wordsOf(decision?.until ?? null, language),
    },
  ]);
}
