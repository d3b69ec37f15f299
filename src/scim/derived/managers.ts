import { displayNameOf } from '../../identity/user-keys.js';
import { isVisibleTo } from '../../identity/visibility.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { ScimContext } from '../exchange/request.js';
import type { AttributePath } from '../protocol/attribute-path.js';
import { isJsonObject, without, type JsonObject } from '../protocol/json-value.js';
import type { Projection } from '../protocol/projection.js';
import { enterpriseUserUrn } from '../protocol/urns.js';

/** What is told of a manager beside the id: it is the manager's own, so it is looked up with each answer. */
export interface Manager {
  readonly $ref: string;
  readonly displayName: string;
  readonly updatedAt: Date;
}

type Attributes = Pick<UserDocument, 'attributes'>;

/** The id a user's directory gave for the manager; undefined for none. */
export function managerIdOf({ attributes }: Attributes): string | undefined {
  const { enterprise } = attributes;
  const manager = isJsonObject(enterprise) ? enterprise['manager'] : undefined;
  const id = isJsonObject(manager) ? manager['value'] : undefined;
  return typeof id === 'string' ? id : undefined;
}

/** Those of these ids that are users the directory sees: one query for all of them. */
export async function managersOf(
  { core, tenantId, directoryId, baseUrl }: ScimContext,
  ids: readonly (string | undefined)[],
): Promise<ReadonlyMap<string, Manager>> {
  const known = [...new Set(ids.filter((id) => id !== undefined))];
  if (known.length === 0) return new Map();
  const users = await core.store
    .tenant(tenantId)
    .collection('users')
    .find({ _id: { $in: known } }, { fields: ['userName', 'attributes', 'directoryId', 'updatedAt'] });
  return new Map(
    users
      .filter((user) => isVisibleTo(user, directoryId))
      .map(({ _id, userName, attributes, updatedAt }) => [
        _id,
        { $ref: `${baseUrl}/Users/${_id}`, displayName: displayNameOf(userName, attributes), updatedAt },
      ]),
  );
}

/** A SCIM User with `$ref` and `displayName` of its manager, where that is known. */
export function withManager(resource: JsonObject, manager: Manager | undefined): JsonObject {
  const extension = resource[enterpriseUserUrn];
  const own = isJsonObject(extension) ? extension['manager'] : undefined;
  if (!manager || !isJsonObject(extension) || !isJsonObject(own)) return resource;
  const { $ref, displayName } = manager;
  return { ...resource, [enterpriseUserUrn]: { ...extension, manager: { ...own, $ref, displayName } } };
}

/** What a client read and sends back: the address that is made with each answer is not stored. */
export function withoutManagerAddress(resource: JsonObject, baseUrl: string): JsonObject {
  const extension = resource[enterpriseUserUrn];
  const manager = isJsonObject(extension) ? extension['manager'] : undefined;
  if (!isJsonObject(extension) || !isJsonObject(manager)) return resource;
  if (manager['$ref'] !== `${baseUrl}/Users/${String(manager['value'])}`) return resource;
  return { ...resource, [enterpriseUserUrn]: { ...extension, manager: without(manager, '$ref') } };
}

/** Whether a path of a filter or sort order looks at a manager. */
export function isManager({ extension, attribute }: AttributePath): boolean {
  return extension?.urn === enterpriseUserUrn && attribute.name === 'manager';
}

/** Whether an answer shows managers. */
export function showsManager({ mode, extensions }: Projection): boolean {
  const selected = extensions.get(enterpriseUserUrn);
  return mode === 'only' ? selected !== undefined : selected !== 'all';
}
