import type { Core } from '../../identity/core.js';
import {
  createSetupLink,
  getSetupLink,
  listSetupLinks,
  revokeSetupLink,
  setupProviders,
  setupPurposes,
  setupSteps,
  setupUrl,
  type SetupLinkDocument,
} from '../../identity/setup/links.js';
import { listOf, namedListQuery, pageOfNamed } from '../list.js';
import { id, instant, instantOrNull, iso, isoOrNull, line } from '../present/fields.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'SSO connections';
const permission = 'sso.manage';
const daySeconds = 86_400;

const fields = {
  id,
  name: z.string(),
  purpose: z.enum(setupPurposes),
  provider: z.enum(setupProviders),
  steps: z.array(z.enum(setupSteps)).describe('what it opens'),
  state: z.enum(['open', 'expired', 'revoked']),
  connectionId: z.string().nullable(),
  directoryId: z.string().nullable(),
  parentId: z
    .string()
    .nullable()
    .describe('the link whose holder made it for a colleague; null: an administrator did'),
  email: z.string().nullable().describe('where it was mailed to'),
  maker: z.string().describe('who made it; it ends with their right to'),
  createdAt: instant,
  expiresAt: instant,
  lastUsedAt: instantOrNull.describe('when it was opened last, to the minute; null: never'),
  providerDoneAt: instantOrNull.describe('when the provider was set up, and the test of it went well'),
  mailArrivedAt: instantOrNull.describe('when it was confirmed that mails arrive at the company'),
};

const setupLinkSchema = z.strictObject(fields).openapi('SetupLink');
const newLinkSchema = z
  .strictObject({ ...fields, url: z.string().describe('what is handed over; shown this once') })
  .openapi('NewSetupLink');

function stateOf({ expiresAt, revokedAt }: SetupLinkDocument, now: Date): 'open' | 'expired' | 'revoked' {
  if (revokedAt !== null) return 'revoked';
  return expiresAt > now ? 'open' : 'expired';
}

function present(core: Core, link: SetupLinkDocument) {
  return {
    id: link._id,
    name: link.name,
    purpose: link.purpose,
    provider: link.provider,
    steps: link.steps,
    state: stateOf(link, core.clock.now()),
    connectionId: link.connectionId,
    directoryId: link.directoryId,
    parentId: link.parentId,
    email: link.email,
    maker: link.maker.label,
    createdAt: iso(link.createdAt),
    expiresAt: iso(link.expiresAt),
    lastUsedAt: isoOrNull(link.lastUsedAt),
    providerDoneAt: isoOrNull(link.providerDoneAt),
    mailArrivedAt: isoOrNull(link.mailArrivedAt),
  };
}

const targetLink = (core: Core, tenantId: string, { id: linkId }: { readonly id: string }) =>
  getSetupLink(core, tenantId, linkId);

const listAll = route({
  method: 'get',
  path: '/setup-links',
  id: 'listSetupLinks',
  summary: 'Links by which a company’s IT sets something up; never their addresses',
  tag,
  permission,
  query: namedListQuery,
  output: listOf(setupLinkSchema),
  async handler(context) {
    const { core, actor } = context;
    const all = await listSetupLinks(core, actor.tenantId);
    const page = await pageOfNamed(context, all, ({ email, name, purpose }) => [name, purpose, email ?? '']);
    return { body: { ...page, items: page.items.map((link) => present(core, link)) } };
  },
});

const createOne = route({
  method: 'post',
  path: '/setup-links',
  id: 'createSetupLink',
  summary: 'Make a link that lets a person without an account set up one connection, directory or domain',
  tag,
  permission,
  stepUp: true,
  body: z
    .strictObject({
      name: line(200).describe('for whom; also the name of a connection or directory that is made with it'),
      purpose: z
        .enum(setupPurposes)
        .describe('`domains` and `renewal` need an existing connection; `scim` is for a directory'),
      provider: z.enum(setupProviders).default('other').describe('whose instructions are shown'),
      connectionId: z
        .string()
        .max(100)
        .optional()
        .describe('absent for `oidc` and `saml`: a new one, which is off'),
      directoryId: z.string().max(100).optional().describe('absent for `scim`: a new one'),
      domains: z
        .array(z.string().max(253))
        .max(50)
        .optional()
        .describe('of the new connection, not proven yet'),
      email: z.string().max(320).nullable().default(null).describe('mails the link there'),
      message: z.string().trim().max(1000).default('').describe('is part of the mail'),
      lifeSeconds: z
        .number()
        .int()
        .min(3600)
        .max(30 * daySeconds)
        .default(7 * daySeconds)
        .describe('1 hour to 30 days'),
    })
    .openapi('CreateSetupLink'),
  status: 201,
  output: newLinkSchema,
  async handler({ core, actor, body }) {
    const { link, token } = await createSetupLink(core, actor, body);
    return { body: { ...present(core, link), url: setupUrl(core, token) }, version: link.version };
  },
});

const readOne = route({
  method: 'get',
  path: '/setup-links/{id}',
  id: 'getSetupLink',
  summary: 'Read a set-up link',
  tag,
  permission,
  target: targetLink,
  output: setupLinkSchema,
  handler: ({ core, target }) => Promise.resolve({ body: present(core, target), version: target.version }),
});

const revokeOne = route({
  method: 'post',
  path: '/setup-links/{id}/revoke',
  id: 'revokeSetupLink',
  summary: 'End a set-up link, and those made from it for colleagues',
  tag,
  permission,
  target: targetLink,
  output: setupLinkSchema,
  async handler({ core, actor, params, ifVersion }) {
    const link = await revokeSetupLink(core, actor, params.id, ifVersion);
    return { body: present(core, link), version: link.version };
  },
});

export const setupLinkRoutes: readonly Route[] = [listAll, createOne, readOne, revokeOne];
