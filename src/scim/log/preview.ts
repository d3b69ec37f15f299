/**
 * What the admin API may use of SCIM: a directory's request log, read, replayed and live. Nothing here writes to users or groups.
 */
import { directoryActor } from '../../identity/actors.js';
import type { FieldChange } from '../../identity/changes.js';
import type { Core } from '../../identity/core.js';
import { getDirectory, type DirectoryDocument } from '../../identity/directories/directories.js';
import type { ScimRequestDocument } from '../../persistence/collections/scim-requests.js';
import { containingAnyCase } from '../../identity/search-text.js';
import type { Query } from '../../persistence/store.js';
import { holdsCut } from '../../shared/cut-values.js';
import { tenantConfig } from '../../identity/tenants/config.js';
import { tenantSchemas } from '../../identity/tenants/schemas.js';
import { AppError } from '../../shared/errors.js';
import { parseAddress } from '../exchange/address.js';
import { applyDialect } from '../exchange/dialect.js';
import { dispatch } from '../endpoints/dispatch.js';
import { dryRunOf } from './dry-run.js';
import { toFailure, type Failure } from '../exchange/error-response.js';
import type { ScimContext } from '../exchange/request.js';
import { isOmitted, requestLogOf, secretsOf, toOperations, toOutcome } from './request-log.js';
import { newTrace, withoutMasked, type RoleChange, type Trace } from '../exchange/trace.js';

export { deviationCounts } from './deviations.js';
export type { ScimRequestDocument } from '../../persistence/collections/scim-requests.js';
export { fullDiff } from './logged-diff.js';
export { namesIn } from './names.js';
export { subscribeRequests } from './request-feed.js';
export type { LoggedRequest } from './request-log.js';

export interface RequestFilter {
  /** HTTP method. */
  method?: string;
  /** `failure`: answered with 400 or more. */
  result?: 'success' | 'failure';
  /** The id of a user or group: requests about it, and those that moved its roles or memberships. */
  targetId?: string;
  /** Name of a deviation. */
  deviation?: string;
  /** Exactly this HTTP status. */
  status?: number;
  /** Where it came from. */
  ip?: string;
  /** Found anywhere in the path or in the label of the target, any case. */
  q?: string;
  /** Inclusive. */
  from?: Date;
  /** Exclusive. */
  to?: Date;
}

export interface RequestPage {
  /** Requests older than this one; absent: from the newest. */
  beforeId?: string;
  limit: number;
  /** Asked of each item, in order: whether to end with it. */
  until?: (read: unknown) => boolean;
}

/** Where an entry names a user or group: what it was about, whose roles moved, who joined or left, on its own or in a bulk request. */
const placesOfId = [
  'target.id',
  'roleChanges.userId',
  'diff.after',
  'diff.before',
  'operations.target.id',
  'operations.roleChanges.userId',
  'operations.diff.after',
  'operations.diff.before',
];

function concerning(id: string): Query {
  return { $or: placesOfId.map((place) => ({ [place]: id })) };
}

function narrowedBy({ status, ip, q, from, to }: RequestFilter): Query {
  const found = q === undefined ? undefined : containingAnyCase(q);
  const at = { ...(from && { $gte: from }), ...(to && { $lt: to }) };
  const conditions = [
    ...(status === undefined ? [] : [{ status }]),
    ...(found === undefined ? [] : [{ $or: [{ path: found }, { 'target.label': found }] }]),
  ];
  return {
    ...(ip !== undefined && { ip }),
    ...((from ?? to) && { at }),
    ...(conditions.length > 0 && { $and: conditions }),
  };
}

function queryOf(directoryId: string, filter: RequestFilter): Query {
  return {
    directoryId,
    ...narrowedBy(filter),
    ...(filter.method !== undefined && { method: filter.method.toUpperCase() }),
    ...(filter.result && { status: filter.result === 'failure' ? { $gte: 400 } : { $lt: 400 } }),
    ...(filter.targetId !== undefined && concerning(filter.targetId)),
    ...(filter.deviation !== undefined && { deviations: filter.deviation }),
  };
}

/** How many of a directory's requests match. */
export async function countLogged(
  core: Core,
  tenantId: string,
  directoryId: string,
  filter: RequestFilter,
): Promise<number> {
  await requestLogOf(core).flush();
  return core.store.tenant(tenantId).collection('scim_requests').count(queryOf(directoryId, filter));
}

