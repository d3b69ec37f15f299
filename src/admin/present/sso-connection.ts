import {
  acsUrl,
  callbackUrl,
  clientKeysUrl,
  connectionAddress,
  revokeUrl,
  samlEntityId,
  sloUrl,
} from '../../identity/sso/connection-address.js';
import { challengeName, endOf } from '../../identity/sso/domain-checks.js';
import { daysLeft, expiringThings, expiriesOf } from '../../identity/sso/expiries.js';
import { needsRelink } from '../../identity/sso/connection-change.js';
import { clientAuthMethods, type SsoConnectionDocument } from '../../identity/sso/connections.js';
import { showCertificate } from '../../identity/sso/saml/certificates.js';
import { jitModes, jitOf } from '../../identity/sso/jit.js';
import { connectionWarningCodes, type ConnectionWarning } from '../../identity/sso/connection-warnings.js';
import { isSaml, type SamlConnection } from '../../identity/sso/saml/saml-settings.js';
import { z } from '../schema.js';
import { ruleSchema } from './directory.js';
import { id, instant, instantOrNull, iso, isoOrNull } from './fields.js';

export const modeSchema = z
  .enum(['off', 'optional', 'required'])
  .describe('`required` forwards everybody of the verified domains and closes every local path');

export const jitSchema = z
  .enum(jitModes)
  .describe(
    'unknown people at their first sign-in: `off` refuses them; `invited` lets in people who were invited, from any address the provider verified; `create` creates users',
  );

export const directoryIdSchema = z
  .string()
  .max(64)
  .nullable()
  .describe(
    'the directory of the same company: while it is enabled it adds people, and sign-ins create none',
  );

export const clientAuthMethodSchema = z
  .enum(clientAuthMethods)
  .describe(
    'how we show who we are: `private_key_jwt` by a key of ours, which the provider reads at `clientKeysUri`; else how the client secret is sent; null: in the body where the provider’s metadata offer it',
  );

export const fallbackSchema = z
  .number()
  .int()
  .min(5)
  .max(10_080)
  .nullable()
  .describe(
    'if people tried and none came in for so many minutes after it became required, it becomes optional again; null: it stays required',
  );

export const tenantClaimSchema = z
  .strictObject({ claim: z.string().min(1).max(200), value: z.string().min(1).max(500) })
  .openapi('TenantClaim')
  .describe('at a provider shared by many: the claim of its ID tokens that names the company, and its value');

export const protocolSchema = z.enum(['oidc', 'saml']);

const attributeName = z.string().nullable().describe('the name of a SAML attribute; null: the usual ones');

export const attributeMappingSchema = z
  .strictObject({
    email: attributeName,
    givenName: attributeName,
    familyName: attributeName,
    groups: attributeName,
  })
  .openapi('SamlAttributeMapping');

const certificateSchema = z
  .strictObject({
    certificate: z.string().describe('PEM'),
    fingerprint: z.string().describe('SHA-256'),
    subject: z.string(),
    validFrom: instant,
    expiresAt: instant,
  })
  .openapi('Certificate');

const samlFields = {
  protocol: protocolSchema,
  entityId: z
    .string()
    .nullable()
    .describe('our SAML entity id, which is the address of our metadata; null for OpenID'),
  acsUrl: z.string().nullable().describe('where the SAML provider posts its answers; null for OpenID'),
  sloUrl: z
    .string()
    .nullable()
    .describe('where the SAML provider sends logout requests and answers; null for OpenID'),
  metadataUrl: z.string().nullable().describe('our SAML metadata; null for OpenID'),
  idpEntityId: z.string().nullable(),
  idpSsoUrl: z.string().nullable(),
  idpSloUrl: z.string().nullable().describe('where the provider takes logout requests; null: it takes none'),
  singleLogout: z.boolean().describe('people who sign out here are signed out at the provider too'),
  idpMetadataUrl: z.string().nullable().describe('read again each day'),
  idpMetadataReadAt: instantOrNull,
  idpMetadataFault: z.string().nullable().describe('why the last reading of the metadata failed'),
  idpCertificates: z.array(certificateSchema).describe('each of them may sign'),
  attributeMapping: attributeMappingSchema.nullable(),
  subjectFrom: z.string().nullable().describe('`nameId`, or the attribute that identifies a person'),
};

