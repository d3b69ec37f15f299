import { tenantConfig } from '../../identity/tenants/config.js';
import { uniqueKeyOf } from '../../identity/users/own-attributes.js';
import type { ScimContext } from '../exchange/request.js';
import { enterpriseUserUrn, tenantUserUrn } from '../protocol/urns.js';
import {
  instantField,
  relatedField,
  textField,
  type CompareTranslator,
  type FilterTable,
} from '../list/stored-filter.js';
import { groupWithNested } from '../derived/nested-groups.js';

/** `active` as `activeFor` gives it. */
const activeField: CompareTranslator = ({ op, value }) => {
  if (typeof value !== 'boolean' || (op !== 'eq' && op !== 'ne')) return Promise.resolve(undefined);
  const isActive = (op === 'eq') === value;
  const query = isActive
    ? { $or: [{ enabled: true, 'heldChange.disables': { $ne: true } }, { 'hold.active': true }] }
    : {
        $or: [
          { enabled: false, 'hold.active': { $ne: true } },
          { enabled: true, 'heldChange.disables': true },
        ],
      };
  return Promise.resolve({ query, exact: true });
};

/** A unique attribute of the tenant's own: its values are in an index. */
const uniqueField =
  ({ core, tenantId }: ScimContext, name: string): CompareTranslator =>
  async ({ op, value }) => {
    if (op !== 'eq') return undefined;
    const key = uniqueKeyOf(await tenantConfig(core, tenantId), name, value);
    return key === undefined ? undefined : { query: { uniqueKeys: key }, exact: false, few: true };
  };

function uniqueFields(context: ScimContext): [path: string, CompareTranslator][] {
  const extension = context.schemas.user.extensionsByUrn.get(tenantUserUrn.toLowerCase());
  const unique = [...new Set(extension?.attributes.values())].filter(
    ({ uniqueness }) => uniqueness !== 'none',
  );
  return unique.map(({ name }) => [`${tenantUserUrn}:${name}`, uniqueField(context, name)]);
}

/** The attributes of a User that have a stored field of their own; all others are matched resource by resource. */
export function userFilterTable(context: ScimContext): FilterTable {
  // The direct members of a group, and those of the groups nested in it.
  const groups = relatedField('groupIds', (id) => groupWithNested(context, id));
  return {
    comparisons: new Map<string, CompareTranslator>([
      ['id', textField('_id', { caseExact: true, few: true })],
      ['userName', textField('userNameKey', { few: true })],
      ['externalId', textField('externalId', { caseExact: true })],
      ['emails', textField('emailKeys', { many: true })],
      ['emails.value', textField('emailKeys', { many: true })],
      ['displayName', textField('displayNameKey', { exact: false })],
      ['name.familyName', textField('familyNameKey')],
      [`${enterpriseUserUrn}:employeeNumber`, textField('employeeNumberKey')],
      ['active', activeField],
      ['groups', groups],
      ['groups.value', groups],
      ['meta.created', instantField('createdAt')],
      ['meta.lastModified', instantField('updatedAt')],
      ...uniqueFields(context),
    ]),
    always: new Set(['id', 'userName', 'active', 'schemas', 'meta']),
  };
}
