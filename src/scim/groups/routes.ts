import { changeMembers, createGroupWithMembers, rewriteGroup } from '../../identity/groups/members.js';
import { deleteGroup as removeGroup, getGroup as readGroup } from '../../identity/groups/groups.js';
import type { Outcome } from '../../identity/users/effects.js';
import type { GroupDocument } from '../../persistence/collections/groups.js';
import type { ScimAnswer, ScimContext, ScimRequest } from '../exchange/request.js';
import { groupKind } from './kind.js';
import { membersOfEach } from './members.js';
import { fromScimGroup, memberIds, toScimGroup, type GroupContent } from './resource.js';
import { answerPage, readList, renderResources } from '../list/list-answer.js';
import { findPage, shownBy } from '../list/listing.js';
import { evaluatePreconditions, parseVersionConditions, toEntityTag } from '../protocol/etag.js';
import type { JsonObject } from '../protocol/json-value.js';
import { splitMemberOperations, type MemberChange } from '../protocol/patch/member-operations.js';
import { applyPatch } from '../protocol/patch/apply.js';
import { parsePatchRequest, type PatchOperation } from '../protocol/patch/request.js';
import { isShown, parseProjection, project, type Projection } from '../protocol/projection.js';
import { parseResource } from '../protocol/resource-parse.js';
import { diffResources } from '../exchange/trace.js';

const projectionOf = (context: ScimContext, request: ScimRequest): Projection =>
  parseProjection(request.query, context.schemas.group);

const idOf = (request: ScimRequest): string => request.segments[1] ?? '';

/** Renders one group; its members are read only when the projection shows them. */
async function groupAnswer(
  context: ScimContext,
  status: number,
  group: GroupDocument,
  projection: Projection,
): Promise<ScimAnswer> {
  const { baseUrl, schemas } = context;
  const isWhole = isShown(projection, 'members');
  const members = isWhole ? (await membersOfEach(context, [group])).get(group._id) : undefined;
  const resource = project(toScimGroup(group, schemas.group, baseUrl, members), projection);
  return { status, headers: headersOf(context, status, group), body: JSON.stringify(resource) };
}

function headersOf({ baseUrl }: ScimContext, status: number, group: GroupDocument): Record<string, string> {
  return {
    ETag: toEntityTag(group.version),
    [status === 201 ? 'Location' : 'Content-Location']: `${baseUrl}/Groups/${group._id}`,
  };
}

/** Notes for the request log what became of a group: `before` is absent for a new one, `after` for one that was deleted. */
function traceGroup(
  { trace, schemas, baseUrl }: ScimContext,
  { before, after, effects }: Partial<Outcome<GroupDocument>> & Pick<Outcome<GroupDocument>, 'effects'>,
): void {
  const group = after ?? before;
  if (!group) return;
  trace.noteEffects(effects);
  trace.target = { type: 'Group', id: group._id, label: group.displayName };
  if (before?.version === after?.version) return;
  const form = (document: GroupDocument | undefined) =>
    document && toScimGroup(document, schemas.group, baseUrl);
  trace.note(() => diffResources(form(before), form(after)));
}

/** `GET /Groups/{id}`. */
export async function getGroup(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { core, tenantId, directoryId } = context;
  const projection = projectionOf(context, request);
  const group = await readGroup(core, tenantId, idOf(request), directoryId);
  const tag = toEntityTag(group.version);
  if (evaluatePreconditions(request, tag, true) === 'not-modified') {
    return { status: 304, headers: { ETag: tag } };
  }
  return groupAnswer(context, 200, group, projection);
}

/** `GET /Groups` and `POST /Groups/.search`. */
export async function listGroups(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const list = readList(context, request, context.schemas.group);
  const kind = groupKind(context);
  const page = await findPage(context, kind, list);
  const show = (group: JsonObject): string => JSON.stringify(project(group, list.projection));
  return answerPage(list, page, renderResources(kind, shownBy(list.projection, 'members'), show));
}

