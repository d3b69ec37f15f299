import { isJsonObject, without } from '../json-value.js';
import { enterpriseUserUrn } from '../urns.js';
import type { BodyRewrite, ValueRewrite } from './rewrite.js';
import { renameUrns } from './urn-aliases.js';

/** Lower case; the longer ones first. */
const enterpriseUrns = [
  'urn:scim:schemas:extension:enterprise:2.0:user',
  'urn:scim:schemas:extension:enterprise:2.0',
  'urn:scim:schemas:extension:enterprise:1.0',
];
const coreUrns = [
  'urn:scim:schemas:core:2.0:user',
  'urn:scim:schemas:core:2.0:group',
  'urn:scim:schemas:core:2.0',
  'urn:scim:schemas:core:1.0',
];

/**
 * Wrong: `"schemas": ["urn:scim:schemas:core:2.0", "urn:scim:schemas:extension:enterprise:2.0"]` (OneLogin's JSON template, a leftover of
 * SCIM 1.1). Right: `urn:ietf:params:scim:schemas:core:2.0:User` and `urn:ietf:params:scim:schemas:extension:enterprise:2.0:User`.
 */
export const legacyUrns: BodyRewrite = {
  name: 'legacy-urns',
  unit: 'body',
  scimType: 'invalidSyntax',
  refusal: 'the schema URNs are those of SCIM 1.1 drafts',
  correct: (body, { schema }) =>
    renameUrns(renameUrns(body, enterpriseUrns, enterpriseUserUrn), coreUrns, schema.core.id),
};

/**
 * Wrong: `"manager": {"managerId": "id", "displayName": "..."}` (OneLogin's JSON template, a leftover of SCIM 1.1). Right: `value` in the
 * place of `managerId`; for an empty one, no manager.
 */
export const managerId: ValueRewrite = {
  name: 'manager-id',
  unit: 'value',
  scimType: 'invalidValue',
  refusal: 'the id of a manager is its "value"',
  correct(value, attribute) {
    const isOld = attribute.name === 'manager' && isJsonObject(value) && Object.hasOwn(value, 'managerId');
    if (!isOld) return value;
    const { managerId: id } = value;
    return { value: id === '' ? null : id, ...without(value, 'managerId') };
  },
};
