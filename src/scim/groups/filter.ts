import type { ScimContext } from '../exchange/request.js';
import { groupIdsOf } from '../derived/nested-groups.js';
import {
  instantField,
  relatedField,
  textField,
  type CompareTranslator,
  type FilterTable,
} from '../list/stored-filter.js';

/** The attributes of a Group that have a stored field of their own. */
export function groupFilterTable(context: ScimContext): FilterTable {
  // The groups a user or group is a direct member of.
  const members = relatedField('_id', (id) => groupIdsOf(context, id));
  return {
    comparisons: new Map<string, CompareTranslator>([
      ['id', textField('_id', { caseExact: true, few: true })],
      ['displayName', textField('displayNameKey', { few: true })],
      ['externalId', textField('externalId', { caseExact: true })],
      ['members', members],
      ['members.value', members],
      ['meta.created', instantField('createdAt')],
      ['meta.lastModified', instantField('updatedAt')],
    ]),
    always: new Set(['id', 'displayName', 'schemas', 'meta']),
  };
}
