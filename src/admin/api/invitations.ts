import {
  invite,
  resendInvitation,
  revokeInvitation,
  type InvitationDocument,
} from '../../identity/invitations/invitations.js';
import { getInvitation, searchInvitations } from '../../identity/invitations/search.js';
import { invitationStatus, invitationStatuses } from '../../identity/users/invitation-status.js';
import type { Core } from '../../identity/core.js';
import { requirePermission } from '../../identity/permissions.js';
import { tenantConfig } from '../../identity/tenants/config.js';
import { AppError } from '../../shared/errors.js';
import { listOf, pageAfter, pageParameters, searchParameter, sortParameter } from '../list.js';
import { id, instant, instantOrNull, iso, isoOrNull, roleNames } from '../present/fields.js';
import { loginTypes } from '../present/user.js';
import { fullKeysOf } from '../role-names.js';
import { route, type Reply, type Route } from '../route.js';
import { z } from '../schema.js';
import { expiryOf } from './users.js';

const tag = 'Invitations';
const permission = 'users.create';

const invitationSchema = z
  .strictObject({
    id,
    email: z.string(),
    status: z.enum(invitationStatuses),
    roles: z.array(z.string()),
    loginType: z.enum(loginTypes),
    accessExpiresAt: instantOrNull,
    sender: z.strictObject({ id: z.string(), name: z.string() }),
    createdAt: instant,
    respondedAt: instantOrNull,
    expiresAt: instant.describe('how long the way in that was mailed is good'),
    mailFailure: z.string().nullable().describe('why the newest mail was given up; null: it was not'),
  })
  .openapi('Invitation');

function present(invitation: InvitationDocument, now: Date): z.input<typeof invitationSchema> {
  const { _id, email, roles, loginType, sender } = invitation;
  return {
    id: _id,
    ...{ email, status: invitationStatus(invitation, now), roles, loginType },
    accessExpiresAt: isoOrNull(invitation.accessExpiresAt),
    sender,
    createdAt: iso(invitation.createdAt),
    respondedAt: isoOrNull(invitation.respondedAt),
    expiresAt: iso(invitation.expiresAt),
    mailFailure: invitation.mailFailure ?? null,
  };
}

const reply = (core: Core, invitation: InvitationDocument): Reply<z.input<typeof invitationSchema>> => ({
  body: present(invitation, core.clock.now()),
  version: invitation.version,
});

const targetInvitation = (
  core: Core,
  tenantId: string,
  params: { readonly id: string },
): Promise<InvitationDocument> => getInvitation(core, tenantId, params.id);

const listAll = route({
  method: 'get',
  path: '/invitations',
  id: 'listInvitations',
  summary: 'Invitations, found by address or sender',
  tag,
  permission: 'users.read',
  query: z.strictObject({
    q: searchParameter,
    status: z.enum(invitationStatuses).optional(),
    sort: sortParameter(['createdAt'], '-createdAt'),
    ...pageParameters,
  }),
  output: listOf(invitationSchema),
  async handler(context) {
    const { core, actor, query } = context;
    const descending = query.sort.startsWith('-');
    const page = await pageAfter(
      context,
      (afterId: string | undefined, limit) =>
        searchInvitations(core, actor.tenantId, query, { descending, afterId, ...limit }),
      (invitation) => invitation._id,
    );
    const now = core.clock.now();
    return { body: { ...page, items: page.items.map((invitation) => present(invitation, now)) } };
  },
});

const readOne = route({
  method: 'get',
  path: '/invitations/{id}',
  id: 'getInvitation',
  summary: 'Read an invitation',
  tag,
  permission: 'users.read',
  target: targetInvitation,
  output: invitationSchema,
  handler: ({ core, target }) => Promise.resolve(reply(core, target)),
});

const mostAddresses = 200;

const inviteInput = z
  .strictObject({
    emails: z.array(z.string().trim().min(1).max(254)).min(1, 'name an address').max(mostAddresses),
    roles: roleNames.min(1, 'choose a role').optional().describe('needs `roles.assign` too'),
    loginType: z
      .enum(loginTypes)
      .optional()
      .describe('by the address’s domain when absent; a domain that is always forwarded is `sso` anyway'),
    accessExpiresAt: z.iso
      .datetime({ offset: true })
      .nullable()
      .optional()
      .describe('a temporary invitation: when the access it gives ends'),
    message: z.string().trim().max(2000).optional().describe('a text of yours in the mail'),
  })
  .openapi('Invite');

const createAll = route({
  method: 'post',
  path: '/invitations',
  id: 'invite',
  summary: 'Invite people; each address is judged by itself',
  tag,
  permission,
  body: inviteInput,
  output: z
    .strictObject({
      results: z.array(
        z.strictObject({
          email: z.string(),
          outcome: z.enum(['invited', 'already_user', 'pending', 'invalid']),
          reason: z.string().nullable().describe('why not; null when invited'),
        }),
      ),
    })
    .openapi('InviteResults'),
  async handler({ core, actor, body }) {
    if (body.roles !== undefined) requirePermission(actor, 'roles.assign');
    const config = await tenantConfig(core, actor.tenantId);
    const { accessExpiresAt = null } = expiryOf(body, config.settings, core.clock.now());
    if (accessExpiresAt !== null && !config.settings['invites.temporaryAllowed']) {
      throw new AppError('input.invalid', 'invitations are permanent in this tenant', {
        errors: [{ pointer: '/accessExpiresAt', detail: 'invitations are permanent in this tenant' }],
      });
    }
    const results = await invite(core, actor, {
      emails: body.emails,
      roles: fullKeysOf(config, body.roles ?? []),
      loginType: body.loginType,
      accessExpiresAt,
      message: body.message ?? '',
    });
    return { body: { results } };
  },
});

const resendOne = route({
  method: 'post',
  path: '/invitations/{id}/resend',
  id: 'resendInvitation',
  summary: 'Mail the way in again; what the older mail held dies',
  tag,
  permission,
  target: targetInvitation,
  output: invitationSchema,
  handler: async ({ core, actor, params, ifVersion }) =>
    reply(core, await resendInvitation(core, actor, params.id, ifVersion)),
});

const revokeOne = route({
  method: 'post',
  path: '/invitations/{id}/revoke',
  id: 'revokeInvitation',
  summary: 'Take an unanswered invitation back; the user it made is removed',
  tag,
  permission,
  target: targetInvitation,
  output: invitationSchema,
  handler: async ({ core, actor, params, ifVersion }) =>
    reply(core, await revokeInvitation(core, actor, params.id, ifVersion)),
});

export const invitationRoutes: readonly Route[] = [listAll, readOne, createAll, resendOne, revokeOne];
