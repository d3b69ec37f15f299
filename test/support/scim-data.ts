export const urn = {
  user: 'urn:ietf:params:scim:schemas:core:2.0:User',
  group: 'urn:ietf:params:scim:schemas:core:2.0:Group',
  enterprise: 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User',
  patch: 'urn:ietf:params:scim:api:messages:2.0:PatchOp',
  error: 'urn:ietf:params:scim:api:messages:2.0:Error',
  list: 'urn:ietf:params:scim:api:messages:2.0:ListResponse',
  search: 'urn:ietf:params:scim:api:messages:2.0:SearchRequest',
  bulk: 'urn:ietf:params:scim:api:messages:2.0:BulkRequest',
  bulkAnswer: 'urn:ietf:params:scim:api:messages:2.0:BulkResponse',
} as const;

type Json = Record<string, unknown>;

let counter = 0;
/** A word no other call has given. */
export const unique = (prefix: string): string => `${prefix}${++counter}-${Date.now().toString(36)}`;

/** A complete User as Okta would push it. */
export function newUser(attributes: Json = {}): Json & { userName: string } {
  const name = unique('user');
  return {
    schemas: [urn.user],
    userName: `${name}@acme.test`,
    name: { givenName: 'Given', familyName: `Family ${name}` },
    emails: [{ value: `${name}@acme.test`, type: 'work', primary: true }],
    displayName: `Given Family ${name}`,
    active: true,
    ...attributes,
  };
}

export function newGroup(attributes: Json = {}): Json & { displayName: string } {
  return { schemas: [urn.group], displayName: unique('Group '), ...attributes };
}
