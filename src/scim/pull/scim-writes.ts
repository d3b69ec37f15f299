import { directoryActor } from '../../identity/actors.js';
import type { Actor, Core } from '../../identity/core.js';
import type { DirectoryDocument } from '../../identity/directories/directories.js';
import type { PullCounts } from '../../identity/directories/pulls.js';
import { tenantConfig } from '../../identity/tenants/config.js';
import { tenantSchemas } from '../../identity/tenants/schemas.js';
import { AppError } from '../../shared/errors.js';
import { dispatch } from '../endpoints/dispatch.js';
import { parseAddress } from '../exchange/address.js';
import { failureAnswer, toFailure, type Failure } from '../exchange/error-response.js';
import type { ScimAnswer, ScimContext } from '../exchange/request.js';
import { newTrace } from '../exchange/trace.js';
import { requestLogOf } from '../log/request-log.js';
import { patchOpUrn } from '../protocol/urns.js';

/** Writes what a pull found, as the requests that a push would send. */
export interface ScimWriter {
  readonly core: Core;
  readonly directory: DirectoryDocument;
  readonly signal: AbortSignal;
  /** @returns the answer; a refusal is in the request log, and the pull goes on. */
  send(method: 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<ScimAnswer>;
  /** The same with the operations of a PATCH. */
  patch(path: string, operations: readonly object[]): Promise<ScimAnswer>;
}

export type CountedKind = 'users' | 'groups';
export type Counts = Record<CountedKind, PullCounts>;

export const newCounts = (): Counts => {
  const none = (): PullCounts => ({ created: 0, changed: 0, deactivated: 0, removed: 0, refused: 0 });
  return { users: none(), groups: none() };
};

/** Counts an answer as what it was for, or as refused. @returns whether it went well. */
export function count(
  counts: PullCounts,
  name: Exclude<keyof PullCounts, 'refused'>,
  answer: ScimAnswer,
): boolean {
  const isDone = answer.status < 400;
  counts[isDone ? name : 'refused'] += 1;
  return isDone;
}

/** No answer to what was asked: the whole pull waits for the database. */
export const isDatabaseAway = (error: unknown): boolean =>
  error instanceof AppError && error.code === 'server.unavailable';

const userAgent = 'Gatehouse pull';
/** The request log takes them in batches: so many are left before the pull waits for it. */
const maxUnwritten = 500;

/** Strict: what a pull sends is in the form of the RFC. */
const contextOf = async (core: Core, directory: DirectoryDocument, actor: Actor): Promise<ScimContext> => ({
  core,
  actor,
  tenantId: directory.tenantId,
  directoryId: directory._id,
  userId: null,
  dialect: 'strict',
  learnedDialect: null,
  mapping: directory.attributeMapping,
  baseUrl: `${core.config.baseUrl}/scim/v2`,
  schemas: tenantSchemas(core, await tenantConfig(core, directory.tenantId)),
  trace: newTrace(),
});

/** Runs one request through the engine; a refusal is an answer too. */
async function answerOf(
  context: ScimContext,
  method: string,
  path: string,
  body: object | undefined,
  jobId: string,
): Promise<{ answer: ScimAnswer; failure: Failure | null }> {
  try {
    const request = { method, ...parseAddress(path), body, ifMatch: undefined, ifNoneMatch: undefined };
    return { answer: await dispatch(context, request), failure: null };
  } catch (error) {
    if (isDatabaseAway(error)) throw error;
    const failure = toFailure(error, context.core.log, jobId);
    return { answer: failureAnswer(failure), failure };
  }
}

/**
 * Opens the way through the SCIM engine for one pull: the same rules, guards and request log as for a push.
 *
 * @param jobId - stands in the log as the request's id.
 */
export function openScimWriter(
  core: Core,
  directory: DirectoryDocument,
  jobId: string,
  signal: AbortSignal,
): ScimWriter {
  const actor = directoryActor(directory, { name: 'pull' }, { requestId: jobId, ip: null });
  const log = requestLogOf(core);
  // What a pull sends is in the form of the RFC: there is nothing to learn from it.
  const logged: DirectoryDocument = { ...directory, dialect: 'strict' };
  let unwritten = 0;

  async function flushSometimes(): Promise<void> {
    unwritten += 1;
    if (unwritten < maxUnwritten) return;
    unwritten = 0;
    await log.flush();
  }

  async function send(method: string, path: string, body?: object): Promise<ScimAnswer> {
    signal.throwIfAborted();
    const [at, start] = [core.clock.now(), performance.now()];
    const context = await contextOf(core, directory, actor);
    const { answer, failure } = await answerOf(context, method, path, body, jobId);
    log.record({
      ...{ tenantId: directory.tenantId, directory: logged, at, method, path, status: answer.status },
      latencyMs: performance.now() - start,
      requestId: jobId,
      userAgent,
      ip: '',
      credential: { type: 'pull', id: jobId, name: 'pull' },
      ...{ body, trace: context.trace, failure },
    });
    await flushSometimes();
    return answer;
  }

  return {
    core,
    directory,
    signal,
    send,
    patch: (path, operations) => send('PATCH', path, { schemas: [patchOpUrn], Operations: operations }),
  };
}
