import type { SchemaDefinition } from '../attribute.js';
import { defineAttribute } from '../attribute.js';
import { gatehouseGroupUrn } from '../urns.js';

/** What a group gives its members at this server, and who looks after them. */
export const gatehouseGroupSchema: SchemaDefinition = {
  id: gatehouseGroupUrn,
  name: 'GatehouseGroup',
  description: 'Roles and administrators of the group at this server',
  attributes: [
    defineAttribute('administrators', "The users who look after the group's members.", {
      type: 'complex',
      multiValued: true,
      subAttributes: [
        defineAttribute('value', "The user's id.", {
          required: true,
          caseExact: true,
          mutability: 'immutable',
        }),
        defineAttribute('$ref', "The user's URI.", {
          type: 'reference',
          caseExact: true,
          mutability: 'immutable',
          referenceTypes: ['User'],
        }),
      ],
    }),
    defineAttribute('roleIds', 'The roles the members get: a role of the tenant, or "application:role".', {
      multiValued: true,
      caseExact: true,
    }),
  ],
};
