import type { UserDocument } from '../../persistence/collections/users.js';
import { tenantAlias } from '../../scim/protocol/schemas/tenant-user.js';
import { createRests } from '../../shared/rests.js';
import type { Core } from '../core.js';
import type { JobDocument } from '../jobs/queue.js';

/** Kind of the job that removes the values of a deleted attribute. */
export const attributeRemovalJob = 'attribute.remove';

/** A user without the value; undefined when there is none. */
function withoutValue(user: UserDocument, name: string, attributeId: string): UserDocument | undefined {
  const { [tenantAlias]: own, ...others } = user.attributes;
  if (typeof own !== 'object' || own === null || !Object.hasOwn(own, name)) return undefined;
  const { [name]: _, ...rest } = own as Record<string, unknown>;
  const attributes = Object.keys(rest).length > 0 ? { ...others, [tenantAlias]: rest } : others;
  const uniqueKeys = user.uniqueKeys?.filter((key) => !key.startsWith(`${attributeId}:`));
  return { ...user, attributes, ...(uniqueKeys && { uniqueKeys }) };
}

/**
 * The handler of {@link attributeRemovalJob}: user by user, so that other work goes on between them; at the end the attribute's document goes,
 * and its name is free. What a write that began before the deletion adds in the meantime is found by a second look.
 */
export async function removeAttributeValues(core: Core, job: JobDocument): Promise<void> {
  const { attributeId } = job.payload as { attributeId: string };
  const scope = core.store.tenant(job.tenantId);
  const attribute = await scope.collection('user_attributes').get(attributeId);
  if (!attribute?.deletedAt) return;
  const { name } = attribute;
  const users = scope.collection('users');
  const rest = createRests();
  const holders = { [`attributes.${tenantAlias}.${name}`]: { $exists: true } };
  for (let found = true; found;) {
    found = false;
    for await (const { _id } of users.iterate(holders, { fields: [] })) {
      found = true;
      await users.update(_id, (user) => withoutValue(user, name, attributeId));
      await rest();
    }
  }
  await scope.collection('user_attributes').remove(attributeId);
}
