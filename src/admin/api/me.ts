import { sessionFormToken } from '../../auth/session-guard.js';
import type { Core } from '../../identity/core.js';
import { changeOwnPassword } from '../../identity/credentials/own-password.js';
import { liveSessions, revokeOtherSessions, revokeSession } from '../../identity/users/sessions.js';
import { viewUser } from '../../identity/users/view.js';
import { listConsents, withdrawConsent } from '../../identity/applications/consents.js';
import { changeOwnProfile } from '../../identity/users/own-profile.js';
import type { UserDocument } from '../../identity/users/users.js';
import { AppError } from '../../shared/errors.js';
import type { Caller } from '../authenticate.js';
import { listOf } from '../list.js';
import { askAddressChange } from '../../identity/credentials/own-address.js';
import { id, instant, iso } from '../present/fields.js';
import { presentSession, sessionSchema } from '../present/session.js';
import { presentUser, userFields } from '../present/user.js';
import { ownProfileInput, profileInput } from '../present/user-input.js';
import { route, type Reply, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'Me';

const meSchema = z
  .strictObject({
    ...userFields,
    tenant: z.strictObject({ id, slug: z.string(), name: z.string() }),
    permissions: z.array(z.string()).describe('management permissions in force'),
  })
  .openapi('Me');

type SessionCaller = Extract<Caller, { kind: 'session' }>;

/** The routes below are `self`: nobody but a person with a session gets here. */
function personOf(caller: Caller): SessionCaller {
  if (caller.kind === 'session') return caller;
  throw new AppError('auth.forbidden', 'this endpoint requires a user session; API keys are not accepted');
}

async function reply(
  core: Core,
  caller: SessionCaller,
  user: UserDocument,
): Promise<Reply<z.input<typeof meSchema>>> {
  const { tenant, session } = caller.live;
  return {
    body: {
      ...presentUser(await viewUser(core, caller.config, user), core.clock.now()),
      tenant: { id: tenant._id, slug: tenant.slug, name: tenant.name },
      permissions: [...caller.actor.permissions].sort(),
    },
    version: user.version,
    headers: { 'X-CSRF-Token': sessionFormToken(core, session) },
  };
}

const readMe = route({
  method: 'get',
  path: '/me',
  id: 'getMe',
  summary: 'Who is signed in; `X-CSRF-Token` in the answer is what writes send back',
  tag,
  permission: 'self',
  output: meSchema,
  handler({ core, caller }) {
    const person = personOf(caller);
    return reply(core, person, person.live.user);
  },
});

const changeMe = route({
  method: 'patch',
  path: '/me',
  id: 'changeMe',
  summary: 'Change one’s own profile',
  tag,
  permission: 'self',
  body: z.strictObject({ ...profileInput, signature: ownProfileInput }).openapi('ChangeMe'),
  output: meSchema,
  async handler({ core, actor, caller, body }) {
    const person = personOf(caller);
    const user = await changeOwnProfile(core, actor, person.live, body);
    return reply(core, person, user);
  },
});

const changeEmail = route({
  method: 'post',
  path: '/me/email',
  id: 'changeMyEmail',
  summary: 'Ask for another address of one’s own: it counts once it is confirmed by the link mailed to it',
  tag,
  permission: 'self',
  stepUp: true,
  body: z.strictObject({ email: z.string().trim().max(254) }).openapi('ChangeMyEmail'),
  status: 202,
  output: z
    .strictObject({ email: z.string(), expiresAt: instant.describe('how long the link is good') })
    .openapi('PendingEmail'),
  async handler({ core, actor, caller, body }) {
    const { email, expiresAt } = await askAddressChange(core, actor, personOf(caller).live.user, body.email);
    return { body: { email, expiresAt: iso(expiresAt) } };
  },
});

const changePassword = route({
  method: 'post',
  path: '/me/password',
  id: 'changeMyPassword',
  summary: 'Change one’s own password: every session ends, this one too',
  tag,
  permission: 'self',
  body: z
    .strictObject({ currentPassword: z.string().min(1).max(1000), newPassword: z.string().min(1).max(1000) })
    .openapi('ChangeMyPassword'),
  async handler({ core, actor, caller, body }) {
    await changeOwnPassword(core, actor, personOf(caller).live.user, body);
    return {};
  },
});

const listMine = route({
  method: 'get',
  path: '/me/sessions',
  id: 'listMySessions',
  summary: 'One’s own live sessions, the latest used first',
  tag,
  permission: 'self',
  output: listOf(sessionSchema),
  async handler({ core, caller }) {
    const { live } = personOf(caller);
    const sessions = await liveSessions(core, live.user);
    const items = sessions.map((session) => presentSession(session, live.session._id));
    return { body: { items, total: items.length, next: null } };
  },
});

const endOthers = route({
  method: 'delete',
  path: '/me/sessions',
  id: 'endMyOtherSessions',
  summary: 'End all of one’s own sessions but this one',
  tag,
  permission: 'self',
  async handler({ core, actor, caller }) {
    const { session, user } = personOf(caller).live;
    await revokeOtherSessions(core, actor, user, session);
    return {};
  },
});

const endMine = route({
  method: 'delete',
  path: '/me/sessions/{id}',
  id: 'endMySession',
  summary: 'End one of one’s own sessions',
  tag,
  permission: 'self',
  async handler({ core, actor, caller, params }) {
    await revokeSession(core, actor, personOf(caller).live.user, params.id);
    return {};
  },
});

const consentSchema = z
  .strictObject({
    id: id.describe('of the application'),
    application: z.strictObject({ id, name: z.string() }),
    granted: z
      .array(z.string())
      .describe(
        'scopes; `claim <name>` for claims asked for by name; `<resource> <scope>` for scopes of an API',
      ),
    createdAt: instant,
    updatedAt: instant,
  })
  .openapi('Consent');

const listMyConsents = route({
  method: 'get',
  path: '/me/consents',
  id: 'listMyConsents',
  summary: 'Applications of third parties that one let in, and what they may',
  tag,
  permission: 'self',
  output: listOf(consentSchema),
  async handler({ core, caller }) {
    const consents = await listConsents(core, personOf(caller).live.user);
    const items = consents.map(({ consent, application }) => ({
      id: application._id,
      application: { id: application._id, name: application.name },
      granted: [...consent.granted],
      createdAt: iso(consent.createdAt),
      updatedAt: iso(consent.updatedAt),
    }));
    return { body: { items, total: items.length, next: null } };
  },
});

const withdrawMyConsent = route({
  method: 'delete',
  path: '/me/consents/{id}',
  id: 'withdrawMyConsent',
  summary: 'Take back what one let an application have: its tokens are dead at once',
  tag,
  permission: 'self',
  async handler({ core, actor, caller, params }) {
    personOf(caller);
    await withdrawConsent(core, actor, params.id);
    return {};
  },
});

export const meRoutes: readonly Route[] = [
  listMyConsents,
  withdrawMyConsent,
  readMe,
  changeMe,
  changeEmail,
  changePassword,
  listMine,
  endOthers,
  endMine,
];
