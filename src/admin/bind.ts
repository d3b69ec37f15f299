import { Router, type ErrorRequestHandler, type Request, type RequestHandler, type Response } from 'express';
import { sendProblem, toAppError } from '../http/error-page.js';
import { answerOnce, type Answer } from '../identity/answers/kept-answers.js';
import type { Core } from '../identity/core.js';
import { AppError } from '../shared/errors.js';
import {
  authenticate,
  callerNow,
  hasRight,
  requireCsrfToken,
  requireRecentProof,
  requireRight,
  type Caller,
} from './authenticate.js';
import { planRequest, presentPlan, queryOf, requirePlan, type PlanQuery } from './plans.js';
import { etagOf, requireMatch } from './etag.js';
import { parseInput, readJson } from './input.js';
import type { Reply, Route, Versioned } from './route.js';

const isVersioned = (value: unknown): value is Versioned =>
  typeof value === 'object' && value !== null && 'version' in value && typeof value.version === 'number';

function answerOf(route: Route, reply: Reply<unknown>): Answer {
  return {
    status: reply.status ?? route.status,
    headers: { ...(reply.version !== undefined && { ETag: etagOf(reply.version) }), ...reply.headers },
    ...(reply.body !== undefined && { text: JSON.stringify(reply.body) }),
  };
}

function send(core: Core, caller: Caller, res: Response, { headers, status, text }: Answer): void {
  for (const [name, value] of Object.entries(headers)) res.setHeader(name, value);
  res.status(status);
  if (text === undefined) {
    res.end();
    return;
  }
  core.turns.noteAnswer(caller.actor.tenantId, res, text);
  res.type('application/json').send(text);
}

/** The key under which a caller may send the same POST again (draft-ietf-httpapi-idempotency-key-header). @throws AppError `input.invalid`. */
function repeatKeyOf(route: Route, req: Request): string | undefined {
  const key = route.method === 'post' ? req.get('idempotency-key') : undefined;
  if (key === undefined || /^[\x21-\x7e]{1,255}$/.test(key)) return key;
  throw new AppError('input.invalid', 'Idempotency-Key must be 1 to 255 visible characters', {
    errors: [{ pointer: 'Idempotency-Key', detail: 'must be 1 to 255 visible characters' }],
  });
}

/** An empty parameter, as a form sends it for a field left empty, is an absent one. */
function givenParameters(query: Request['query']): Request['query'] {
  return Object.fromEntries(Object.entries(query).filter(([, value]) => value !== ''));
}

/**
 * What the path names, for a caller with the route's permission, or with a right to this very thing; whoever has neither is not told
 * whether it exists.
 */
async function findTarget(
  core: Core,
  route: Route,
  caller: Caller,
  params: Record<string, string>,
): Promise<unknown> {
  const find = (): Promise<unknown> => route.target(core, caller.actor.tenantId, params, caller);
  if (!route.openTo || hasRight(caller, route.permission)) {
    requireRight(caller, route.permission);
    return find();
  }
  const target = await find().catch((error: unknown) => {
    if (error instanceof AppError && error.status === 404) return undefined;
    throw error;
  });
  const isFound = target !== undefined || !route.hasTarget;
  const isOpen = isFound && (await route.openTo(core, caller.actor, target));
  if (!isOpen) requireRight(caller, route.permission);
  return target;
}

/** Whether the one who was let in would be let in again: same credential, same tenant, still permitted, its target still there. */
async function isStillAllowed(core: Core, route: Route, req: Request, first: Caller): Promise<boolean> {
  try {
    const caller = await callerNow(core, req, route.scope);
    const isSame =
      caller?.actor.party.id === first.actor.party.id && caller.actor.tenantId === first.actor.tenantId;
    if (!isSame) return false;
    await findTarget(core, route, caller, req.params as Record<string, string>);
    return true;
  } catch (error) {
    if (error instanceof AppError) return false;
    throw error;
  }
}

type ReadBody = (req: Request, res: Response) => Promise<unknown>;

/**
 * One request from door to answer, in the order scripts rely on: 401, 403 before the body is looked at, 404, 412, 400.
 *
 * @param checkOutput - compare every answer with the schema it was announced with (tests).
 */
