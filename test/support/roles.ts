import type { RoleDocument } from '../../src/persistence/collections/tenants.js';
import type { NewDocument } from '../../src/persistence/store.js';
import { newId } from '../../src/shared/ids.js';

/** A stored document of a plain kind, for tests that are about storage and not about roles. */
export function roleOf(
  tenantId: string,
  fullKey: string,
  more: Partial<RoleDocument> = {},
): NewDocument<RoleDocument> {
  const fields = {
    key: fullKey,
    fullKey,
    applicationKey: null,
    name: fullKey,
    description: '',
    permissions: [],
  };
  return { _id: newId(), tenantId, ...fields, ...more };
}
