import type { AttributeDefinition, ResourceSchema, SchemaDefinition } from './attribute.js';
import type { JsonObject } from './json-value.js';
import type { SchemaRegistry } from './schema-registry.js';
import { resourceTypeUrn, schemaUrn, serviceProviderConfigUrn } from './urns.js';

/** What a server enforces, as it advertises it (RFC 7643 section 5). */
export interface ServiceProviderLimits {
  /** Absolute URL of the SCIM root, without a trailing slash. */
  baseUrl: string;
  maxOperations: number;
  /** Bytes. */
  maxPayloadSize: number;
  /** Most resources on a page. */
  maxResults: number;
  defaultPageSize: number;
  cursorTimeoutSeconds: number;
  /** Whether a client may set `password`. */
  canChangePassword: boolean;
  documentationUri?: string;
}

/** How identity providers show who they are (RFC 7643 section 5). */
const authenticationSchemes = [
  {
    type: 'oauthbearertoken',
    name: 'Bearer token',
    description: 'A token of the directory in the Authorization header',
    specUri: 'https://www.rfc-editor.org/info/rfc6750',
    primary: true,
  },
  {
    type: 'oauth2',
    name: 'OAuth 2.0 client credentials',
    description: 'An access token that a client of the directory gets at the token endpoint',
    specUri: 'https://www.rfc-editor.org/info/rfc6749',
  },
];

/** Renders `/ServiceProviderConfig` (RFC 7643 section 5; `pagination` by RFC 9865 section 4, `RolesAndEntitlements` by draft-ietf-scim-roles-entitlements). */
export function toServiceProviderConfig(limits: ServiceProviderLimits): JsonObject {
  return {
    schemas: [serviceProviderConfigUrn],
    ...(limits.documentationUri === undefined ? {} : { documentationUri: limits.documentationUri }),
    patch: { supported: true },
    bulk: {
      supported: true,
      maxOperations: limits.maxOperations,
      maxPayloadSize: limits.maxPayloadSize,
    },
    filter: { supported: true, maxResults: limits.maxResults },
    changePassword: { supported: limits.canChangePassword },
    sort: { supported: true },
    etag: { supported: true },
    pagination: {
      cursor: true,
      index: true,
      defaultPaginationMethod: 'index',
      defaultPageSize: limits.defaultPageSize,
      maxPageSize: limits.maxResults,
      cursorTimeout: limits.cursorTimeoutSeconds,
    },
    RolesAndEntitlements: {
      roles: {
        supported: true,
        multipleRolesSupported: true,
        primarySupported: true,
        typeSupported: true,
      },
      entitlements: {
        supported: true,
        multipleEntitlementsSupported: true,
        primarySupported: true,
        typeSupported: true,
      },
    },
    authenticationSchemes,
    meta: {
      resourceType: 'ServiceProviderConfig',
      location: `${limits.baseUrl}/ServiceProviderConfig`,
    },
  };
}

/** Renders one entry of `/ResourceTypes` (RFC 7643 section 6). */
function toResourceType(schema: ResourceSchema, baseUrl: string): JsonObject {
  return {
    schemas: [resourceTypeUrn],
    id: schema.name,
    name: schema.name,
    description: schema.description,
    endpoint: schema.endpoint,
    schema: schema.core.id,
    schemaExtensions: schema.extensions.map(({ urn, required }) => ({ schema: urn, required })),
    meta: { resourceType: 'ResourceType', location: `${baseUrl}/ResourceTypes/${schema.name}` },
  };
}

/** Renders one entry of `/Schemas` (RFC 7643 section 7). */
function toSchemaDocument(schema: SchemaDefinition, baseUrl: string): JsonObject {
  return {
    schemas: [schemaUrn],
    id: schema.id,
    name: schema.name,
    description: schema.description,
    attributes: schema.attributes.map(toAttributeDocument),
    meta: { resourceType: 'Schema', location: `${baseUrl}/Schemas/${schema.id}` },
  };
}

/** RFC 7643 section 7: characteristics that have no meaning for a type are left out. */
function toAttributeDocument(attribute: AttributeDefinition): JsonObject {
  const { subAttributes, ...characteristics } = attribute;
  return subAttributes === undefined
    ? characteristics
    : { ...characteristics, subAttributes: subAttributes.map(toAttributeDocument) };
}

/** Every resource type, as `/ResourceTypes` lists them. */
export function toResourceTypes(registry: SchemaRegistry, baseUrl: string): JsonObject[] {
  const all = [...registry.resources, registry.role, registry.entitlement];
  return all.map((schema) => toResourceType(schema, baseUrl));
}

/** Every schema, as `/Schemas` lists them. */
export function toSchemaDocuments(registry: SchemaRegistry, baseUrl: string): JsonObject[] {
  return [...registry.schemas.values()].map((schema) => toSchemaDocument(schema, baseUrl));
}