function serve(core: Core, route: Route, readBody: ReadBody, checkOutput: boolean): RequestHandler {
  const query = queryOf(route);
  return async (req, res) => {
    const caller = await authenticate(core, req, route.scope);
    if (route.method !== 'get') requireCsrfToken(core, caller, req);
    const params = req.params as Record<string, string>;
    const target = await findTarget(core, route, caller, params);
    if (route.stepUp) requireRecentProof(core, caller);
    let raw: Promise<unknown> | undefined;
    const readRaw = (): Promise<unknown> => (raw ??= readBody(req, res));
    const work = async (): Promise<Answer | undefined> => {
      const ifVersion = isVersioned(target) ? requireMatch(req.get('if-match'), target.version) : {};
      const given = parseInput(query, givenParameters(req.query), 'query') as PlanQuery;
      const context = {
        core,
        actor: caller.actor,
        config: caller.config,
        caller,
        params,
        query: given,
        body: route.body ? parseInput(route.body, await readRaw(), 'body') : undefined,
        target,
        ifVersion,
        isStillAllowed: () => isStillAllowed(core, route, req, caller),
        req,
        res,
      };
      if (route.isPlanned && (given.dryRun === true || given.plan !== undefined)) {
        const plan = await planRequest(core, route, context);
        if (given.dryRun === true)
          return { status: 200, headers: {}, text: JSON.stringify(presentPlan(plan)) };
        requirePlan(plan, given.plan);
      }
      const reply = await route.handler(context);
      if (reply === undefined) return undefined;
      if (checkOutput && route.output) route.output.parse(reply.body);
      return answerOf(route, reply);
    };
    const key = repeatKeyOf(route, req);
    const answer =
      key === undefined
        ? await work()
        : await repeated(core, caller, res, key, work, {
            address: `${req.method} ${req.originalUrl}`,
            body: route.body ? await readRaw() : undefined,
          });
    if (answer) send(core, caller, res, answer);
  };
}

/** The answer to a POST that may have been sent before with the same key. */
async function repeated(
  core: Core,
  { actor }: Caller,
  res: Response,
  key: string,
  work: () => Promise<Answer | undefined>,
  question: { address: string; body: unknown },
): Promise<Answer> {
  const { answer, isRepeated } = await answerOnce(
    core,
    actor,
    { key, question: JSON.stringify([question.address, question.body]) },
    async () => {
      const made = await work();
      if (!made) throw new Error('a POST is answered at once');
      return made;
    },
  );
  if (isRepeated) res.setHeader('Idempotency-Replayed', 'true');
  return answer;
}

/** Paths with fewer places first: `/users/export.csv` must not be taken for a user's id. */
function bySpecificity(a: string, b: string): number {
  const places = (path: string): string =>
    path
      .split('/')
      .map((segment) => (segment.startsWith('{') ? '1' : '0'))
      .join('');
  return places(a) < places(b) ? -1 : places(a) > places(b) ? 1 : 0;
}

const toExpressPath = (path: string): string => path.replace(/\{(\w+)\}/g, ':$1');

function methodNotAllowed(routes: readonly Route[]): RequestHandler {
  const methods = routes.map((route) => route.method.toUpperCase());
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  return (req, res) => {
    res.setHeader('Allow', allow);
    if (req.method !== 'OPTIONS')
      throw new AppError('route.method_not_allowed', `this address takes ${allow}`);
    res.status(204).end();
  };
}

/** Renders everything that is thrown as a problem (RFC 9457). */
function problemHandler(core: Core): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    const problem = toAppError(error, core.log, req);
    if (res.headersSent) {
      next(error);
      return;
    }
    if (problem.status === 401) res.setHeader('WWW-Authenticate', 'Bearer realm="gatehouse"');
    sendProblem(req, res, problem);
  };
}

/** Makes express routes of the table. */
export function bindRoutes(core: Core, table: readonly Route[]): Router {
  const router = Router({ caseSensitive: true });
  const { apiBodyBytes, importBodyBytes } = core.config.limits;
  const readBody = readJson(apiBodyBytes);
  const readFile = readJson(importBodyBytes);
  const checkOutput = core.config.environment === 'test';
  router.use((req, res, next) => {
    res.setHeader('Cache-Control', 'no-store');
    res.setHeader('X-Content-Type-Options', 'nosniff');
    // An answer may change without its item's version (a role's name, a lock that ran out): never 304.
    delete req.headers['if-none-match'];
    next();
  });
  for (const path of [...new Set(table.map((route) => route.path))].sort(bySpecificity)) {
    const routes = table.filter((route) => route.path === path);
    const place = router.route(toExpressPath(path));
    for (const route of routes)
      place[route.method](serve(core, route, route.takesFile ? readFile : readBody, checkOutput));
    place.all(methodNotAllowed(routes));
  }
  router.use(() => {
    throw new AppError('route.not_found', 'there is nothing at this address');
  });
  router.use(problemHandler(core));
  return router;
}
