import { constraintSchema } from '../permissions.js';
import { z } from 'zod';
import { attributeTypes } from '../../persistence/collections/attributes.js';
import { dialects, directoryKinds } from '../../persistence/collections/directories.js';
import { applicationKinds, signingAlgorithms } from '../../persistence/collections/applications.js';
import { clientAuthMethods, jitModes, ssoProtocols } from '../../persistence/collections/sso-connections.js';
import { guardLimits } from '../directories/change-guard.js';
import { columnTransforms } from '../directories/attribute-mapping.js';
import { connectionKeyFault } from '../sso/connection-address.js';
import { operatorKeyRule, operatorKeyShape } from '../../infrastructure/operator-key.js';
import { parseEmail } from '../email.js';
import { anySettings, presetNames } from '../tenants/settings.js';
import { slugRule, slugShape } from '../tenants/slug.js';

const text = z.string().min(1).max(255);
const secret = z.string().min(1).max(500);
/** Shorter ones could be guessed, and their first characters, which are shown, would be most of them. */
const bearer = secret.min(24, 'must be at least 24 characters long');

/** An address in the form it is stored in. */
const address = text.transform((typed, context) => {
  const parsed = parseEmail(typed);
  if (parsed) return parsed.address;
  context.addIssue({ code: 'custom', message: `${typed} is not a valid email address` });
  return z.NEVER;
});

const role = z.strictObject({
  key: text,
  name: text,
  description: z.string().optional(),
  permissions: z.array(text),
  constraints: z.record(text, constraintSchema).optional(),
});

export const applicationSchema = z.strictObject({
  key: text,
  name: text,
  clientId: text,
  clientSecret: z.string().min(1).nullable().optional(),
  isPublic: z.boolean().optional(),
  redirectUris: z.array(text),
  postLogoutRedirectUris: z.array(text).optional(),
  backchannelLogoutUri: text.nullable().optional(),
  idTokenSignedResponseAlg: z.enum(signingAlgorithms).optional(),
  allowScimMe: z.boolean().optional(),
  requirePkce: z.boolean().optional(),
  kind: z.enum(applicationKinds).optional(),
  resources: z.array(z.strictObject({ resource: text, scopes: z.array(text) })).optional(),
  requireDpop: z.boolean().optional(),
  requirePar: z.boolean().optional(),
  refreshOverlapSeconds: z.number().int().min(0).max(60).optional(),
  isThirdParty: z.boolean().optional(),
  claims: z.array(z.strictObject({ claim: text, from: text })).optional(),
  enabled: z.boolean().optional(),
  roles: z.array(role).optional(),
});

const slug = z.string().regex(slugShape, slugRule);

/** An application of the server: beside the tenants, for all of them or these. */
export const serverApplicationSchema = applicationSchema.extend({
  roles: z.array(role.omit({ constraints: true })).optional(),
  tenants: z.union([z.literal('all'), z.array(slug)], 'must be "all" or a list of slugs'),
});

const user = z.strictObject({
  email: address,
  userName: text.optional(),
  givenName: text.optional(),
  familyName: text.optional(),
  displayName: text.optional(),
  phone: text.optional(),
  password: z.string().min(1).max(1000).optional(),
  roles: z.array(text).optional(),
  enabled: z.boolean().optional(),
  limitedProducts: z.array(text).optional(),
  userProfileAccess: z.boolean().optional(),
  services: z.array(text).optional(),
  approved: z.boolean().optional(),
  activated: z.boolean().optional(),
  accessExpiresAt: z.iso
    .datetime({ offset: true, error: 'must be an instant such as 2027-01-31T00:00:00Z' })
    .nullable()
    .optional(),
  loginType: z.enum(['local', 'sso']).optional(),
  invitedRoles: z.array(text).optional(),
  attributes: z.record(z.string(), z.unknown()).optional(),
});

const attribute = z.strictObject({
  name: text,
  type: z.enum(attributeTypes),
  multiValued: z.boolean().optional(),
  required: z.boolean().optional(),
  unique: z.boolean().optional(),
  description: z.string().optional(),
});

