import { dialects, type DirectoryDocument } from '../../identity/directories/directories.js';
import { columnTransforms } from '../../identity/directories/attribute-mapping.js';
import { guardLimits } from '../../identity/directories/change-guard.js';
import type { DirectoryPullDocument } from '../../identity/directories/pulls.js';
import type { ScimClientDocument } from '../../identity/directories/clients.js';
import { tokenLife, tokenSecondsOf } from '../../identity/directories/federation.js';
import type { ScimTokenDocument } from '../../identity/directories/tokens.js';
import { z } from '../schema.js';
import { googleSchema, kindSchema, presentGoogle, presentPull, pullStateSchema } from './pull.js';
import { id, instant, instantOrNull, iso, isoOrNull, line, roleNames } from './fields.js';

export const dialectSchema = z
  .enum(dialects)
  .describe('whose deviations are tolerated; `auto` learns it from the requests');

const conditionSchema = z
  .strictObject({
    path: line(300).describe('an attribute path: `groups.displayName`, `roles.value`, a URN-qualified one'),
    is: z.string().max(500).optional(),
    in: z.array(z.string().max(500)).min(1).max(500).optional(),
    matches: z.string().max(500).optional().describe('a pattern where `*` matches any characters'),
  })
  .refine(
    (when) => [when.is, when.in, when.matches].filter((test) => test !== undefined).length === 1,
    'give exactly one of is, in and matches',
  )
  .describe('compared without regard to case');

export const ruleInput = z.strictObject({ when: conditionSchema, grant: roleNames.min(1) });
export type RuleInput = z.output<typeof ruleInput>;

export const ruleSchema = z
  .strictObject({ id: z.string(), when: conditionSchema, grant: z.array(z.string()) })
  .openapi('RoleRule');

export const tokenSeconds = z
  .number()
  .int()
  .min(tokenLife.min)
  .max(tokenLife.max)
  .describe('how long an access token of its clients lives');

const federationSchema = z
  .strictObject({
    issuer: z.string().max(2000).describe('an OpenID issuer: its discovery document names the keys'),
    subject: z.string().min(1).max(500),
    audience: z.string().min(1).max(500),
  })
  .describe('whose assertions are taken in place of a client’s secret: workload identity federation');

export const federationInput = z
  .strictObject({
    subject: federationSchema.shape.subject,
    issuer: federationSchema.shape.issuer.optional(),
    audience: federationSchema.shape.audience.optional(),
    entraTenantId: z.guid().optional().describe('in place of the issuer: the tenant id in Entra ID'),
  })
  .describe('issuer, subject and audience; or entraTenantId and subject');

const plainValue = z.union([z.string().max(1000), z.number(), z.boolean()]);
const mappingFields = {
  to: line(300).describe('the attribute that is filled: `displayName`, `phoneNumbers[type eq "work"].value`'),
  value: plainValue.optional().describe('a fixed value'),
  default: plainValue.optional().describe('when the sources have no value; absent: the attribute is emptied'),
  separator: z.string().max(20).optional().describe('of `join`; default a blank'),
  ignore: z.boolean().optional().describe('true: it stays as it is here, whatever is sent'),
};
const sourceName = line(300);
const transform = z.enum(columnTransforms);

export const mappingInput = z.strictObject({
  ...mappingFields,
  from: z
    .union([sourceName, z.array(sourceName).min(1).max(10)])
    .optional()
    .describe('attributes, or names that the provider sends and no schema has; all their values in order'),
  transform: z
    .union([transform, z.array(transform).min(1).max(5)])
    .optional()
    .describe('one after the other'),
});

const mappingSchema = z
  .strictObject({
    ...mappingFields,
    from: z.array(z.string()).optional(),
    transform: z.array(transform).optional(),
  })
  .openapi('AttributeMapping');

const whole = ({ min, max }: { min: number; max: number }) => z.number().int().min(min).max(max);

const guardFields = {
  percent: whole(guardLimits.percent)
    .nullable()
    .describe('of the people it manages; null: no limit by share'),
  people: whole(guardLimits.people).nullable().describe('null: no limit by number'),
  windowMinutes: whole(guardLimits.windowMinutes).describe('what is counted together'),
  lastHolders: z.boolean().describe('the last person with a role keeps it'),
  releaseAfterHours: whole(guardLimits.releaseAfterHours)
    .nullable()
    .describe('what is undecided by then is done; null: it waits'),
};

export const guardInput = z
  .strictObject({
    percent: guardFields.percent.default(null),
    people: guardFields.people.default(null),
    windowMinutes: guardFields.windowMinutes.default(guardLimits.windowMinutes.default),
    lastHolders: guardFields.lastHolders.default(false),
    releaseAfterHours: guardFields.releaseAfterHours.default(null),
  })
  .describe('how many people may lose access before the rest waits for a decision');

