import { getGroup } from '../../identity/groups/groups.js';
import { requireUnprovisioned } from '../../identity/groups/search.js';
import {
  changeInvitation,
  resendInvitation,
  revokeInvitation,
  type InvitationDocument,
} from '../../identity/invitations/invitations.js';
import { invite } from '../../identity/invitations/invite.js';
import { getInvitation, searchInvitations } from '../../identity/invitations/search.js';
import { invitationStatus, invitationStatuses } from '../../identity/users/invitation-status.js';
import type { Core } from '../../identity/core.js';
import { requirePermission } from '../../identity/permissions.js';
import { tenantConfig } from '../../identity/tenants/config.js';
import { AppError } from '../../shared/errors.js';
import { listOf, pageAfter, pageParameters, searchParameter, sortParameter } from '../list.js';
import { id, instant, instantOrNull, iso, isoOrNull, roleNames } from '../present/fields.js';
import { mailSchema, presentMail } from '../present/mail.js';
import { loginTypes } from '../present/user.js';
import { languageInput } from '../present/user-input.js';
import { newestMails, type MailDocument } from '../../identity/jobs/mail-states.js';
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
    groups: z.array(id).describe('groups it puts the person into'),
    services: z.array(z.string()).describe('applications it assigns the person to'),
    message: z.string(),
    mail: mailSchema.nullable().describe('the newest mail of it; null: not known any more'),
    mailFailure: z.string().nullable().describe('why the newest mail was given up; null: it was not'),
  })
  .openapi('Invitation');

function present(
  { invitation, mail }: { invitation: InvitationDocument; mail: MailDocument | undefined },
  now: Date,
): z.input<typeof invitationSchema> {
  const { _id, email, roles, loginType, sender } = invitation;
  return {
    id: _id,
    ...{ email, status: invitationStatus(invitation, now), roles, loginType },
    accessExpiresAt: isoOrNull(invitation.accessExpiresAt),
    sender,
    createdAt: iso(invitation.createdAt),
    respondedAt: isoOrNull(invitation.respondedAt),
    expiresAt: iso(invitation.expiresAt),
    groups: invitation.groups ?? [],
    services: invitation.services ?? [],
    message: invitation.message ?? '',
    mail: mail ? presentMail(mail) : null,
    mailFailure: invitation.mailFailure ?? null,
  };
}

async function presentAll(
  core: Core,
  invitations: readonly InvitationDocument[],
): Promise<z.input<typeof invitationSchema>[]> {
  const now = core.clock.now();
  const mails = await newestMails(core, invitations);
  return invitations.map((invitation) => present({ invitation, mail: mails.get(invitation._id) }, now));
}

async function reply(
  core: Core,
  invitation: InvitationDocument,
): Promise<Reply<z.input<typeof invitationSchema>>> {
  const [body] = await presentAll(core, [invitation]);
  return { ...(body && { body }), version: invitation.version };
}

const targetInvitation = (
  core: Core,
  tenantId: string,
  params: { readonly id: string },
): Promise<InvitationDocument> => getInvitation(core, tenantId, params.id);

export const invitationFilters = {
  q: searchParameter,
  status: z.enum(invitationStatuses).optional(),
  loginType: z.enum(loginTypes).optional(),
};

const listAll = route({
  method: 'get',
  path: '/invitations',
  id: 'listInvitations',
  summary: 'Invitations, found by address or sender',
  tag,
  permission: 'users.read',
  query: z.strictObject({
    ...invitationFilters,
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
    return { body: { ...page, items: await presentAll(core, page.items) } };
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
  handler: ({ core, target }) => reply(core, target),
});

const maxAddresses = 200;

/** Addresses are typed or pasted with commas, semicolons, spaces or line breaks between them (D7). */
const split = (text: string): string[] => text.split(/[\s,;]+/u).filter((part) => part !== '');

const addressesInput = z
  .union([z.string().max(60_000), z.array(z.string().max(60_000)).max(maxAddresses)])
  .transform((given) => (typeof given === 'string' ? [given] : given).flatMap(split))
  .pipe(z.array(z.string().max(254)).min(1, 'name an address').max(maxAddresses))
  .describe(
    'addresses; a text may hold several, with commas, semicolons, spaces or line breaks between them',
  );

const inviteInput = z
  .strictObject({
    emails: addressesInput,
    roles: roleNames
      .min(1, 'choose a role')
      .optional()
      .describe('needs `roles.assign` too. Give the least that is needed'),
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
    language: languageInput.optional(),
    groups: z
      .array(z.string().max(100))
      .max(20)
      .optional()
      .describe('ids of groups the people are to be in; needs `groups.manage` too'),
    services: z
      .array(z.string().max(64))
      .max(100)
      .optional()
      .describe('keys of applications the people are assigned to; needs `roles.assign` too'),
  })
  .openapi('Invite');

/** @throws AppError `input.invalid` for a group that is not there, `group.provisioned`, `group.off`. */
async function requireLocalGroups(core: Core, tenantId: string, ids: readonly string[]): Promise<void> {
  const { settings } = await tenantConfig(core, tenantId);
  if (!settings['groups.enabled'] && ids.length > 0)
    throw new AppError('group.off', 'groups are switched off in this tenant');
  for (const [index, groupId] of ids.entries()) {
    const group = await getGroup(core, tenantId, groupId).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== 'group.not_found') throw error;
      throw new AppError('input.invalid', error.message, {
        errors: [{ pointer: `/groups/${index}`, detail: error.message }],
      });
    });
    await requireUnprovisioned(core, group);
  }
}

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
    if (body.roles !== undefined || body.services !== undefined) requirePermission(actor, 'roles.assign');
    if (body.groups !== undefined) {
      requirePermission(actor, 'groups.manage');
      await requireLocalGroups(core, actor.tenantId, body.groups);
    }
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
      ...(body.language !== undefined && { profile: { language: body.language } }),
      groups: body.groups ?? [],
      services: body.services ?? [],
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

const changeOne = route({
  method: 'patch',
  path: '/invitations/{id}',
  id: 'changeInvitation',
  summary: 'Move the end of a waiting invitation, and with it of the way in that was mailed',
  tag,
  permission,
  target: targetInvitation,
  body: z
    .strictObject({ expiresAt: z.iso.datetime({ offset: true }).describe('within a year') })
    .openapi('ChangeInvitation'),
  output: invitationSchema,
  handler: async ({ core, actor, params, body, ifVersion }) => {
    const expiresAt = new Date(body.expiresAt);
    return reply(core, await changeInvitation(core, actor, params.id, { expiresAt }, ifVersion));
  },
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

export const invitationRoutes: readonly Route[] = [
  listAll,
  readOne,
  createAll,
  changeOne,
  resendOne,
  revokeOne,
];