const domain = z.strictObject({
  domain: z.string(),
  verified: z.boolean(),
  verifiedAt: instantOrNull,
  subdomains: z.boolean().describe('whether addresses on the domains below it are meant too'),
  checkedAt: instantOrNull.describe('when its record was last looked for; it is each day'),
  missingSince: instantOrNull.describe('since when the record is not there; null: it is'),
  endsAt: instantOrNull.describe('when the domain will count no more, if the record stays away'),
  record: z
    .strictObject({ type: z.literal('TXT'), name: z.string(), value: z.string() })
    .describe('what the domain’s name server must answer'),
});

export const ssoConnectionSchema = z
  .strictObject({
    id,
    key: z.string().nullable().describe('part of the connection’s addresses; null: its id is used'),
    name: z.string(),
    ...samlFields,
    issuer: z.string().nullable().describe('of OpenID connections; null for SAML'),
    clientId: z.string().nullable().describe('of OpenID connections; null for SAML'),
    hasClientSecret: z.boolean(),
    clientSecretExpiresAt: instantOrNull.describe('when the provider stops taking it; null: not known'),
    previousClientSecretUntil: instantOrNull.describe(
      'until then the secret before it is tried where the provider does not take the present one',
    ),
    clientAuthMethod: clientAuthMethodSchema.nullable(),
    clientKeysUri: z
      .string()
      .nullable()
      .describe('our public keys (JWKS), for the provider; null without `private_key_jwt`'),
    clientKeys: z
      .array(z.strictObject({ kid: z.string(), state: z.enum(['current', 'next', 'previous']) }))
      .describe(
        '`next` is published already and signs after a rotation; `previous` is tried after `current`',
      ),
    expiries: z
      .array(z.strictObject({ what: z.enum(expiringThings), expiresAt: instant, daysLeft: z.number().int() }))
      .describe('what ends by itself; administrators get a mail 30, 7 and 1 days before, and at the end'),
    tenantClaim: tenantClaimSchema.nullable(),
    relinkNeeded: z
      .boolean()
      .describe('the provider was changed: its people are connected to it once an administrator allows it'),
    scopes: z.array(z.string()),
    mode: modeSchema,
    fallbackMinutes: fallbackSchema,
    jitProvisioning: z.boolean().describe('whether `jit` is `create`'),
    jit: jitSchema,
    directoryId: directoryIdSchema,
    roleRules: z.array(ruleSchema).describe('what groups and attributes of a sign-in grant'),
    domains: z.array(domain),
    redirectUri: z.string().describe('the values to enter at the provider'),
    revocationUri: z
      .string()
      .describe('where the provider ends the sessions of a person (global token revocation)'),
    warnings: z
      .array(z.strictObject({ code: z.enum(connectionWarningCodes), detail: z.string() }))
      .describe('what may lock people out one day'),
    createdAt: instant,
    updatedAt: instant,
  })
  .openapi('SsoConnection');

function presentSaml({ issuer, saml, ...connection }: SamlConnection, baseUrl: string) {
  const address = connectionAddress(connection);
  return {
    protocol: 'saml' as const,
    entityId: samlEntityId(baseUrl, address),
    acsUrl: acsUrl(baseUrl, address),
    sloUrl: sloUrl(baseUrl, address),
    metadataUrl: samlEntityId(baseUrl, address),
    idpEntityId: issuer === '' ? null : issuer,
    idpSsoUrl: saml.idpSsoUrl,
    idpSloUrl: saml.idpSloUrl,
    singleLogout: saml.singleLogout ?? false,
    idpMetadataUrl: saml.idpMetadataUrl,
    idpMetadataReadAt: isoOrNull(saml.metadataReadAt),
    idpMetadataFault: saml.metadataFault,
    idpCertificates: saml.idpCertificates.map((pem) => {
      const { validFrom, expiresAt, ...shown } = showCertificate(pem);
      return { ...shown, validFrom: iso(validFrom), expiresAt: iso(expiresAt) };
    }),
    attributeMapping: saml.attributeMapping,
    subjectFrom: saml.subjectFrom,
  };
}

