import { z } from '../schema.js';
import { ruleInput } from './directory.js';
import { line } from './fields.js';
import {
  attributeMappingSchema,
  clientAuthMethodSchema,
  directoryIdSchema,
  fallbackSchema,
  jitSchema,
  modeSchema,
  protocolSchema,
  tenantClaimSchema,
} from './sso-connection.js';

const domainInput = z
  .union([
    z.string().max(253),
    z.strictObject({
      domain: z.string().max(253),
      subdomains: z
        .boolean()
        .optional()
        .describe('whether the domains below it are meant too; absent: as before'),
    }),
  ])
  .transform((entry) => (typeof entry === 'string' ? { domain: entry } : entry));

const fields = {
  issuer: z.string().min(1).max(1000).describe('https://..., as the provider’s metadata names itself'),
  clientId: z.string().min(1).max(500),
  key: z.string().max(200).nullable().describe('3 to 64 of `a-z0-9-`, unique over the server; null: the id'),
  clientSecret: z
    .string()
    .min(1)
    .max(2000)
    .nullable()
    .describe('null: a public client; given again with another issuer or client id'),
  clientSecretExpiresAt: z.iso
    .datetime()
    .transform((text) => new Date(text))
    .nullable()
    .describe(
      'when the provider stops taking the secret; null: not known. A new secret without one: not known',
    ),
  previousClientSecret: z
    .null()
    .describe('null: the secret before the present one, which is tried for a week, is forgotten at once'),
  clientAuthMethod: clientAuthMethodSchema.nullable(),
  tenantClaim: tenantClaimSchema.nullable(),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be a scope'))
    .min(1)
    .max(50),
  mode: modeSchema,
  fallbackMinutes: fallbackSchema,
  jitProvisioning: z.boolean().describe('the older form of `jit`: true is `create`, false is `off`'),
  jit: jitSchema,
  directoryId: directoryIdSchema,
  roleRules: z
    .array(ruleInput)
    .max(500)
    .describe(
      'read at each sign-in: `groups.displayName`, `emails.value`, `name.familyName`; not for people of a directory',
    ),
  domains: z.array(domainInput).max(200).describe('all of them; one that stays keeps its proof'),
  protocol: protocolSchema.describe('`oidc` where it is absent; it never changes'),
  idpMetadata: z.string().min(1).max(200_000).describe('SAML: the provider’s metadata, XML'),
  idpMetadataUrl: z
    .string()
    .min(1)
    .max(1000)
    .nullable()
    .describe('SAML: where its metadata are; read now and each day; null: not any more'),
  idpEntityId: z.string().min(1).max(1024).describe('SAML: in place of metadata, with the two below'),
  idpSsoUrl: z.string().min(1).max(1000).describe('SAML: where it takes requests by HTTP-Redirect'),
  idpSloUrl: z
    .string()
    .min(1)
    .max(1000)
    .nullable()
    .describe('SAML: where it takes logout requests by HTTP-Redirect; null: it takes none'),
  singleLogout: z
    .boolean()
    .describe('SAML: people who sign out here are signed out at the provider too, where it offers that'),
  idpCertificates: z
    .array(z.string().min(1).max(20_000))
    .max(10)
    .describe('SAML: PEM; each may sign, so that a new one can be added before the old one goes'),
  attributeMapping: attributeMappingSchema.partial().describe('SAML: where names and groups stand'),
  subjectFrom: z
    .string()
    .min(1)
    .max(256)
    .describe('SAML: `nameId`, or the attribute that identifies a person'),
};

/** What a connection is made of, and changed by. */
export const connectionInput = z.strictObject({ name: line(200), ...fields }).partial();
