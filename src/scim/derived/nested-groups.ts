import { descendantGroupsStep } from '../../identity/grants/group-graph.js';
import type { Step } from '../../persistence/store.js';
import type { ScimContext } from '../exchange/request.js';

/** A group and all groups nested in it. Empty when there is no such group in the tenant. */
export function groupWithNested({ core, tenantId }: ScimContext, groupId: string): Promise<string[]> {
  return core.store.read(function* (reader): Step<string[]> {
    const group = yield* reader.tenant(tenantId).collection('groups').get(groupId);
    return group ? [groupId, ...(yield* descendantGroupsStep(reader, tenantId, groupId))] : [];
  });
}

/** The groups a user or group is a direct member of; none for an unknown id. */
export async function groupIdsOf(context: ScimContext, memberId: string): Promise<string[]> {
  const scope = context.core.store.tenant(context.tenantId);
  const user = await scope.collection('users').get(memberId);
  const member = user ?? (await scope.collection('groups').get(memberId));
  return member?.groupIds ?? [];
}
