import * as identity from '../../identity/users/users.js';
import { mailProvisioned } from '../../identity/invitations/activation.js';
import { deleteUser as removeUser } from '../../identity/users/removal.js';
import { effectsOfGrants, type Outcome } from '../../identity/users/effects.js';
import { shownSince } from '../../identity/grants/group-graph.js';
import { groupsOf } from '../../identity/groups/groups-of.js';
import { noteDirectoryClash } from '../../identity/sso/account-clashes.js';
import { cancelDeletion } from '../../identity/users/held-changes.js';
import { activeFor } from '../../identity/users/hold.js';
import type { UserDocument } from '../../persistence/collections/users.js';
import type { ScimAnswer, ScimContext, ScimRequest } from '../exchange/request.js';
import { findPage, shownBy } from '../list/listing.js';
import {
  managerIdOf,
  managersOf,
  showsManager,
  withManager,
  withoutManagerAddress,
} from '../derived/managers.js';
import { evaluatePreconditions, parseVersionConditions, toEntityTag } from '../protocol/etag.js';
import { isJsonObject, readMember, type JsonObject } from '../protocol/json-value.js';
import { applyPatch } from '../protocol/patch/apply.js';
import { parsePatchRequest } from '../protocol/patch/request.js';
import { isShown, parseProjection, project, type Projection } from '../protocol/projection.js';
import { parseResource } from '../protocol/resource-parse.js';
import { diffResources } from '../exchange/trace.js';
import { answerPage, readList, renderResources } from '../list/list-answer.js';
import { userKind } from './kind.js';
import { fromScimUser, toScimUser, type UserContent, type UserGroup } from './resource.js';
import { showsStanding, standingsOf } from '../derived/user-status.js';
import type { RenderedUser } from '../../identity/rendered-user.js';
import { applyColumns } from '../protocol/column-mapping.js';
import { columnsOf, foreignOf, isEmptied } from '../exchange/columns.js';
import { isDefault, renderFoundUsers, renderReadUser, renderUser, userTexts } from './rendered.js';

const projectionOf = (context: ScimContext, request: ScimRequest): Projection =>
  parseProjection(request.query, context.schemas.user);

/** The groups of a user that the directory sees. */
async function groupsShown(
  { core, tenantId, directoryId }: ScimContext,
  user: UserDocument,
): Promise<readonly UserGroup[] | undefined> {
  if (user.groupIds.length === 0) return undefined;
  return (await groupsOf(core, tenantId, [user], directoryId)).get(user._id);
}

function answerOf(
  { baseUrl }: ScimContext,
  status: number,
  user: Pick<UserDocument, '_id' | 'version'>,
  body: string,
): ScimAnswer {
  const headers = {
    ETag: toEntityTag(user.version),
    [status === 201 ? 'Location' : 'Content-Location']: `${baseUrl}/Users/${user._id}`,
  };
  return { status, headers, body };
}

/** A user as answers show it by default. */
async function renderedAnswer(context: ScimContext, status: number, user: RenderedUser): Promise<ScimAnswer> {
  const [text = ''] = await userTexts(context, [user]);
  return answerOf(context, status, user, text);
}

/** Renders one user with its groups, as the projection wants it. */
async function userAnswer(
  context: ScimContext,
  status: number,
  user: UserDocument,
  projection: Projection,
): Promise<ScimAnswer> {
  if (isDefault(projection)) return renderedAnswer(context, status, renderUser(context, user));
  const { baseUrl, schemas } = context;
  const groups = isShown(projection, 'groups') ? await groupsShown(context, user) : undefined;
  const standings = showsStanding(projection) ? await standingsOf(context, [user]) : undefined;
  const full = toScimUser(user, schemas.user, baseUrl, groups, standings?.get(user._id));
  const managerId = showsManager(projection) ? managerIdOf(user) : undefined;
  const managers = await managersOf(context, [managerId]);
  const managed = withManager(full, managers.get(managerId ?? ''));
  return answerOf(context, status, user, JSON.stringify(project(managed, projection)));
}

