import { administratorIdsOf, roleIdsOf } from '../../identity/grants/group-grants.js';
import type { GroupDocument } from '../../persistence/collections/groups.js';
import type { ResourceSchema } from '../protocol/attribute.js';
import { toEntityTag } from '../protocol/etag.js';
import { isJsonObject, type JsonObject } from '../protocol/json-value.js';
import { badRequest } from '../protocol/scim-error.js';
import { gatehouseGroupUrn, groupUrn } from '../protocol/urns.js';

/** A member as `Group.members` shows it. */
export interface GroupMember {
  readonly id: string;
  /** undefined: it has no name but its userName. */
  readonly display: string | undefined;
  readonly type: 'User' | 'Group';
}

/** What a SCIM write says of a group, without its members. */
export interface GroupContent {
  displayName: string;
  externalId: string | null;
  attributes: Record<string, unknown>;
  roleIds: string[];
  administratorIds: string[];
}

/** Gatehouse's extension of a group; undefined when there is nothing to tell. */
function gatehouseExtension(group: GroupDocument, baseUrl: string): JsonObject | undefined {
  const [roleIds, administratorIds] = [roleIdsOf(group), administratorIdsOf(group)];
  if (roleIds.length + administratorIds.length === 0) return undefined;
  return {
    ...(administratorIds.length > 0 && {
      administrators: administratorIds.map((value) => ({ value, $ref: `${baseUrl}/Users/${value}` })),
    }),
    ...(roleIds.length > 0 && { roleIds: [...roleIds] }),
  };
}

/**
 * A stored group as a SCIM Group in canonical form.
 *
 * @param members - undefined: not loaded, `members` is left out.
 */
export function toScimGroup(
  group: GroupDocument,
  schema: ResourceSchema,
  baseUrl: string,
  members?: readonly GroupMember[],
): JsonObject {
  const schemas = [groupUrn];
  const resource: Record<string, unknown> = { schemas, id: group._id };
  if (group.externalId !== null) resource['externalId'] = group.externalId;
  resource['displayName'] = group.displayName;
  for (const name of Object.keys(group.attributes)) {
    const extension = schema.extensions.find(({ alias }) => alias === name);
    if (extension) schemas.push(extension.urn);
    resource[extension?.urn ?? name] = group.attributes[name];
  }
  const own = gatehouseExtension(group, baseUrl);
  if (own) {
    schemas.push(gatehouseGroupUrn);
    resource[gatehouseGroupUrn] = own;
  }
  if (members && members.length > 0) {
    resource['members'] = members.map(({ id, display, type }) => ({
      value: id,
      $ref: `${baseUrl}/${type}s/${id}`,
      ...(display !== undefined && { display }),
      type,
    }));
  }
  resource['meta'] = {
    resourceType: 'Group',
    created: group.createdAt.toISOString(),
    lastModified: group.updatedAt.toISOString(),
    location: `${baseUrl}/Groups/${group._id}`,
    version: toEntityTag(group.version),
  };
  return resource;
}

const apart = new Set(['schemas', 'id', 'externalId', 'displayName', 'members', 'meta']);

/** A checked SCIM Group in the form the domain takes. */
export function fromScimGroup(resource: JsonObject, schema: ResourceSchema): GroupContent {
  const attributes: Record<string, unknown> = {};
  for (const name of Object.keys(resource)) {
    if (apart.has(name) || name === gatehouseGroupUrn) continue;
    const extension = name.startsWith('urn:') ? schema.extensionsByUrn.get(name.toLowerCase()) : undefined;
    attributes[extension?.alias ?? name] = resource[name];
  }
  const { displayName, externalId } = resource;
  return {
    displayName: typeof displayName === 'string' ? displayName : '',
    externalId: typeof externalId === 'string' ? externalId : null,
    attributes,
    ...splitGatehouse(resource[gatehouseGroupUrn]),
  };
}

function splitGatehouse(data: unknown): Pick<GroupContent, 'roleIds' | 'administratorIds'> {
  const { roleIds, administrators } = isJsonObject(data) ? data : {};
  const ids = Array.isArray(administrators) ? administrators.map(({ value }: JsonObject) => value) : [];
  const texts = (values: unknown): string[] =>
    Array.isArray(values) ? [...new Set(values.filter((value) => typeof value === 'string'))] : [];
  return { roleIds: texts(roleIds), administratorIds: texts(ids) };
}

/**
 * The ids in a checked `members` attribute, without duplicates.
 *
 * @throws ScimError invalidValue for a member without a `value`: a `$ref` alone says nothing.
 */
export function memberIds(resource: JsonObject): string[] {
  const { members } = resource;
  if (!Array.isArray(members)) return [];
  const ids = members.map(({ value }: JsonObject) => {
    if (typeof value !== 'string') {
      throw badRequest('invalidValue', 'every member needs a "value": the id of a user or group');
    }
    return value;
  });
  return [...new Set(ids)];
}
