import type { SchemaDefinition } from '../attribute.js';
import { defineAttribute } from '../attribute.js';
import { groupUrn } from '../urns.js';

/** The core Group schema (RFC 7643 sections 4.2 and 8.7.1). */
export const groupSchema: SchemaDefinition = {
  id: groupUrn,
  name: 'Group',
  description: 'Group',
  attributes: [
    defineAttribute('displayName', 'The name of the group; unique without regard to case.', {
      required: true,
      uniqueness: 'server',
    }),
    defineAttribute('members', 'Users and groups that belong to the group.', {
      type: 'complex',
      multiValued: true,
      subAttributes: [
        defineAttribute('value', "The member's id.", {
          required: true,
          caseExact: true,
          mutability: 'immutable',
        }),
        defineAttribute('$ref', "The member's URI.", {
          type: 'reference',
          caseExact: true,
          mutability: 'immutable',
          referenceTypes: ['User', 'Group'],
        }),
        defineAttribute('display', "The member's name.", { mutability: 'readOnly' }),
        defineAttribute('type', 'User or Group.', {
          mutability: 'immutable',
          canonicalValues: ['User', 'Group'],
        }),
      ],
    }),
  ],
};
