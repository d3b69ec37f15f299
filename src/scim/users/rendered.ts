import { groupsOf } from '../../identity/groups/groups.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { Derive } from '../../persistence/store.js';
import type { ScimContext } from '../exchange/request.js';
import { managerIdOf, managersOf, withManager } from '../derived/managers.js';
import type { JsonObject } from '../protocol/json-value.js';
import { isShown, parseProjection, project, type Projection } from '../protocol/projection.js';
import type { SchemaRegistry } from '../protocol/schema-registry.js';
import { groupReferences, toScimUser } from './resource.js';

/** A user as answers show it by default, rendered once for as long as its document stands. */
export interface RenderedUser extends Pick<
  UserDocument,
  '_id' | 'version' | 'directoryId' | 'groupIds' | 'userNameKey' | 'createdAt' | 'updatedAt'
> {
  readonly managerId: string | undefined;
  /** JSON of the SCIM User without its groups and what is told of its manager, which may change without it. */
  readonly text: string;
}

const renderers = new WeakMap<SchemaRegistry, Derive<UserDocument, RenderedUser>>();

/** Whether this projection shows users as {@link RenderedUser} has them. */
export function isDefault({ mode }: Projection): boolean {
  return mode === 'default';
}

/** How users are rendered: one function for each server, as its schemas and its address never change. */
export function userRenderer({ schemas, baseUrl }: ScimContext): Derive<UserDocument, RenderedUser> {
  const known = renderers.get(schemas);
  if (known) return known;
  const shown = parseProjection({}, schemas.user);
  const render = (user: UserDocument): RenderedUser => ({
    _id: user._id,
    version: user.version,
    directoryId: user.directoryId,
    groupIds: user.groupIds,
    managerId: managerIdOf(user),
    userNameKey: user.userNameKey,
    createdAt: user.createdAt,
    updatedAt: user.updatedAt,
    text: JSON.stringify(project(toScimUser(user, schemas.user, baseUrl), shown)),
  });
  renderers.set(schemas, render);
  return render;
}

/** The JSON of these users with their manager's name and the groups they are in now, as far as the directory sees them. */
export async function userTexts(context: ScimContext, users: readonly RenderedUser[]): Promise<string[]> {
  const managers = await managersOf(
    context,
    users.map(({ managerId }) => managerId),
  );
  if (managers.size === 0) return textsWithGroups(context, users);
  const managed = users.map((user) => {
    const manager = managers.get(user.managerId ?? '');
    if (!manager) return user;
    return { ...user, text: JSON.stringify(withManager(JSON.parse(user.text) as JsonObject, manager)) };
  });
  return textsWithGroups(context, managed);
}

async function textsWithGroups(
  { core, tenantId, directoryId, schemas, baseUrl }: ScimContext,
  users: readonly RenderedUser[],
): Promise<string[]> {
  const grouped = users.filter(({ groupIds }) => groupIds.length > 0);
  if (grouped.length === 0 || !isShown(parseProjection({}, schemas.user), 'groups')) {
    return users.map(({ text }) => text);
  }
  const groups = await groupsOf(core, tenantId, grouped, directoryId);
  return users.map(({ _id, text }) => {
    const own = groups.get(_id) ?? [];
    if (own.length === 0) return text;
    return `${text.slice(0, -1)},"groups":${JSON.stringify(groupReferences(own, baseUrl))}}`;
  });
}