/** `POST /Groups`: the group and its members at once, or neither. */
export async function postGroup(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { core, actor, schemas } = context;
  const projection = projectionOf(context, request);
  const resource = parseResource(request.body, schemas.group, { mode: 'create' });
  const add = memberIds(resource);
  const { after, effects } = await createGroupWithMembers(
    core,
    actor,
    fromScimGroup(resource, schemas.group),
    add,
  );
  traceGroup(context, { after, effects });
  return groupAnswer(context, 201, after, projection);
}

type Edit = (stored: GroupDocument) => GroupContent | undefined;

/** Changes a group and its members; the conditions on its version are judged in the same transaction. */
async function writeGroup(
  context: ScimContext,
  request: ScimRequest,
  edit: Edit,
  members: MemberChange | undefined,
): Promise<GroupDocument> {
  const { replaceWith, add = [], remove = [] } = members ?? {};
  const change = { add, remove, ...(replaceWith && { replaceWith }) };
  const options = { ...parseVersionConditions(request), edit };
  const outcome = await changeMembers(context.core, context.actor, idOf(request), change, options);
  traceGroup(context, outcome);
  return outcome.after;
}

/** `PUT /Groups/{id}`: exactly what is sent, members included. */
export async function putGroup(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { baseUrl, schemas } = context;
  const projection = projectionOf(context, request);
  const replaceWith = memberIds(parseResource(request.body, schemas.group, { mode: 'create' }));
  const edit: Edit = (stored) => {
    const existing = toScimGroup(stored, schemas.group, baseUrl);
    return fromScimGroup(
      parseResource(request.body, schemas.group, { mode: 'replace', existing }),
      schemas.group,
    );
  };
  const group = await writeGroup(context, request, edit, { replaceWith, add: [], remove: [] });
  return groupAnswer(context, 200, group, projection);
}

/** The operations on everything but the members, as a change of the stored group. */
function editBy(context: ScimContext, operations: readonly PatchOperation[]): Edit {
  const { directoryId, baseUrl, schemas } = context;
  return (stored) => {
    const existing = toScimGroup(stored, schemas.group, baseUrl);
    const patched = applyPatch(existing, operations, schemas.group);
    // A directory that writes to a group nobody manages takes it over, whatever it writes.
    const isTaken = stored.directoryId === null && directoryId !== null;
    return patched === existing && !isTaken ? undefined : fromScimGroup(patched, schemas.group);
  };
}

/** A PATCH that chooses members by more than their id: the members are read, and the outcome holds for that version alone. */
async function patchLoaded(
  context: ScimContext,
  request: ScimRequest,
  operations: readonly PatchOperation[],
): Promise<GroupDocument> {
  const { core, actor, baseUrl, schemas } = context;
  const outcome = await rewriteGroup(core, actor, idOf(request), async (stored) => {
    evaluatePreconditions(request, toEntityTag(stored.version), false);
    const members = (await membersOfEach(context, [stored])).get(stored._id);
    const existing = toScimGroup(stored, schemas.group, baseUrl, members);
    const patched = applyPatch(existing, operations, schemas.group);
    return { members: memberIds(patched), edit: () => fromScimGroup(patched, schemas.group) };
  });
  traceGroup(context, outcome);
  return outcome.after;
}

/**
 * `PATCH /Groups/{id}`: costs what changes, whatever the group's size. Answers 204, or 200 with the group when attributes are asked for
 * (RFC 7644 section 3.5.2).
 */
export async function patchGroup(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const operations = parsePatchRequest(request.body);
  const projection = projectionOf(context, request);
  const {
    members,
    needsMembers,
    operations: others,
  } = splitMemberOperations(operations, context.schemas.group);
  const group = needsMembers
    ? await patchLoaded(context, request, operations)
    : await writeGroup(context, request, editBy(context, others), members);
  if (projection.mode === 'default') return { status: 204, headers: headersOf(context, 204, group) };
  return groupAnswer(context, 200, group, projection);
}

/** `DELETE /Groups/{id}`. */
export async function deleteGroup(context: ScimContext, request: ScimRequest): Promise<ScimAnswer> {
  const { core, actor } = context;
  const { group, effects } = await removeGroup(core, actor, idOf(request), parseVersionConditions(request));
  traceGroup(context, { before: group, effects });
  return { status: 204 };
}
