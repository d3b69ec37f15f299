import {
  signedResponseAlg,
  signingAlgorithms,
  type ApplicationDocument,
} from '../../identity/applications/applications.js';
import type { Role } from '../../identity/tenants/config.js';
import { z } from '../schema.js';
import { id, instant, instantOrNull, iso, isoOrNull } from './fields.js';

const applicationRole = z.strictObject({
  key: z.string(),
  role: z.string().describe('how grants name it: `applicationKey:roleKey`'),
  name: z.string(),
  permissions: z.array(z.string()),
});

const fields = {
  id,
  key: z.string(),
  name: z.string(),
  clientId: z.string(),
  isPublic: z.boolean().describe('without a client secret: PKCE alone'),
  redirectUris: z.array(z.string()),
  postLogoutRedirectUris: z.array(z.string()),
  backchannelLogoutUri: z.string().nullable(),
  idTokenSignedResponseAlg: z.enum(signingAlgorithms),
  allowScimMe: z.boolean().describe('may ask for the scope `scim:me`'),
  requirePkce: z.boolean(),
  previousSecretUntil: instantOrNull.describe('until then the secret before the present one is good'),
  enabled: z.boolean(),
  roles: z.array(applicationRole),
  createdAt: instant,
  updatedAt: instant,
};

export const applicationSchema = z.strictObject(fields).openapi('Application');
export const newApplicationSchema = z
  .strictObject({ ...fields, clientSecret: z.string().nullable().describe('shown this once; null: public') })
  .openapi('NewApplication');

export function presentApplication(application: ApplicationDocument, roles: Iterable<Role>) {
  const own = [...roles].filter((role) => role.applicationKey === application.key);
  return {
    id: application._id,
    key: application.key,
    name: application.name,
    clientId: application.clientId,
    isPublic: application.clientSecretHash === null,
    redirectUris: application.redirectUris,
    postLogoutRedirectUris: application.postLogoutRedirectUris,
    backchannelLogoutUri: application.backchannelLogoutUri,
    idTokenSignedResponseAlg: signedResponseAlg(application),
    allowScimMe: application.allowScimMe ?? false,
    requirePkce: application.requirePkce ?? true,
    previousSecretUntil: isoOrNull(application.previousSecretUntil ?? null),
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
