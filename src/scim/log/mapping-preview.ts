/**
 * What the admin API may use of SCIM beside the request log: a try of an attribute mapping. Nothing here writes.
 */
import { checkMapping, type AttributeMappingInput } from '../../identity/directories/attribute-mapping.js';
import { directoryActor } from '../../identity/actors.js';
import type { FieldChange } from '../../identity/changes.js';
import type { Core } from '../../identity/core.js';
import type { DirectoryDocument } from '../../identity/directories/directories.js';
import { tenantConfig } from '../../identity/tenants/config.js';
import { tenantSchemas } from '../../identity/tenants/schemas.js';
import { requireAttributeLimits } from '../../identity/users/input-limits.js';
import { getUser } from '../../identity/users/users.js';
import { holdsCut } from '../../shared/cut-values.js';
import { AppError } from '../../shared/errors.js';
import { columnsOf, foreignOf } from '../exchange/columns.js';
import { applyDialect } from '../exchange/dialect.js';
import type { ScimContext } from '../exchange/request.js';
import { diffResources, newTrace, withoutMasked } from '../exchange/trace.js';
import { applyColumns, findColumn } from '../protocol/column-mapping.js';
import { isJsonObject, type JsonObject } from '../protocol/json-value.js';
import { parseResource } from '../protocol/resource-parse.js';
import { ScimError } from '../protocol/scim-error.js';
import { toScimUser } from '../users/resource.js';
import { isOmitted, requestLogOf } from './request-log.js';

export interface MappingTry {
  /** In place of the directory's own. */
  attributeMapping?: readonly AttributeMappingInput[] | undefined;
  /** A user as the provider would send it. */
  user?: JsonObject | undefined;
  /** A stored user of the directory. Without either: the newest user that was sent. */
  userId?: string | undefined;
}

export interface MappingPreview {
  /** Where the sample is from; `id` of the request in the log, or of the user. */
  sample: { source: 'given' | 'request' | 'user'; id: string | null };
  before: JsonObject;
  after: JsonObject;
  changes: FieldChange[];
  /** Names in the sample that no schema has: they may be sources. */
  unknownNames: string[];
  /** Why a push of this sample would be refused. */
  error: string | null;
}

interface Sample {
  sample: MappingPreview['sample'];
  body: JsonObject;
}

const looksBack = 200;

/** The newest whole user in the request log. */
async function newestRequest(core: Core, { tenantId, _id }: DirectoryDocument): Promise<Sample | undefined> {
  await requestLogOf(core).flush();
  const requests = core.store.tenant(tenantId).collection('scim_requests');
  const fields = ['method', 'path'];
  const newest = await requests.find({ directoryId: _id }, { sort: { _id: -1 }, limit: looksBack, fields });
  for (const { _id: id, method, path } of newest) {
    if (!['POST', 'PUT'].includes(method) || !/^\/Users(\/(?!\.search)|\?|$)/.test(path)) continue;
    const body = (await requests.get(id))?.body;
    if (!isJsonObject(body) || isOmitted(body) || holdsCut(body)) continue;
    const sent = withoutMasked(body);
    if (isJsonObject(sent)) return { sample: { source: 'request', id }, body: sent };
  }
  return undefined;
}

/** @throws AppError `input.invalid` when there is no user yet; `user.not_found`. */
async function sampleOf(
  context: ScimContext,
  directory: DirectoryDocument,
  { user, userId }: MappingTry,
): Promise<Sample> {
  const { core, tenantId, schemas, baseUrl } = context;
  if (user) {
    requireAttributeLimits(user);
    return { sample: { source: 'given', id: null }, body: user };
  }
  const sent = userId === undefined ? await newestRequest(core, directory) : undefined;
  if (sent) return sent;
  const users = core.store.tenant(tenantId).collection('users');
  const [stored] =
    userId === undefined
      ? await users.find({ directoryId: directory._id }, { sort: { _id: -1 }, limit: 1 })
      : [await getUser(core, tenantId, userId, directory._id)];
  if (!stored) {
    const detail = 'the directory has sent no user yet: give one';
    throw new AppError('input.invalid', detail, { errors: [{ pointer: '/user', detail }] });
  }
  return { sample: { source: 'user', id: stored._id }, body: toScimUser(stored, schemas.user, baseUrl) };
}

function unknownNames({ schemas }: ScimContext, body: JsonObject): string[] {
  const names = Object.entries(body).flatMap(([key, value]) =>
    /^urn:/i.test(key) && isJsonObject(value) ? Object.keys(value).map((name) => `${key}:${name}`) : [key],
  );
  return names.filter((name) => !findColumn(name, schemas.user)).slice(0, 100);
}

async function contextOf(core: Core, directory: DirectoryDocument, tried: MappingTry): Promise<ScimContext> {
  const config = await tenantConfig(core, directory.tenantId);
  return {
    core,
    actor: directoryActor(directory, { name: 'preview' }, { requestId: null, ip: null }),
    tenantId: directory.tenantId,
    directoryId: directory._id,
    userId: null,
    dialect: directory.dialect,
    learnedDialect: directory.learnedDialect,
    mapping: tried.attributeMapping
      ? checkMapping(core, config, tried.attributeMapping)
      : directory.attributeMapping,
    baseUrl: `${core.config.baseUrl}/scim/v2`,
    schemas: tenantSchemas(core, config),
    trace: newTrace(),
  };
}

/**
 * Shows what a mapping makes of a user that is new here.
 *
 * @throws AppError `input.invalid` for a mapping that does not hold, or when there is no user to try it on; `user.not_found`.
 */
export async function previewMapping(
  core: Core,
  directory: DirectoryDocument,
  tried: MappingTry,
): Promise<MappingPreview> {
  const context = await contextOf(core, directory, tried);
  const { sample, body } = await sampleOf(context, directory, tried);
  const told = { sample, unknownNames: unknownNames(context, body) };
  const sent = {
    method: 'POST',
    segments: ['Users'],
    query: {},
    body,
    ifMatch: undefined,
    ifNoneMatch: undefined,
  };
  try {
    const request = applyDialect(context, sent);
    const { user: schema } = context.schemas;
    const before = parseResource(request.body, schema, { mode: 'create' });
    const columns = columnsOf(context);
    const words = { foreign: foreignOf(request), isWhole: true };
    const after = columns ? applyColumns(before, undefined, columns, words, schema) : before;
    return { ...told, before, after, changes: diffResources(before, after), error: null };
  } catch (error) {
    if (!(error instanceof ScimError)) throw error;
    return { ...told, before: body, after: body, changes: [], error: error.detail };
  }
}
