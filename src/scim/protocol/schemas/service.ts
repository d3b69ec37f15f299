import type { AttributeDefinition, SchemaDefinition } from '../attribute.js';
import { defineAttribute } from '../attribute.js';
import { resourceTypeUrn, schemaUrn, serviceProviderConfigUrn } from '../urns.js';

type Overrides = Parameters<typeof defineAttribute>[2];

/** The documents of the service itself are read-only throughout. */
function fixed(name: string, description: string, overrides: Overrides = {}): AttributeDefinition {
  return defineAttribute(name, description, { mutability: 'readOnly', ...overrides });
}

function fixedComplex(
  name: string,
  description: string,
  subAttributes: readonly AttributeDefinition[],
  overrides: Overrides = {},
): AttributeDefinition {
  return fixed(name, description, { type: 'complex', subAttributes, ...overrides });
}

const required: Overrides = { required: true };
const supported = fixed('supported', 'Whether it is supported.', { type: 'boolean', ...required });
const integer: Overrides = { type: 'integer', ...required };

/** What draft-ietf-scim-roles-entitlements has of each of the two. */
const catalogueOptions = (name: string): AttributeDefinition[] => [
  supported,
  fixed(`multiple${name}Supported`, 'Whether a user can have several.', { type: 'boolean' }),
  fixed('primarySupported', 'Whether one of them can be the primary one.', { type: 'boolean' }),
  fixed('typeSupported', 'Whether they can have a type.', { type: 'boolean' }),
];

/** RFC 7643 sections 5 and 8.7.2; `pagination` by RFC 9865 section 4. */
const serviceProviderConfigSchema: SchemaDefinition = {
  id: serviceProviderConfigUrn,
  name: 'Service Provider Configuration',
  description: 'What this service provider supports',
  attributes: [
    fixed('documentationUri', 'Documentation.', { type: 'reference', referenceTypes: ['external'] }),
    fixedComplex('patch', 'PATCH.', [supported], required),
    fixedComplex(
      'bulk',
      'Bulk requests.',
      [
        supported,
        fixed('maxOperations', 'Most operations in a request.', integer),
        fixed('maxPayloadSize', 'Largest request, bytes.', integer),
      ],
      required,
    ),
    fixedComplex(
      'filter',
      'Filters.',
      [supported, fixed('maxResults', 'Most resources in an answer.', integer)],
      required,
    ),
    fixedComplex('changePassword', 'Change of passwords.', [supported], required),
    fixedComplex('sort', 'Sorting.', [supported], required),
    fixedComplex('etag', 'Entity tags.', [supported], required),
    fixedComplex('pagination', 'Paging of lists.', [
      fixed('cursor', 'By cursor.', { type: 'boolean', ...required }),
      fixed('index', 'By index.', { type: 'boolean', ...required }),
      fixed('defaultPaginationMethod', 'Method when a request names none.', {
        canonicalValues: ['cursor', 'index'],
      }),
      fixed('defaultPageSize', 'Resources on a page when `count` is absent.', { type: 'integer' }),
      fixed('maxPageSize', 'Most resources on a page.', { type: 'integer' }),
      fixed('cursorTimeout', 'Least life of a cursor, seconds.', { type: 'integer' }),
    ]),
    fixedComplex('RolesAndEntitlements', 'Whether the values of roles and entitlements can be read.', [
      fixedComplex('roles', 'Roles.', catalogueOptions('Roles')),
      fixedComplex('entitlements', 'Entitlements.', catalogueOptions('Entitlements')),
    ]),
    fixedComplex(
      'authenticationSchemes',
      'How clients authenticate.',
      [
        fixed('type', 'The scheme.', {
          ...required,
          canonicalValues: ['oauth', 'oauth2', 'oauthbearertoken', 'httpbasic', 'httpdigest'],
        }),
        fixed('name', 'Its name.', required),
        fixed('description', 'What it is.', required),
        fixed('specUri', 'Its specification.', { type: 'reference', referenceTypes: ['external'] }),
        fixed('documentationUri', 'Its documentation.', { type: 'reference', referenceTypes: ['external'] }),
        fixed('primary', 'True for the preferred one.', { type: 'boolean' }),
      ],
      { multiValued: true, ...required },
    ),
  ],
};

/** RFC 7643 sections 6 and 8.7.2. */
const resourceTypeSchema: SchemaDefinition = {
  id: resourceTypeUrn,
  name: 'Resource Type',
  description: 'A type of resource',
  attributes: [
    fixed('id', 'Its identifier.'),
    fixed('name', 'Its name.', required),
    fixed('description', 'What it is.'),
    fixed('endpoint', 'Its endpoint, relative to the base URL.', { type: 'reference', ...required }),
    fixed('schema', 'Its base schema.', { type: 'reference', caseExact: true, ...required }),
    fixedComplex(
      'schemaExtensions',
      'Its extensions.',
      [
        fixed('schema', 'The URI of the extension.', { type: 'reference', caseExact: true, ...required }),
        fixed('required', 'Whether every resource must have it.', { type: 'boolean', ...required }),
      ],
      { multiValued: true },
    ),
  ],
};

const characteristics: readonly AttributeDefinition[] = [
  fixed('name', 'Its name.', { caseExact: true, ...required }),
  fixed('type', 'Its data type.', {
    ...required,
    canonicalValues: [
      'string',
      'complex',
      'boolean',
      'decimal',
      'integer',
      'dateTime',
      'reference',
      'binary',
    ],
  }),
  fixed('multiValued', 'Whether it has several values.', { type: 'boolean', ...required }),
  fixed('description', 'What it is.', { caseExact: true }),
  fixed('required', 'Whether it must have a value.', { type: 'boolean' }),
  fixed('canonicalValues', 'Suggested values.', { multiValued: true, caseExact: true }),
  fixed('caseExact', 'Whether upper and lower case differ.', { type: 'boolean' }),
  fixed('mutability', 'Whether a client may set it.', {
    caseExact: true,
    canonicalValues: ['readOnly', 'readWrite', 'immutable', 'writeOnly'],
  }),
  fixed('returned', 'When it is returned.', {
    caseExact: true,
    canonicalValues: ['always', 'never', 'default', 'request'],
  }),
  fixed('uniqueness', 'Where it must be unique.', {
    caseExact: true,
    canonicalValues: ['none', 'server', 'global'],
  }),
  fixed('referenceTypes', 'What it may refer to.', { multiValued: true, caseExact: true }),
];

/** RFC 7643 sections 7 and 8.7.2. */
const schemaSchema: SchemaDefinition = {
  id: schemaUrn,
  name: 'Schema',
  description: 'The attributes of a resource or extension',
  attributes: [
    fixed('id', 'Its URI.', required),
    fixed('name', 'Its name.'),
    fixed('description', 'What it is.'),
    fixedComplex(
      'attributes',
      'Its attributes.',
      [
        ...characteristics,
        fixedComplex('subAttributes', 'Sub-attributes of a complex attribute.', characteristics, {
          multiValued: true,
        }),
      ],
      { multiValued: true, ...required },
    ),
  ],
};

/** Schemas of the discovery documents themselves. */
export const serviceSchemas: readonly SchemaDefinition[] = [
  serviceProviderConfigSchema,
  resourceTypeSchema,
  schemaSchema,
];
