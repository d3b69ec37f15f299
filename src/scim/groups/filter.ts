import type { ScimContext } from '../exchange/request.js';
import { groupIdsOf } from '../derived/nested-groups.js';
import {
  instantField,
  nothing,
  textField,
  type CompareTranslator,
  type FilterTable,
} from '../list/stored-filter.js';

/** `members.value eq "id"`: the groups a user or group is a direct member of. */
function withMember(context: ScimContext): CompareTranslator {
  return async ({ op, value }) => {
    if (op !== 'eq' || typeof value !== 'string') return undefined;
    const ids = await groupIdsOf(context, value);
    return ids.length === 0 ? nothing : { query: { _id: { $in: ids } }, exact: true };
  };
}

/** The attributes of a Group that have a stored field of their own. */
export function groupFilterTable(context: ScimContext): FilterTable {
  return {
    comparisons: new Map<string, CompareTranslator>([
      ['id', textField('_id', { caseExact: true, few: true })],
      ['displayName', textField('displayNameKey', { few: true })],
      ['externalId', textField('externalId', { caseExact: true })],
      ['members', withMember(context)],
      ['members.value', withMember(context)],
      ['meta.created', instantField('createdAt')],
      ['meta.lastModified', instantField('updatedAt')],
    ]),
    always: new Set(['id', 'displayName', 'schemas', 'meta']),
  };
}
