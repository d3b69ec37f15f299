import type { Request, RequestHandler, Response } from 'express';
import { countInSecond } from '../../http/limits.js';
import { noteCaller, requestIdOf, type RequestFacts } from '../../http/request-context.js';
import type { Core } from '../../identity/core.js';
import { commonSchemas } from '../../identity/tenants/schemas.js';
import { AppError } from '../../shared/errors.js';
import { parseAddress } from '../exchange/address.js';
import { authenticate, isAnonymous, type Authenticated, type FindTokenOwner } from './bearer-auth.js';
import { applyDialect } from '../exchange/dialect.js';
import { readPublicly } from '../endpoints/discovery-routes.js';
import { dispatch } from '../endpoints/dispatch.js';
import { failureAnswer, InsufficientScope, toFailure, type Failure } from '../exchange/error-response.js';
import type { ScimAnswer, ScimContext, ScimRequest } from '../exchange/request.js';
import type { SchemaRegistry } from '../protocol/schema-registry.js';
import { ScimError } from '../protocol/scim-error.js';
import { readBody } from './request-body.js';
import { requestLogOf, type RequestLog } from '../log/request-log.js';
import { resourceMethods } from '../endpoints/resource-methods.js';
import { sendAnswer } from './send-answer.js';
import { newTrace, type Trace } from '../exchange/trace.js';

export interface ScimRouteOptions {
  /** Opens `/Me` to people's access tokens; absent: `/Me` is 404 for everybody. */
  findTokenOwner?: FindTokenOwner;
  /** Told of each answer, for the metrics: `GET Users`, from a small set of words whatever was asked. */
  onAnswered?: (operation: string, status: number) => void;
}

interface Server extends ScimRouteOptions {
  readonly core: Core;
  /** What strangers are shown. */
  readonly schemas: SchemaRegistry;
  readonly log: RequestLog;
  readonly baseUrl: string;
}

/**
 * The address below `/v2`.
 *
 * @throws ScimError 400 invalidVers for another version of the protocol (RFC 7644 section 3.13); AppError `route.not_found`.
 */
function belowVersion(url: string): string {
  const [, version = '', rest = ''] = /^\/([^/?]*)(.*)$/s.exec(url) ?? [];
  if (version === 'v2') return rest;
  if (/^v\d+(\.\d+)?$/i.test(version)) {
    throw new ScimError(400, 'invalidVers', `this server speaks v2 of SCIM, not ${version}`);
  }
  throw new AppError('route.not_found', 'SCIM is found below /scim/v2');
}

/** What is known of a request when it has been answered. */
interface Progress {
  readonly trace: Trace;
  readonly origin: { requestId: string; ip: string };
  who?: Authenticated;
  body?: unknown;
  failure?: Failure;
}

function requestOf(req: Request, body: unknown): ScimRequest {
  return {
    method: req.method === 'HEAD' ? 'GET' : req.method,
    ...parseAddress(belowVersion(req.url)),
    body,
    ifMatch: req.headers['if-match'],
    ifNoneMatch: req.headers['if-none-match'],
  };
}

/** Whether a request changes nothing, whatever it is answered: `.search` is a read by `POST` (RFC 7644 section 3.4.3). */
function isRead({ method, url }: Request): boolean {
  const { segments } = parseAddress(url.replace(/^\/v2/, ''));
  return method === 'GET' || method === 'HEAD' || (method === 'POST' && segments.at(-1) === '.search');
}

const discovery = /^\/v2\/+(?:ServiceProviderConfig|Schemas|ResourceTypes)(?:[/?]|$)/;

/** @throws AppError `rate.limited`, `directory.pulls`; {@link InsufficientScope}. */
async function admit(core: Core, who: Authenticated, req: Request): Promise<void> {
  const { directory, credential, requestsPerSecond, mayWrite } = who;
  if (directory) await countInSecond(core, `scim:${directory._id}`, requestsPerSecond, credential?.name);
  if (isRead(req)) return;
  if (!mayWrite) throw new InsufficientScope('scim');
  // The next pull would undo it.
  if (directory?.kind === 'google')
    throw new AppError(
      'directory.pulls',
      'this directory pulls from Google Workspace: nothing can be pushed to it. Create a directory of the kind scim for pushes',
    );
}