/** Notes for the request log what became of a user: `before` is absent for a new one, `after` for one that was deleted. */
function traceUser(
  { trace, schemas, baseUrl }: ScimContext,
  { before, after, effects }: Partial<Outcome<UserDocument>> & Pick<Outcome<UserDocument>, 'effects'>,
): void {
  const user = after ?? before;
  if (!user) return;
  trace.noteEffects(effects);
  trace.target = { type: 'User', id: user._id, label: user.userName };
  if (before?.version === after?.version) return;
  const form = (document: UserDocument | undefined) =>
    document && toScimUser(document, schemas.user, baseUrl);
  trace.note(() => diffResources(form(before), form(after)));
}

/**
 * Whether the client has what it asks for already. A version tells of what is the user's own: the groups above and their names change
 * without it, and so does the standing, so these are looked at before the answer is 304.
 */
async function isKnown(
  context: ScimContext,
  request: ScimRequest,
  user: UserDocument,
  projection: Projection,
): Promise<boolean> {
  const { core, tenantId } = context;
  if (evaluatePreconditions(request, toEntityTag(user.version), true) === 'proceed') return false;
  if (request.ifNoneMatch?.trim() === '*') return true;
  if (showsStanding(projection)) return false;
  const managerId = showsManager(projection) ? managerIdOf(user) : undefined;
  if (managerId !== undefined) {
    const manager = (await managersOf(context, [managerId])).get(managerId);
    if (!manager || manager.updatedAt > user.updatedAt) return false;
  }
  if (user.groupIds.length === 0 || !isShown(projection, 'groups')) return true;
  return !(await shownSince(core.store, tenantId, user.groupIds, user.updatedAt));
}

/** `GET /Users/{id}` (RFC 7644 section 3.4.1). */
export async function getUser(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { core, tenantId, directoryId } = context;
  const projection = projectionOf(context, request);
  const user = await identity.getUser(core, tenantId, request.segments[1] ?? '', directoryId);
  if (isDefault(projection) && request.ifNoneMatch === undefined) {
    evaluatePreconditions(request, toEntityTag(user.version), true);
    return renderedAnswer(context, 200, renderReadUser(context, user));
  }
  if (await isKnown(context, request, user, projection)) {
    return { status: 304, headers: { ETag: toEntityTag(user.version) } };
  }
  return userAnswer(context, 200, user, projection);
}

/** `GET /Users` and `POST /Users/.search` (RFC 7644 sections 3.4.2 and 3.4.3). */
export async function listUsers(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const list = readList(context, request, context.schemas.user);
  const kind = userKind(context);
  const page = await findPage(context, kind, list);
  if (isDefault(list.projection)) return answerPage(list, page, (found) => renderFoundUsers(context, found));
  const show = (user: JsonObject): string => JSON.stringify(project(user, list.projection));
  return answerPage(list, page, renderResources(kind, shownBy(list.projection, 'groups'), show));
}

const contentOf = (
  { schemas, baseUrl }: ScimContext,
  resource: JsonObject,
  wasActive?: boolean,
): UserContent => fromScimUser(withoutManagerAddress(resource, baseUrl), schemas.user, wasActive);

/** `POST /Users` (RFC 7644 section 3.3). */
export async function postUser(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { schemas } = context;
  const projection = projectionOf(context, request);
  const resource = filled(context, request, parseResource(request.body, schemas.user, { mode: 'create' }));
  const content = contentOf(context, resource);
  const { user, effects } = await created(context, content);
  traceUser(context, { after: user, effects });
  return userAnswer(context, 201, user, projection);
}

/** A new user; or the one whom the directory deleted, where the deletion is held back: it is cancelled. */
async function created({ core, actor }: ScimContext, content: UserContent) {
  try {
    const user = await identity.createUser(core, actor, content, { also: mailProvisioned });
    return { user, effects: effectsOfGrants(user._id, [], user.grants) };
  } catch (error) {
    const id = await cancelDeletion(core, actor, content, error);
    if (id === undefined) {
      await noteDirectoryClash(core, actor, content, error);
      throw error;
    }
    const { after, effects } = await identity.updateUser(core, actor, id, () => content);
    return { user: after, effects };
  }
}

