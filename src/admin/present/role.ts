import type { Role } from '../../identity/tenants/config.js';
import { constraintSchema } from '../../identity/permissions.js';
import { z } from '../schema.js';
import { id, instantOrNull, isoOrNull } from './fields.js';

/** `{ "campaigns.create": { "types": ["Test"] } }`. */
export const constraintsSchema = z.record(z.string().min(1).max(200), constraintSchema);

export const roleSchema = z
  .strictObject({
    id: id.describe('of a built-in role: its key'),
    role: z.string().describe('how grants name it: the key, or `applicationKey:key`'),
    key: z.string(),
    application: z.string().nullable().describe('the key of the application it belongs to'),
    name: z.string(),
    description: z.string(),
    permissions: z.array(z.string()),
    constraints: constraintsSchema.describe('what limits some of the permissions, by permission'),
    builtIn: z.boolean().describe('comes with the preset; can be copied, not changed'),
    users: z.number().int().describe('users who hold it for any reason, disabled ones too'),
    createdAt: instantOrNull,
    updatedAt: instantOrNull,
  })
  .openapi('Role');

/** @param users - how many hold it. */
export function presentRole(role: Role, users: number) {
  return {
    users,
    id: role.id,
    role: role.fullKey,
    key: role.key,
    application: role.applicationKey,
    name: role.name,
    description: role.description,
    permissions: [...role.permissions],
    constraints: { ...role.constraints },
    builtIn: role.builtIn,
    createdAt: isoOrNull(role.createdAt),
    updatedAt: isoOrNull(role.updatedAt),
  };
}