/** A directory's requests, newest first, with how many match in all. */
export async function listRequests(
  core: Core,
  tenantId: string,
  directoryId: string,
  filter: RequestFilter,
  page: RequestPage,
): Promise<{ items: ScimRequestDocument[]; total: number }> {
  await requestLogOf(core).flush();
  const requests = core.store.tenant(tenantId).collection('scim_requests');
  const query = queryOf(directoryId, filter);
  const [items, total] = await Promise.all([
    requests.find(query, {
      sort: { _id: -1 },
      limit: page.limit,
      ...(page.until && { until: page.until }),
      ...(page.beforeId !== undefined && { after: { _id: page.beforeId } }),
    }),
    requests.count(query),
  ]);
  return { items, total };
}

/** @throws AppError `scim_request.not_found`. */
export async function getRequest(
  core: Core,
  tenantId: string,
  directoryId: string,
  id: string,
): Promise<ScimRequestDocument> {
  await requestLogOf(core).flush();
  const request = await core.store.tenant(tenantId).collection('scim_requests').get(id);
  if (request?.directoryId !== directoryId) {
    throw new AppError('scim_request.not_found', 'there is no such request in the log');
  }
  return request;
}

/** What a recorded request would do now. */
export interface Replay {
  status: number;
  deviations: string[];
  diff: FieldChange[];
  roleChanges: RoleChange[];
  error: ScimRequestDocument['error'];
  /** Of a bulk request, operation by operation: each as if it came alone. */
  operations: ScimRequestDocument['operations'];
}

/** Operations of a bulk request that build on one another cannot be tried one by one. */
function requireIndependent(recorded: ScimRequestDocument): void {
  const [endpoint] = parseAddress(recorded.path).segments;
  if (endpoint !== 'Bulk' || !JSON.stringify(recorded.body).includes('bulkId:')) return;
  throw new AppError(
    'scim_request.not_replayable',
    'the operations of this bulk request refer to one another: nothing is written, so the later ones would not find what the earlier ones make',
  );
}

/** In the name of the directory, on a store that keeps nothing. */
async function dryContext(core: Core, directory: DirectoryDocument, trace: Trace): Promise<ScimContext> {
  const actor = directoryActor(directory, { name: 'replay' }, { requestId: null, ip: null });
  return {
    core: dryRunOf(core),
    actor,
    tenantId: directory.tenantId,
    directoryId: directory._id,
    userId: null,
    dialect: directory.dialect,
    learnedDialect: directory.learnedDialect,
    mapping: directory.attributeMapping,
    baseUrl: `${core.config.baseUrl}/scim/v2`,
    schemas: tenantSchemas(core, await tenantConfig(core, directory.tenantId)),
    trace,
  };
}

/**
 * Plays a recorded request again as it stands in the log and undoes all of it: every check has its say, nothing is written.
 *
 * Secrets are not in the log, so a password that was sent plays no part.
 *
 * @throws AppError `scim_request.not_found`, `scim_request.not_replayable` (body too large to be kept, or a database that cannot undo).
 */
export async function replayRequest(
  core: Core,
  tenantId: string,
  directoryId: string,
  id: string,
): Promise<Replay> {
  const recorded = await getRequest(core, tenantId, directoryId, id);
  const directory = await getDirectory(core, tenantId, directoryId);
  if (recorded.method === 'NOTE') {
    throw new AppError('scim_request.not_replayable', 'this is a note of the log, no request');
  }
  if (holdsCut(recorded.body)) {
    throw new AppError('scim_request.not_replayable', 'a part of this body was too long to be kept');
  }
  if (isOmitted(recorded.body)) {
    throw new AppError('scim_request.not_replayable', 'the body of this request was too large to be kept');
  }
  requireIndependent(recorded);
  if (!core.store.isAtomic) {
    throw new AppError(
      'scim_request.not_replayable',
      'this database has no transactions to undo a replay with',
    );
  }
  const trace = newTrace();
  const context = await dryContext(core, directory, trace);
  const isSecret = secretsOf(core);
  const outcome = async (status: number, failure: Failure | null): Promise<Replay> => {
    const { diff, roleChanges, error } = toOutcome({ trace, failure }, isSecret);
    const operations = await toOperations(trace, isSecret);
    return { status, deviations: trace.deviations, diff, roleChanges, error, operations };
  };
  try {
    const { status } = await dispatch(
      context,
      applyDialect(context, {
        method: recorded.method === 'HEAD' ? 'GET' : recorded.method,
        ...parseAddress(recorded.path),
        body: recorded.body === null ? undefined : withoutMasked(recorded.body),
        ifMatch: undefined,
        ifNoneMatch: undefined,
      }),
    );
    return await outcome(status, null);
  } catch (error) {
    const failure = toFailure(error, core.log, null);
    return outcome(failure.status, failure);
  }
}