const group = z.strictObject({
  displayName: text,
  roles: z.array(text).optional(),
  members: z.array(address).optional(),
  administrators: z.array(address).optional(),
});

const condition = z
  .strictObject({
    path: text,
    is: z.string().optional(),
    in: z.array(z.string()).min(1).optional(),
    matches: text.optional(),
  })
  .refine(
    (when) => [when.is, when.in, when.matches].filter((test) => test !== undefined).length === 1,
    'must hold exactly one of is, in and matches',
  );

/** The same whether it is read from the file or from the store. */
const keySet = z.strictObject({ keys: z.array(z.record(z.string(), z.unknown())) });

export const clientSchema = z.strictObject({
  name: text,
  clientId: text,
  clientSecret: bearer.nullable().optional(),
  jwks: keySet.nullable().optional(),
  jwksUri: text.nullable().optional(),
  expiresAt: z.iso
    .datetime({ offset: true, error: 'must be an instant such as 2027-01-31T00:00:00Z' })
    .nullable()
    .optional(),
});

/** Without its service account, as after an export, a directory pulls nothing until it gets one. */
const google = z.strictObject({
  administrator: text,
  serviceAccount: z.union([z.string().min(1), z.record(z.string(), z.unknown())]).optional(),
  groups: z.array(text).optional(),
  organizationalUnits: z.array(text).optional(),
  pullMinutes: z.number().optional(),
  maxLeavingPercent: z.number().optional(),
  apiUrl: text.nullable().optional(),
});

const oneOrMore = <T extends z.ZodType>(item: T) => z.union([item, z.array(item).min(1)]);
const plainValue = z.union([z.string().max(1000), z.number(), z.boolean()]);

const attributeMapping = z.strictObject({
  to: text,
  from: oneOrMore(text).optional(),
  value: plainValue.optional(),
  default: plainValue.optional(),
  transform: oneOrMore(z.enum(columnTransforms)).optional(),
  separator: z.string().max(20).optional(),
  ignore: z.boolean().optional(),
});

const { windowMinutes: window, percent: share, people: most, releaseAfterHours: hours } = guardLimits;
const whole = ({ min, max }: { min: number; max: number }) => z.number().int().min(min).max(max);

const changeGuard = z.strictObject({
  percent: whole(share).nullable().default(null),
  people: whole(most).nullable().default(null),
  windowMinutes: whole(window).default(window.default),
  lastHolders: z.boolean().default(false),
  releaseAfterHours: whole(hours).nullable().default(null),
});

export const directorySchema = z.strictObject({
  name: text,
  kind: z.enum(directoryKinds).optional(),
  google: google.optional(),
  dialect: z.enum(dialects).optional(),
  enabled: z.boolean().optional(),
  tokens: z.array(z.strictObject({ name: text, token: secret })).optional(),
  clients: z.array(clientSchema).optional(),
  tokenSeconds: z.number().int().optional(),
  federation: z.strictObject({ issuer: text, subject: text, audience: text }).nullable().optional(),
  roleRules: z.array(z.strictObject({ when: condition, grant: z.array(text).min(1) })).optional(),
  attributeMapping: z.array(attributeMapping).optional(),
  changeGuard: changeGuard.nullable().optional(),
});

/** What stands in a connection's addresses. */
const connectionKey = z.string().superRefine((key, context) => {
  const message = connectionKeyFault(key);
  if (message !== undefined) context.addIssue({ code: 'custom', message: `${key} ${message}` });
});

const attributeName = text.nullable();
const attributeNames = {
  email: attributeName,
  givenName: attributeName,
  familyName: attributeName,
  groups: attributeName,
};

