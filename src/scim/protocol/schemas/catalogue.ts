import type { AttributeDefinition, SchemaDefinition } from '../attribute.js';
import { defineAttribute } from '../attribute.js';
import { entitlementUrn, roleUrn } from '../urns.js';

/** The catalogue is read-only throughout. */
function fixed(
  name: string,
  description: string,
  overrides: Parameters<typeof defineAttribute>[2] = {},
): AttributeDefinition {
  return defineAttribute(name, description, { mutability: 'readOnly', ...overrides });
}

/** draft-ietf-scim-roles-entitlements section 3: what a role and an entitlement have; `displayName` is read by Okta. */
const attributes = (what: string): AttributeDefinition[] => [
  fixed('value', `What to send as "value" of a user's ${what}.`, {
    required: true,
    caseExact: true,
    uniqueness: 'server',
  }),
  fixed('display', 'Its name for people.'),
  fixed('displayName', 'The same name.'),
  fixed('description', 'What it is for.'),
  fixed('type', 'The key of the application that it belongs to, or "tenant".'),
  fixed('supported', 'Whether it can be given.', { type: 'boolean', required: true }),
  fixed('limitedAssignmentsPermitted', 'Whether a limited number of users can have it.', {
    type: 'boolean',
  }),
];

export const roleSchema: SchemaDefinition = {
  id: roleUrn,
  name: 'Role',
  description: 'A role that users can have here',
  attributes: attributes('roles'),
};

export const entitlementSchema: SchemaDefinition = {
  id: entitlementUrn,
  name: 'Entitlement',
  description: 'An entitlement that users can have here',
  attributes: attributes('entitlements'),
};
