import {
  applicationKinds,
  signedResponseAlg,
  signingAlgorithms,
  type ApplicationDocument,
} from '../../identity/applications/applications.js';
import { kindOf } from '../../identity/applications/kinds.js';
import type { AccessRule } from '../../identity/applications/access.js';
import type { Role } from '../../identity/tenants/config.js';
import { isServerApplication } from '../../identity/tenants/server-applications.js';
import { z } from '../schema.js';
import { id, instant, instantOrNull, iso, isoOrNull } from './fields.js';

const applicationRole = z.strictObject({
  key: z.string(),
  role: z.string().describe('how grants name it: `applicationKey:roleKey`'),
  name: z.string(),
  permissions: z.array(z.string()),
});

export const accessBy = z
  .enum(['everyone', 'role', 'group'])
  .describe('who may use it: everyone of the tenant, who holds one of `roles`, who is in one of `groups`');

const accessSchema = z
  .strictObject({
    by: accessBy,
    roles: z.array(z.string()).describe('keys of roles'),
    groups: z.array(z.string()).describe('ids of groups; nested groups count'),
  })
  .openapi('ApplicationAccess');

const fields = {
  id,
  key: z.string(),
  name: z.string(),
  owner: z
    .enum(['tenant', 'server'])
    .describe('`server`: the operator owns it; a tenant grants its roles, sets `access` and nothing else'),
  tenants: z
    .union([z.literal('all'), z.array(z.string())])
    .optional()
    .describe('of a server application, for the operator alone: the slugs of the tenants it serves'),
  access: accessSchema.optional().describe('for a tenant alone'),
  clientId: z.string(),
  isPublic: z.boolean().describe('without a client secret: PKCE alone'),
  redirectUris: z.array(z.string()).describe('empty where a tenant reads a server application'),
  postLogoutRedirectUris: z.array(z.string()).describe('empty where a tenant reads a server application'),
  backchannelLogoutUri: z.string().nullable().describe('null where a tenant reads a server application'),
  idTokenSignedResponseAlg: z.enum(signingAlgorithms),
  kind: z.enum(applicationKinds),
  resources: z
    .array(z.strictObject({ resource: z.string(), scopes: z.array(z.string()) }))
    .describe('APIs it may get signed access tokens for; empty where a tenant reads a server application'),
  requireDpop: z.boolean(),
  requirePar: z.boolean(),
  refreshOverlapSeconds: z.number().int(),
  isThirdParty: z.boolean().describe('each person is asked before it gets anything'),
  allowScimMe: z.boolean().describe('may ask for the scope `scim:me`'),
  requirePkce: z.boolean(),
  previousSecretUntil: instantOrNull.describe('until then the secret before the present one is good'),
  claims: z.array(
    z.strictObject({ claim: z.string(), from: z.string().describe('path of a user attribute') }),
  ),
  enabled: z.boolean(),
  roles: z.array(applicationRole),
  createdAt: instant,
  updatedAt: instant,
};

export const applicationSchema = z.strictObject(fields).openapi('Application');
export const newApplicationSchema = z
  .strictObject({ ...fields, clientSecret: z.string().nullable().describe('shown this once; null: public') })
  .openapi('NewApplication');

/** What depends on who reads. */
export type ApplicationView =
  /** The operator, of an application of the server. */
  { tenants: 'all' | string[] } | /** A tenant, of any that it sees. */ { access: AccessRule };

/** Addresses of a server application may name other customers: a tenant does not see them. */
function addressesOf(application: ApplicationDocument, view: ApplicationView) {
  const isHidden = isServerApplication(application) && 'access' in view;
  return {
    redirectUris: isHidden ? [] : application.redirectUris,
    postLogoutRedirectUris: isHidden ? [] : application.postLogoutRedirectUris,
    backchannelLogoutUri: isHidden ? null : application.backchannelLogoutUri,
    resources: (isHidden ? [] : (application.resources ?? [])).map(({ resource, scopes }) => ({
      resource,
      scopes: [...scopes],
    })),
    previousSecretUntil: isHidden ? null : isoOrNull(application.previousSecretUntil ?? null),
  };
}

/** @param roles - its own may be among others. */
export function presentApplication(
  application: ApplicationDocument,
  roles: Iterable<Pick<Role, 'key' | 'fullKey' | 'name' | 'permissions' | 'applicationKey'>>,
  view: ApplicationView,
) {
  const own = [...roles].filter((role) => role.applicationKey === application.key);
  const shown =
    'access' in view
      ? { access: { by: view.access.by, roles: [...view.access.roles], groups: [...view.access.groups] } }
      : { tenants: view.tenants };
  return {
    id: application._id,
    key: application.key,
    name: application.name,
    owner: isServerApplication(application) ? ('server' as const) : ('tenant' as const),
    ...shown,
    clientId: application.clientId,
    isPublic: application.clientSecretHash === null,
    ...addressesOf(application, view),
    idTokenSignedResponseAlg: signedResponseAlg(application),
    kind: kindOf(application),
    requireDpop: application.requireDpop ?? false,
    requirePar: application.requirePar ?? false,
    refreshOverlapSeconds: application.refreshOverlapSeconds ?? 0,
    isThirdParty: application.isThirdParty ?? false,
    allowScimMe: application.allowScimMe ?? false,
    requirePkce: application.requirePkce ?? true,
    claims: (application.claims ?? []).map(({ claim, from }) => ({ claim, from })),
    enabled: application.enabled,
    roles: own.map((role) => ({
      key: role.key,
      role: role.fullKey,
      name: role.name,
      permissions: [...role.permissions],
    })),
    createdAt: iso(application.createdAt),
    updatedAt: iso(application.updatedAt),
  };
}
