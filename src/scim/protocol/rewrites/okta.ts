import { isJsonObject, without } from '../json-value.js';
import type { OperationRewrite } from './rewrite.js';

/**
 * Wrong: `{"op": "replace", "value": {"id": "<the group's id>", "displayName": "New"}}` (Okta, when it renames a group).
 * Right: the same without `id`, which is read-only. Another id than the resource's stays and is refused.
 */
export const idInValue: OperationRewrite = {
  name: 'id-in-value',
  unit: 'operation',
  scimType: 'mutability',
  refusal: '"id" is read-only and has no place in a PATCH',
  correct(operation, { request }) {
    const { path, value } = operation;
    if (path !== undefined || !isJsonObject(value) || !Object.hasOwn(value, 'id')) return operation;
    const id = request.path.split('/')[2];
    return value['id'] === id ? { ...operation, value: without(value, 'id') } : operation;
  },
};
