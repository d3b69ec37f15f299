import type { SsoConnectionDocument } from '../../identity/sso-connections.js';
import { z } from '../schema.js';
import { id, instant, instantOrNull, iso, isoOrNull } from './fields.js';

export const modeSchema = z
  .enum(['off', 'optional', 'required'])
  .describe('`required` forwards everybody of the verified domains and closes every local path');

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
    name: z.string(),
    issuer: z.string(),
    clientId: z.string(),
    hasClientSecret: z.boolean(),
    scopes: z.array(z.string()),
    mode: modeSchema,
    jitProvisioning: z.boolean(),
    domains: z.array(domain),
    redirectUri: z.string().describe('what the provider must be told'),
    createdAt: instant,
    updatedAt: instant,
  })
  .openapi('SsoConnection');

export function presentSsoConnection(connection: SsoConnectionDocument, baseUrl: string) {
  return {
    id: connection._id,
    name: connection.name,
    issuer: connection.issuer,
    clientId: connection.clientId,
    hasClientSecret: connection.clientSecret !== null,
    scopes: connection.scopes,
    mode: connection.mode,
    jitProvisioning: connection.jitProvisioning,
    domains: connection.domains.map((entry) => ({
      domain: entry.domain,
      verified: entry.verified,
      verifiedAt: isoOrNull(entry.verifiedAt),
      record: { type: 'TXT' as const, name: `_gatehouse-challenge.${entry.domain}`, value: entry.challenge },
    })),
    redirectUri: `${baseUrl}/sso/callback`,
    createdAt: iso(connection.createdAt),
    updatedAt: iso(connection.updatedAt),
  };
}
