import { groupsOf } from '../../identity/groups/groups-of.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { RenderedUser } from '../../identity/rendered-user.js';
import type { ScimContext } from '../exchange/request.js';
import { managerIdOf, managersOf, withManager } from '../derived/managers.js';
import { documentsOf } from '../list/list-answer.js';
import type { Found } from '../list/page-search.js';
import type { JsonObject } from '../protocol/json-value.js';
import { isShown, parseProjection, project, type Projection } from '../protocol/projection.js';
import { groupReferences, toScimUser } from './resource.js';

/** Whether this projection shows users as {@link RenderedUser} has them. */
export function isDefault({ mode }: Projection): boolean {
  return mode === 'default';
}

/** A user as answers show it by default. */
export function renderUser({ schemas, baseUrl }: ScimContext, user: UserDocument): RenderedUser {
  const shown = parseProjection({}, schemas.user);
  return {
    _id: user._id,
    version: user.version,
    groupIds: user.groupIds,
    schemas,
    managerId: managerIdOf(user),
    text: JSON.stringify(project(toScimUser(user, schemas.user, baseUrl), shown)),
  };
}

/** The same from the cache. Only for what was read outside transactions. */
export function renderReadUser(context: ScimContext, user: UserDocument): RenderedUser {
  const { renderedUsers } = context.core;
  const known = renderedUsers.get(user);
  if (known?.schemas === context.schemas) return known;
  const fresh = renderUser(context, user);
  renderedUsers.set(fresh);
  return fresh;
}

/** Renders users of a page as answers show them by default: only those that are not in the cache are read. */
export async function renderFoundUsers(
  context: ScimContext,
  found: readonly Found<UserDocument>[],
): Promise<(string | undefined)[]> {
  const { store, renderedUsers } = context.core;
  const known = new Map<string, RenderedUser>();
  const unknown: Found<UserDocument>[] = [];
  for (const one of found) {
    const { _id, version } = one;
    const user = version === undefined ? undefined : renderedUsers.get({ _id, version });
    if (user?.schemas === context.schemas) known.set(_id, user);
    else unknown.push(one);
  }
  const documents = await documentsOf(store.tenant(context.tenantId).collection('users'), unknown);
  for (const user of documents) if (user) known.set(user._id, renderReadUser(context, user));
  const unread = unknown[documents.length];
  const users = (unread ? found.slice(0, found.indexOf(unread)) : found).map(({ _id }) => known.get(_id));
  const texts = (
    await userTexts(
      context,
      users.filter((user) => user !== undefined),
    )
  ).values();
  return users.map((user) => user && texts.next().value);
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
