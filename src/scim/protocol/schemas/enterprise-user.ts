import type { SchemaDefinition } from '../attribute.js';
import { defineAttribute } from '../attribute.js';
import { enterpriseUserUrn } from '../urns.js';

/** The Enterprise User extension (RFC 7643 section 4.3). */
export const enterpriseUserSchema: SchemaDefinition = {
  id: enterpriseUserUrn,
  name: 'EnterpriseUser',
  description: 'Enterprise User',
  attributes: [
    defineAttribute('employeeNumber', 'Identifier assigned by the organization.'),
    defineAttribute('costCenter', 'Cost center.'),
    defineAttribute('organization', 'Organization.'),
    defineAttribute('division', 'Division.'),
    defineAttribute('department', 'Department.'),
    defineAttribute('manager', "The user's manager.", {
      type: 'complex',
      subAttributes: [
        defineAttribute('value', "The manager's id.", { caseExact: true }),
        defineAttribute('$ref', "The manager's URI.", {
          type: 'reference',
          caseExact: true,
          referenceTypes: ['User'],
        }),
        defineAttribute('displayName', "The manager's name.", { mutability: 'readOnly' }),
      ],
    }),
  ],
};
