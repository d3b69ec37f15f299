import { callbackUrl, connectionAddress, revokeUrl } from '../../identity/sso/connection-address.js';
import { needsRelink } from '../../identity/sso/connection-change.js';
import type { SsoConnectionDocument } from '../../identity/sso/connections.js';
import { z } from '../schema.js';
import { id, instant, instantOrNull, iso, isoOrNull } from './fields.js';

export const modeSchema = z
  .enum(['off', 'optional', 'required'])
  .describe('`required` forwards everybody of the verified domains and closes every local path');

export const clientAuthMethodSchema = z
  .enum(['client_secret_basic', 'client_secret_post'])
  .describe('how the client secret is sent; null: in the body where the provider’s metadata offer it');

export const tenantClaimSchema = z
  .strictObject({ claim: z.string().min(1).max(200), value: z.string().min(1).max(500) })
  .openapi('TenantClaim')
  .describe('at a provider shared by many: the claim of its ID tokens that names the company, and its value');

const domain = z.strictObject({
  domain: z.string(),
  verified: z.boolean(),
  verifiedAt: instantOrNull,
  record: z
    .strictObject({ type: z.literal('TXT'), name: z.string(), value: z.string() })
    .describe('what the domain’s name server must answer'),
});

export const ssoConnectionSchema = z
  .strictObject({
    id,
    key: z.string().nullable().describe('part of the connection’s addresses; null: its id is used'),
    name: z.string(),
    issuer: z.string(),
    clientId: z.string(),
    hasClientSecret: z.boolean(),
    clientAuthMethod: clientAuthMethodSchema.nullable(),
    tenantClaim: tenantClaimSchema.nullable(),
    relinkNeeded: z
      .boolean()
      .describe('the provider was changed: its people are connected to it once an administrator allows it'),
    scopes: z.array(z.string()),
    mode: modeSchema,
    jitProvisioning: z.boolean(),
    domains: z.array(domain),
    redirectUri: z.string().describe('the values to enter at the provider'),
    revocationUri: z
      .string()
      .describe('where the provider ends the sessions of a person (global token revocation)'),
    createdAt: instant,
    updatedAt: instant,
  })
  .openapi('SsoConnection');

export function presentSsoConnection(connection: SsoConnectionDocument, baseUrl: string) {
  return {
    id: connection._id,
    key: connection.key ?? null,
    name: connection.name,
    issuer: connection.issuer,
    clientId: connection.clientId,
    hasClientSecret: connection.clientSecret !== null,
    clientAuthMethod: connection.clientAuthMethod ?? null,
    tenantClaim: connection.tenantClaim ?? null,
    relinkNeeded: needsRelink(connection),
    scopes: connection.scopes,
    mode: connection.mode,
    jitProvisioning: connection.jitProvisioning,
    domains: connection.domains.map((entry) => ({
      domain: entry.domain,
      verified: entry.verified,
      verifiedAt: isoOrNull(entry.verifiedAt),
      record: { type: 'TXT' as const, name: `_gatehouse-challenge.${entry.domain}`, value: entry.challenge },
    })),
    redirectUri: callbackUrl(baseUrl, connectionAddress(connection)),
    revocationUri: revokeUrl(baseUrl, connectionAddress(connection)),
    createdAt: iso(connection.createdAt),
    updatedAt: iso(connection.updatedAt),
  };
}
