import type { RoleRequestDocument } from '../../persistence/collections/role-requests.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Step } from '../../persistence/store.js';
import { parseEmail } from '../email.js';
import { liveGrants, mayUseRoles } from '../grants/effective-roles.js';
import { instantText, spanText } from '../jobs/mail-language.js';
import { linkMail } from '../jobs/mail-layout.js';
import type { MailWords } from '../jobs/mail-texts.js';
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

function* mailTo(
  { core, config, tx, tenantId }: WriteContext,
  user: UserDocument | undefined,
  parts: { subject: string; template: string; link: string },
  words: Omit<MailWords, 'reason'>,
): Step<void> {
  const to = user && parseEmail(user.email ?? user.userName)?.address;
  if (to === undefined) return;
  const brand = brandOf(config.tenant.name, config.settings);
  const reason = `You get this mail because of a role request at ${brand.name}.`;
  yield* enqueueMail(core, tx, tenantId, linkMail({ to, ...parts }, brand, { ...words, reason }), {
    userId: user?._id,
  });
}

const timeOf = ({ until, seconds }: RoleRequestDocument): string =>
  until ? `until ${instantText(until)}` : `for ${spanText(seconds ?? 0)}`;

const nameOf = ({ config }: WriteContext, { role }: RoleRequestDocument): string =>
  config.roles.get(role)?.name ?? role;

/** Asks those who may give the role for a decision. */
export function* mailApprovers(context: WriteContext, request: RoleRequestDocument): Step<void> {
  const { user, requester, reason } = request;
  const role = nameOf(context, request);
  const asks = `${requester.label} asks for the role ${role}`;
  const words = {
    before: [
      `${requester.id === user.id ? asks : `${asks} for ${user.label}`}, ${timeOf(request)}.`,
      `Reason given:\n${reason}`,
    ],
    button: 'Decide on the request',
    after: [`The request is open until ${instantText(request.expiresAt)}.`],
  };
  const link = `${context.core.config.baseUrl}/admin/role-requests/${request._id}`;
  const parts = { subject: `Role request: ${role} for ${user.label}`, template: 'role_request', link };
  for (const approver of yield* approversOf(context, request)) yield* mailTo(context, approver, parts, words);
}

function outcomeOf(request: RoleRequestDocument, role: string): string {
  const { decision, state } = request;
  if (state === 'denied') return `You do not get the role ${role}: ${decision?.by.label ?? ''} said no.`;
  const until = decision?.until ?? null;
  const end = until === null ? '' : ` It ends by itself on ${instantText(until)}.`;
  return `You have the role ${role} now.${end}`;
}

/** Reports the decision to the person the role is for. */
export function* mailDecision(context: WriteContext, request: RoleRequestDocument): Step<void> {
  const { core, config, tx, tenantId } = context;
  const role = nameOf(context, request);
  const message = request.decision?.message ?? '';
  const words = {
    before: [
      outcomeOf(request, role),
      ...(message === '' ? [] : [`${request.decision?.by.label ?? ''} writes:\n${message}`]),
    ],
    button: 'Open your account',
    after: [],
  };
  const link = `${core.config.baseUrl}/signin?tenant=${encodeURIComponent(config.tenant.slug)}`;
  const subject = request.state === 'denied' ? `Role request declined: ${role}` : `You have a role: ${role}`;
  const user = yield* tx.tenant(tenantId).collection('users').get(request.user.id);
  yield* mailTo(context, user, { subject, template: `role_request_${request.state}`, link }, words);
}
