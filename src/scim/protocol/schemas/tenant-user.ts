import type { AttributeDefinition, ExtensionInput } from '../attribute.js';
import { defineAttribute } from '../attribute.js';
import { tenantUserUrn } from '../urns.js';

/** What the attributes of a tenant's own are stored under. */
export const tenantAlias = 'tenant';

/** An attribute of a tenant's own, as far as the schema tells it. */
export interface TenantAttribute extends Pick<
  AttributeDefinition,
  'name' | 'type' | 'multiValued' | 'required' | 'description'
> {
  readonly unique: boolean;
}

/** The extension of the User that holds what one tenant has defined for its users. */
export function tenantUserExtension(attributes: readonly TenantAttribute[]): ExtensionInput {
  return {
    alias: tenantAlias,
    required: attributes.some(({ required }) => required),
    schema: {
      id: tenantUserUrn,
      name: 'TenantUser',
      description: "The organization's own attributes of a user",
      attributes: attributes.map(({ name, description, type, multiValued, required, unique }) =>
        defineAttribute(name, description, {
          type,
          multiValued,
          required,
          uniqueness: unique ? 'server' : 'none',
          ...(type === 'reference' && { caseExact: true, referenceTypes: ['external'] }),
        }),
      ),
    },
  };
}