/** A change of a user in canonical form; pure, as it may run several times. */
export type Edit = (existing: JsonObject) => JsonObject;

/** A user as the directory's attribute mapping, if it has one, fills it. */
function filled(
  context: ScimContext,
  request: ScimRequest,
  resource: JsonObject,
  existing?: JsonObject,
): JsonObject {
  const columns = columnsOf(context);
  if (columns === undefined) return resource;
  const told = { foreign: foreignOf(request), isWhole: request.method !== 'PATCH' };
  return applyColumns(resource, existing, columns, told, context.schemas.user);
}

/** PUT (RFC 7644 section 3.5.1): the body in place of what was there. */
export function replaced(context: ScimContext, request: ScimRequest): Edit {
  const { user: schema } = context.schemas;
  return (existing) =>
    filled(context, request, parseResource(request.body, schema, { mode: 'replace', existing }), existing);
}

/** PATCH (RFC 7644 section 3.5.2): the operations on what is stored at that instant, all or none. */
export function patched(context: ScimContext, request: ScimRequest): Edit {
  // All of them may have been about what the mapping reads.
  const operations = isEmptied(request) ? [] : parsePatchRequest(request.body);
  return (existing) =>
    filled(context, request, applyPatch(existing, operations, context.schemas.user), existing);
}

/** Whether a PATCH sends `groups`: read-only, so they may only be sent as they are, which takes knowing them. */
function speaksOfGroups(body: unknown): boolean {
  const operations = isJsonObject(body) ? readMember(body, 'Operations') : undefined;
  return (
    Array.isArray(operations) &&
    operations.some((operation) => {
      if (!isJsonObject(operation)) return false;
      const [path, value] = [readMember(operation, 'path'), readMember(operation, 'value')];
      if (typeof path === 'string') return path.toLowerCase() === 'groups';
      return isJsonObject(value) && readMember(value, 'groups') !== undefined;
    })
  );
}

async function groupsBefore(context: ScimContext, id: string): Promise<readonly UserGroup[] | undefined> {
  const { core, tenantId, directoryId } = context;
  return groupsShown(context, await identity.getUser(core, tenantId, id, directoryId));
}

/** Changes a user; the conditions on its version are judged in the same transaction, so that no update is lost. */
export async function changeUser(
  context: ScimContext,
  request: ScimRequest,
  edit: Edit,
): Promise<ScimAnswer> {
  const { core, actor, directoryId, baseUrl, schemas } = context;
  const projection = projectionOf(context, request);
  const id = request.segments[1] ?? '';
  const groups = speaksOfGroups(request.body) ? await groupsBefore(context, id) : undefined;
  const change = (stored: UserDocument): UserContent | undefined => {
    const existing = toScimUser(stored, schemas.user, baseUrl, groups);
    const changed = edit(existing);
    // A directory that says the same of a user nobody manages takes the user over all the same.
    const isTaken = stored.directoryId === null && directoryId !== null;
    return changed === existing && !isTaken ? undefined : contentOf(context, changed, activeFor(stored));
  };
  const outcome = await identity.updateUser(core, actor, id, change, parseVersionConditions(request));
  traceUser(context, outcome);
  return userAnswer(context, 200, outcome.after, projection);
}

/** `PUT /Users/{id}`. */
export function putUser(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  return changeUser(context, request, replaced(context, request));
}

/** `PATCH /Users/{id}`. */
export function patchUser(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  return changeUser(context, request, patched(context, request));
}

/** `DELETE /Users/{id}` (RFC 7644 section 3.6). */
export async function deleteUser(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { core, actor } = context;
  const id = request.segments[1] ?? '';
  const before = await removeUser(core, actor, id, parseVersionConditions(request));
  traceUser(context, { before, effects: effectsOfGrants(before._id, before.grants, []) });
  return { status: 204 };
}