export const directorySchema = z
  .strictObject({
    id,
    name: z.string(),
    kind: kindSchema,
    dialect: dialectSchema,
    learnedDialect: dialectSchema.nullable(),
    enabled: z.boolean(),
    baseUrl: z.string().describe('the SCIM base URL to enter at the identity provider'),
    roleRules: z.array(ruleSchema),
    attributeMapping: z.array(mappingSchema).describe('empty: users are taken as they are sent'),
    changeGuard: z.strictObject(guardFields).nullable().describe('null: off'),
    tokenSeconds,
    federation: federationSchema.nullable(),
    google: googleSchema.nullable().describe('null for a directory that does not pull'),
    state: pullStateSchema
      .nullable()
      .describe('where its pulls are at; null for a directory that does not pull'),
    createdAt: instant,
    updatedAt: instant,
  })
  .openapi('Directory');

/** @param pull - where its pulls are at, if it pulls. */
export function presentDirectory(
  directory: DirectoryDocument,
  baseUrl: string,
  pull: DirectoryPullDocument | undefined,
) {
  return {
    id: directory._id,
    name: directory.name,
    kind: directory.kind ?? ('scim' as const),
    dialect: directory.dialect,
    learnedDialect: directory.learnedDialect,
    enabled: directory.enabled,
    baseUrl: `${baseUrl}/scim/v2`,
    roleRules: directory.roleRules,
    attributeMapping: directory.attributeMapping ?? [],
    changeGuard: directory.changeGuard ?? null,
    tokenSeconds: tokenSecondsOf(directory),
    federation: directory.federation ?? null,
    google: presentGoogle(directory.google),
    state: presentPull(pull),
    createdAt: iso(directory.createdAt),
    updatedAt: iso(directory.updatedAt),
  };
}

const tokenFields = {
  id,
  name: z.string(),
  prefix: z.string().describe('how it begins, to recognise it by'),
  createdAt: instant,
  lastUsedAt: instantOrNull,
  expiresAt: instantOrNull,
};

export const tokenSchema = z.strictObject(tokenFields).openapi('DirectoryToken');
export const newTokenSchema = z
  .strictObject({ ...tokenFields, token: z.string().describe('shown this once') })
  .openapi('NewDirectoryToken');

export function presentToken(token: ScimTokenDocument) {
  return {
    id: token._id,
    name: token.name,
    prefix: token.prefix,
    createdAt: iso(token.createdAt),
    lastUsedAt: isoOrNull(token.lastUsedAt),
    expiresAt: isoOrNull(token.expiresAt),
  };
}

const jwk = z.record(z.string(), z.unknown());
export const jwksSchema = z
  .object({ keys: z.array(jwk) })
  .describe('public keys that assertions are signed with (RS256, PS256, ES256, EdDSA)');
export const jwksUri = z.string().max(2000).describe('where the client publishes its keys');

const secretSchema = z.strictObject({
  id,
  prefix: z.string().describe('how it begins, to recognise it by'),
  createdAt: instant,
  lastUsedAt: instantOrNull,
});

const clientFields = {
  id: z.string().describe('the client id'),
  clientId: z.string(),
  name: z.string(),
  secrets: z.array(secretSchema),
  jwks: jwksSchema.nullable(),
  jwksUri: jwksUri.nullable(),
  createdAt: instant,
  updatedAt: instant,
  lastUsedAt: instantOrNull.describe('when it last got an access token'),
  expiresAt: instantOrNull,
};

export const clientSchema = z.strictObject(clientFields).openapi('DirectoryClient');
export const newClientSchema = z
  .strictObject({
    ...clientFields,
    clientSecret: z.string().nullable().describe('shown this once; null for a client with keys'),
  })
  .openapi('NewDirectoryClient');
export const newSecretSchema = z
  .strictObject({ id, clientSecret: z.string().describe('shown this once') })
  .openapi('NewClientSecret');

export function presentClient(client: ScimClientDocument) {
  return {
    id: client._id,
    clientId: client._id,
    name: client.name,
    secrets: client.secrets.map((secret) => ({
      id: secret.id,
      prefix: secret.prefix,
      createdAt: iso(secret.createdAt),
      lastUsedAt: isoOrNull(secret.lastUsedAt),
    })),
    jwks: client.jwks,
    jwksUri: client.jwksUri,
    createdAt: iso(client.createdAt),
    updatedAt: iso(client.updatedAt),
    lastUsedAt: isoOrNull(client.lastUsedAt),
    expiresAt: isoOrNull(client.expiresAt),
  };
}
