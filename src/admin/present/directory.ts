import { dialects, type DirectoryDocument } from '../../identity/directories/directories.js';
import type { ScimTokenDocument } from '../../identity/directories/tokens.js';
import { z } from '../schema.js';
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

export const directorySchema = z
  .strictObject({
    id,
    name: z.string(),
    dialect: dialectSchema,
    learnedDialect: dialectSchema.nullable(),
    enabled: z.boolean(),
    baseUrl: z.string().describe('the SCIM base URL to enter at the identity provider'),
    roleRules: z.array(ruleSchema),
    createdAt: instant,
    updatedAt: instant,
  })
  .openapi('Directory');

export function presentDirectory(directory: DirectoryDocument, baseUrl: string) {
  return {
    id: directory._id,
    name: directory.name,
    dialect: directory.dialect,
    learnedDialect: directory.learnedDialect,
    enabled: directory.enabled,
    baseUrl: `${baseUrl}/scim/v2`,
    roleRules: directory.roleRules,
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