const noSaml = {
  protocol: 'oidc' as const,
  entityId: null,
  acsUrl: null,
  sloUrl: null,
  metadataUrl: null,
  idpEntityId: null,
  idpSsoUrl: null,
  idpSloUrl: null,
  singleLogout: false,
  idpMetadataUrl: null,
  idpMetadataReadAt: null,
  idpMetadataFault: null,
  idpCertificates: [],
  attributeMapping: null,
  subjectFrom: null,
};

function keysOf({ clientKeys }: SsoConnectionDocument) {
  const states = ['current', 'next', 'previous'] as const;
  return states.flatMap((state) => {
    const key = clientKeys?.[state];
    return key ? [{ kid: key.kid, state }] : [];
  });
}

function presentCredentials(connection: SsoConnectionDocument, baseUrl: string, now: Date) {
  const { clientAuthMethod, clientKeys, clientSecretExpiresAt, previousSecret } = connection;
  const until = previousSecret && previousSecret.until > now ? previousSecret.until : null;
  return {
    clientAuthMethod: clientAuthMethod ?? null,
    clientSecretExpiresAt: isoOrNull(clientSecretExpiresAt ?? null),
    previousClientSecretUntil: isoOrNull(until),
    clientKeysUri: clientKeys ? clientKeysUrl(baseUrl, connectionAddress(connection)) : null,
    clientKeys: keysOf(connection),
    expiries: expiriesOf(connection).map((expiry) => ({
      what: expiry.what,
      expiresAt: iso(expiry.expiresAt),
      daysLeft: daysLeft(expiry, now),
    })),
  };
}

export function presentSsoConnection(
  connection: SsoConnectionDocument,
  baseUrl: string,
  warnings: readonly ConnectionWarning[],
  now: Date,
) {
  const isOfSaml = isSaml(connection);
  const saml = isOfSaml ? presentSaml(connection, baseUrl) : noSaml;
  return {
    id: connection._id,
    key: connection.key ?? null,
    name: connection.name,
    ...saml,
    issuer: isOfSaml ? null : connection.issuer,
    clientId: isOfSaml ? null : connection.clientId,
    hasClientSecret: connection.clientSecret !== null,
    ...presentCredentials(connection, baseUrl, now),
    tenantClaim: connection.tenantClaim ?? null,
    relinkNeeded: needsRelink(connection),
    scopes: connection.scopes,
    mode: connection.mode,
    fallbackMinutes: connection.fallbackMinutes ?? null,
    jitProvisioning: connection.jitProvisioning,
    jit: jitOf(connection),
    directoryId: connection.directoryId ?? null,
    roleRules: connection.roleRules ?? [],
    domains: connection.domains.map((entry) => ({
      domain: entry.domain,
      verified: entry.verified,
      verifiedAt: isoOrNull(entry.verifiedAt),
      subdomains: entry.subdomains ?? false,
      checkedAt: isoOrNull(entry.checkedAt ?? null),
      missingSince: isoOrNull(entry.missingSince ?? null),
      endsAt: isoOrNull(endOf(entry)),
      record: { type: 'TXT' as const, name: challengeName(entry.domain), value: entry.challenge },
    })),
    redirectUri: saml.acsUrl ?? callbackUrl(baseUrl, connectionAddress(connection)),
    revocationUri: revokeUrl(baseUrl, connectionAddress(connection)),
    warnings: [...warnings],
    createdAt: iso(connection.createdAt),
    updatedAt: iso(connection.updatedAt),
  };
}