async function answerRequest(server: Server, req: Request, progress: Progress): Promise<ScimAnswer> {
  const { core, baseUrl } = server;
  if (isAnonymous(req) && discovery.test(req.url)) {
    const answer = readPublicly(server, requestOf(req, undefined));
    if (answer) return answer;
  }
  const who = await authenticate(core, req, progress.origin, server.findTokenOwner);
  progress.who = who;
  const { tenantId, actor, directory, userId, schemas } = who;
  await admit(core, who, req);
  const body = await readBody(req, core.config.limits.scimBodyBytes);
  progress.body = body;
  const context: ScimContext = {
    core,
    actor,
    tenantId,
    directoryId: directory?._id ?? null,
    userId,
    dialect: directory?.dialect ?? 'auto',
    learnedDialect: directory?.learnedDialect ?? null,
    mapping: directory?.attributeMapping,
    baseUrl,
    schemas,
    trace: progress.trace,
  };
  return dispatch(context, applyDialect(context, requestOf(req, body)));
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE']);
const endpoints = new Set([
  ...resourceMethods.keys(),
  'Bulk',
  'Me',
  'ResourceTypes',
  'Schemas',
  'ServiceProviderConfig',
]);

/** Method and endpoint; what is neither known is `other`, so that nobody can fill the metrics with invented ones. */
function operationOf({ method, url }: Request): string {
  const endpoint = /^\/v2\/([^/?]+)/.exec(url)?.[1] ?? '';
  return `${methods.has(method) ? method : 'other'} ${endpoints.has(endpoint) ? endpoint : 'other'}`;
}

/** The address as a template, for log and metrics: ids and unknown endpoints are left out. */
function templateOf(url: string): string {
  const [endpoint = '', id] = (url.split('?', 1)[0] ?? '').replace(/^\/v2\/*/, '').split('/');
  if (endpoint === '.search') return '/scim/v2/.search';
  if (!endpoints.has(endpoint)) return '/scim/v2/other';
  if (id === undefined || id === '') return `/scim/v2/${endpoint}`;
  return `/scim/v2/${endpoint}/${id === '.search' ? id : ':id'}`;
}

function callerFacts(who: Progress['who']): RequestFacts {
  if (!who) return {};
  const { tenantId, directory, userId, credential } = who;
  return {
    tenant: tenantId,
    ...(directory && { directory: directory._id }),
    ...(credential?.type === 'client' && { client: credential.id }),
    ...(userId !== null && { user: userId }),
  };
}

async function serve(server: Server, req: Request, res: Response): Promise<void> {
  const { core, log } = server;
  const at = core.clock.now();
  const start = performance.now();
  const origin = { requestId: requestIdOf(req), ip: req.ip ?? '' };
  const progress: Progress = { trace: newTrace(), origin };
  let answer: ScimAnswer;
  try {
    answer = await answerRequest(server, req, progress);
  } catch (error) {
    progress.failure = toFailure(error, core.log, origin.requestId);
    answer = failureAnswer(progress.failure);
  }
  core.turns.noteAnswer(progress.who?.tenantId, res, answer.body);
  sendAnswer(res, answer, req.method === 'HEAD');
  server.onAnswered?.(operationOf(req), answer.status);
  noteCaller(req, { route: templateOf(req.url), ...callerFacts(progress.who) });
  const { who, trace, body, failure } = progress;
  if (!who?.directory || !who.credential) return;
  log.record({
    tenantId: who.tenantId,
    directory: who.directory,
    at,
    method: req.method,
    path: req.url.replace(/^\/v2/, ''),
    status: answer.status,
    latencyMs: performance.now() - start,
    requestId: origin.requestId,
    userAgent: req.headers['user-agent'] ?? '',
    ip: origin.ip,
    credential: who.credential,
    body,
    trace,
    failure: failure ?? null,
  });
}

/**
 * The SCIM service provider, to be mounted at `/scim`. One handler without further middleware: it reads its own bodies and renders its
 * own errors, so nothing an identity provider sends is ever answered in another form.
 */
export function scimRoutes(core: Core, options: ScimRouteOptions = {}): RequestHandler {
  const server: Server = {
    ...options,
    core,
    schemas: commonSchemas(core),
    log: requestLogOf(core),
    baseUrl: `${core.config.baseUrl}/scim/v2`,
  };
  return (req, res, next) => {
    serve(server, req, res).catch(next);
  };
}
