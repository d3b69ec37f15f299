/** Schema and message identifiers of RFC 7643, RFC 7644 and draft-ietf-scim-roles-entitlements. */
export const userUrn = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const groupUrn = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const roleUrn = 'urn:ietf:params:scim:schemas:core:2.0:Role';
export const entitlementUrn = 'urn:ietf:params:scim:schemas:core:2.0:Entitlement';
export const enterpriseUserUrn = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
export const gatehouseUserUrn = 'urn:gatehouse:params:scim:schemas:extension:2.0:User';
/** What one tenant has defined for its users. */
export const tenantUserUrn = 'urn:gatehouse:params:scim:schemas:extension:tenant:2.0:User';
export const gatehouseGroupUrn = 'urn:gatehouse:params:scim:schemas:extension:2.0:Group';

export const schemaUrn = 'urn:ietf:params:scim:schemas:core:2.0:Schema';
export const resourceTypeUrn = 'urn:ietf:params:scim:schemas:core:2.0:ResourceType';
export const serviceProviderConfigUrn = 'urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig';

export const errorUrn = 'urn:ietf:params:scim:api:messages:2.0:Error';
export const listResponseUrn = 'urn:ietf:params:scim:api:messages:2.0:ListResponse';
export const searchRequestUrn = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest';
export const patchOpUrn = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
export const bulkRequestUrn = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';
export const bulkResponseUrn = 'urn:ietf:params:scim:api:messages:2.0:BulkResponse';