export const connectionSchema = z.strictObject({
  name: text,
  key: connectionKey.optional(),
  protocol: z.enum(ssoProtocols).optional(),
  issuer: text.optional(),
  clientId: text.optional(),
  clientSecret: z.string().min(1).nullable().optional(),
  clientAuthMethod: z.enum(clientAuthMethods).nullable().optional(),
  tenantClaim: z.strictObject({ claim: text, value: text }).nullable().optional(),
  isPublic: z.boolean().optional(),
  scopes: z.array(text).optional(),
  domains: z
    .array(
      z.strictObject({ domain: text, verified: z.boolean().optional(), subdomains: z.boolean().optional() }),
    )
    .optional(),
  mode: z.enum(['off', 'optional', 'required']).optional(),
  jitProvisioning: z.boolean().optional(),
  jit: z.enum(jitModes).optional(),
  idpMetadata: z.string().min(1).max(200_000).optional(),
  idpMetadataUrl: z.string().min(1).max(1000).nullable().optional(),
  idpEntityId: z.string().min(1).max(1024).optional(),
  idpSsoUrl: z.string().min(1).max(1000).optional(),
  idpSloUrl: z.string().min(1).max(1000).nullable().optional(),
  singleLogout: z.boolean().optional(),
  idpCertificates: z.array(z.string().min(1)).max(10).optional(),
  attributeMapping: z.strictObject(attributeNames).partial().optional(),
  subjectFrom: text.optional(),
  roleRules: z.array(z.strictObject({ when: condition, grant: z.array(text).min(1) })).optional(),
});

/** Who of the tenant may use an application. */
const access = z.strictObject({
  application: text,
  by: z.enum(['everyone', 'role', 'group']),
  roles: z.array(text).optional(),
  groups: z.array(text).optional(),
});

const apiKey = z.strictObject({ name: text, key: bearer, role: text });

export const tenantSchema = z.strictObject({
  slug,
  name: text,
  preset: z.enum(presetNames).optional(),
  settings: anySettings.optional(),
  roles: z.array(role).optional(),
  attributes: z.array(attribute).optional(),
  applications: z.array(applicationSchema).optional(),
  applicationAccess: z.array(access).optional(),
  users: z.array(user).optional(),
  groups: z.array(group).optional(),
  apiKeys: z.array(apiKey).optional(),
  directories: z.array(directorySchema).optional(),
  ssoConnections: z.array(connectionSchema).optional(),
});

/** A key of the operator, who manages all tenants. */
export const operatorKeySchema = z.strictObject({
  name: text,
  key: z.string().regex(operatorKeyShape, operatorKeyRule),
});

export const fileSchema = z.strictObject({
  tenants: z.array(tenantSchema),
  applications: z.array(serverApplicationSchema).optional(),
  operatorKeys: z.array(operatorKeySchema).optional(),
});

/** What a deployment declares: tenants and what stands in them, and the applications of the server. */
export type BootstrapFile = z.output<typeof fileSchema>;
export type BootstrapTenant = z.output<typeof tenantSchema>;
export type BootstrapApplication = z.output<typeof applicationSchema>;
export type BootstrapServerApplication = z.output<typeof serverApplicationSchema>;
export type BootstrapOperatorKey = z.output<typeof operatorKeySchema>;
export type BootstrapDirectory = z.output<typeof directorySchema>;
export type BootstrapClient = z.output<typeof clientSchema>;
export type BootstrapAccess = z.output<typeof access>;
export type BootstrapApiKey = z.output<typeof apiKey>;
export type BootstrapConnection = z.output<typeof connectionSchema>;
export type BootstrapUser = z.output<typeof user>;
export type BootstrapAttribute = z.output<typeof attribute>;
export type BootstrapGroup = z.output<typeof group>;
export type BootstrapRole = z.output<typeof role>;

/** All faults of a bootstrap file at once, each beginning with its JSON path, e.g. `tenants[0].users[2].email: ...`. */
export class BootstrapError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `the bootstrap file has ${problems.length} problem(s):\n${problems.map((line) => `  - ${line}`).join('\n')}`,
    );
    this.name = 'BootstrapError';
    this.problems = problems;
  }
}
