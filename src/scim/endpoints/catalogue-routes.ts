import { tenantConfig, type Role } from '../../identity/tenants/config.js';
import { AppError } from '../../shared/errors.js';
import type { ScimAnswer, ScimContext, ScimHandler, ScimRequest } from '../exchange/request.js';
import { openCursor, sealCursor, type CursorScope } from '../list/cursor.js';
import { readList } from '../list/list-answer.js';
import type { ResourceSchema } from '../protocol/attribute.js';
import { compileFilter } from '../protocol/filter/match.js';
import type { JsonObject } from '../protocol/json-value.js';
import type { ListRequest } from '../protocol/list/request.js';
import { toListResponse } from '../protocol/list/response.js';
import { compileSort } from '../protocol/list/sort.js';
import { parseProjection, project } from '../protocol/projection.js';

/** What can be read of one resource type of the catalogue. */
export interface CatalogueMethods {
  readonly list: ScimHandler;
  readonly read: ScimHandler;
}

function toResource(role: Role, schema: ResourceSchema, baseUrl: string): JsonObject {
  const { fullKey, name, description, applicationKey, createdAt, updatedAt } = role;
  return {
    schemas: [schema.core.id],
    // What an identity provider sends is what it read as the id.
    id: fullKey,
    value: fullKey,
    display: name,
    displayName: name,
    ...(description !== '' && { description }),
    type: applicationKey ?? 'tenant',
    supported: true,
    limitedAssignmentsPermitted: false,
    meta: {
      resourceType: schema.name,
      ...(createdAt && { created: createdAt.toISOString() }),
      ...(updatedAt && { lastModified: updatedAt.toISOString() }),
      location: `${baseUrl}${schema.endpoint}/${encodeURIComponent(fullKey)}`,
    },
  };
}

/**
 * What a directory can give people here: the roles of its tenant and of the applications that serve it. One with a management permission
 * is never in it: a directory must not be shown the way to an administrator.
 */
async function catalogueOf(context: ScimContext, schema: ResourceSchema): Promise<JsonObject[]> {
  const { roles } = await tenantConfig(context.core, context.tenantId);
  return [...roles.values()]
    .filter(({ management }) => management.length === 0)
    .sort((a, b) => (a.fullKey < b.fullKey ? -1 : 1))
    .map((role) => toResource(role, schema, context.baseUrl));
}

function scopeOf({ directoryId }: ScimContext, { name }: ResourceSchema, list: ListRequest): CursorScope {
  const { filterText, sortBy, sortOrder } = list;
  return {
    directoryId: directoryId ?? '',
    resource: name,
    filter: filterText ?? '',
    sortBy: sortBy?.name ?? '',
    sortOrder,
  };
}

/** One page of all matches, by index (RFC 7644 section 3.4.2.4) or by cursor (RFC 9865). */
function pageOf(
  context: ScimContext,
  schema: ResourceSchema,
  found: JsonObject[],
  list: ListRequest,
): unknown {
  const shown = (from: number, count: number) =>
    found.slice(from, from + count).map((resource) => project(resource, list.projection));
  const { cursor, startIndex } = list;
  if (cursor === undefined) {
    return toListResponse(shown(startIndex - 1, list.count), found.length, { startIndex });
  }
  const { secretBox, clock } = context.core;
  const scope = scopeOf(context, schema, list);
  const opened = cursor === '' ? undefined : openCursor(secretBox, scope, cursor, clock.now());
  const [from, count] = [Number(opened?.key ?? 0), opened?.count ?? list.count];
  const isLast = from + count >= found.length || count === 0;
  const position = { key: from + count, id: '', count };
  const nextCursor = isLast ? undefined : sealCursor(secretBox, scope, position, clock.now());
  return toListResponse(shown(from, count), found.length, { nextCursor });
}

async function answerList(
  context: ScimContext,
  request: ScimRequest,
  schema: ResourceSchema,
): Promise<ScimAnswer> {
  const list = readList(context, request, schema);
  const all = await catalogueOf(context, schema);
  const found = list.filter ? all.filter(compileFilter(list.filter)) : all;
  if (list.sortBy) found.sort(compileSort(list.sortBy, list.sortOrder));
  return { status: 200, body: JSON.stringify(pageOf(context, schema, found, list)) };
}

async function answerOne(
  context: ScimContext,
  request: ScimRequest,
  schema: ResourceSchema,
): Promise<ScimAnswer> {
  const projection = parseProjection(request.query, schema);
  const wanted = request.segments[1];
  const found = (await catalogueOf(context, schema)).find(({ id }) => id === wanted);
  if (!found) throw new AppError('role.not_found', `there is no such ${schema.name.toLowerCase()}`);
  return { status: 200, body: JSON.stringify(project(found, projection)) };
}

/** `/Roles` and `/Entitlements` hold the same values: an identity provider reads the one it has a word for. */
const methodsOf = (kind: 'role' | 'entitlement'): CatalogueMethods => ({
  list: (context, request) => answerList(context, request, context.schemas[kind]),
  read: (context, request) => answerOne(context, request, context.schemas[kind]),
});

/** `GET /Roles`, `POST /Roles/.search` and `GET /Roles/{id}` (draft-ietf-scim-roles-entitlements). */
export const roleMethods = methodsOf('role');
/** The same of `/Entitlements`. */
export const entitlementMethods = methodsOf('entitlement');
