import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Actor, Core } from '../identity/core.js';
import type { TenantConfig } from '../identity/tenants/config.js';
import type { PlannedWork } from './plans.js';
import type { Caller, RouteScope } from './authenticate.js';

/** Names of the `{name}` places of a path template. */
type PlaceNames<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PlaceNames<Rest>
  : never;

type Places<P extends string> = Readonly<Record<PlaceNames<P>, string>>;

/** What an item's ETag is made of. */
export interface Versioned {
  readonly version: number;
}

/** All a handler works with. By now the caller is known and allowed, the target exists, and the input is typed. */
interface Context<P extends string, Q, B, T> {
  readonly core: Core;
  readonly actor: Actor;
  /** The configuration of the actor's tenant as the request began. */
  readonly config: TenantConfig;
  readonly caller: Caller;
  readonly params: Places<P>;
  readonly query: Q;
  readonly body: B;
  /** What {@link RouteDefinition.target} found. */
  readonly target: T;
  /** From `If-Match`: hand it to the domain's write, so that nothing slips in between. */
  readonly ifVersion: { readonly ifVersion?: number };
  /** Asked by what goes on for longer than a moment: whether the caller would be let in again now. */
  readonly isStillAllowed: () => Promise<boolean>;
  readonly req: Request;
  readonly res: Response;
}

/** What a handler answers; undefined when it has written the response itself (a stream). */
export interface Reply<O> {
  readonly body?: O;
  /** The item's version: becomes the ETag. */
  readonly version?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The route's other status in place of its first. */
  readonly status?: 200;
}

/** How a change is planned that its handler does not make in one transaction: what it does to the configuration, and to a user. */
type PlanOf<P extends string, Q extends z.ZodType, B extends z.ZodType, T> = (
  context: Context<P, z.output<Q>, z.output<B>, T>,
) => PlannedWork;

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
type MediaType = 'application/json' | 'text/csv' | 'text/event-stream';

/** One route as it is written down: the express route and its OpenAPI operation both come from it. */
export interface RouteDefinition<
  P extends string,
  Q extends z.ZodType,
  B extends z.ZodType,
  T,
  O extends z.ZodType,
> {
  method: Method;
  /** Below `/api/v1`, with `{name}` places. */
  path: P;
  /** The OpenAPI operation's id: verb + noun. */
  id: string;
  summary: string;
  tag: string;
  /** The management permission it asks for; `self` is for people about themselves: a session, no permission. */
  permission: string;
  /** What it is about; one tenant unless said otherwise. */
  scope?: RouteScope;
  /** Whether a session must have proved lately who it is of (`sessions.stepUpSeconds`); keys need not. */
  stepUp?: true;
  query?: Q;
  body?: B;
  /** The body holds a file, and may be as large as `limits.importBodyBytes`. */
  takesFile?: boolean;
  /** Finds what the path names, or throws its 404. Runs before `If-Match` and before the body is looked at. */
  target?: (core: Core, tenantId: string, params: Places<P>, caller: Caller) => Promise<T>;
  /** Whom the permission may be missing for this one thing, e.g. a group's own administrator. */
  openTo?: (core: Core, actor: Actor, target: T) => boolean | Promise<boolean>;
  status?: 200 | 201 | 202 | 204;
  /** A second status of success, which an answer may choose ({@link Reply.status}). */
  otherStatus?: 200;
  /** `?dryRun=true` says what it would do to people; it has to write in one transaction. */
  isPlanned?: true | PlanOf<P, Q, B, T>;
  output?: O;
  /** Of the answer; JSON when absent. */
  produces?: MediaType;
  handler: (context: Context<P, z.output<Q>, z.output<B>, T>) => Promise<Reply<z.input<O>> | undefined>;
}

/** A route whose types have been checked where it was written; the table holds these. */
export interface Route {
  readonly method: Method;
  readonly path: string;
  readonly id: string;
  readonly summary: string;
  readonly tag: string;
  readonly permission: string;
  readonly scope: RouteScope;
  readonly stepUp: boolean;
  readonly query: z.ZodObject | undefined;
  readonly body: z.ZodType | undefined;
  readonly takesFile: boolean;
  readonly status: 200 | 201 | 202 | 204;
  readonly otherStatus: 200 | undefined;
  readonly isPlanned: boolean;
  readonly planOf: PlanOf<string, z.ZodType, z.ZodType, unknown> | undefined;
  readonly output: z.ZodType | undefined;
  readonly produces: MediaType;
  /** Whether the path names one thing, whose version `If-Match` can hold to. */
  readonly hasTarget: boolean;
  readonly target: (
    core: Core,
    tenantId: string,
    params: Readonly<Record<string, string>>,
    caller: Caller,
  ) => Promise<unknown>;
  readonly openTo: ((core: Core, actor: Actor, target: unknown) => boolean | Promise<boolean>) | undefined;
  readonly handler: (
    context: Context<string, unknown, unknown, unknown>,
  ) => Promise<Reply<unknown> | undefined>;
}

/** Writes down one route. */
export function route<
  const P extends string,
  Q extends z.ZodObject = z.ZodObject<z.ZodRawShape>,
  B extends z.ZodType = z.ZodUndefined,
  T = undefined,
  O extends z.ZodType = z.ZodUndefined,
>(definition: RouteDefinition<P, Q, B, T, O>): Route {
  const { target, handler, openTo } = definition;
  return {
    method: definition.method,
    path: definition.path,
    id: definition.id,
    summary: definition.summary,
    tag: definition.tag,
    permission: definition.permission,
    scope: definition.scope ?? 'tenant',
    stepUp: definition.stepUp ?? false,
    query: definition.query,
    body: definition.body,
    takesFile: definition.takesFile ?? false,
    status: definition.status ?? (definition.output === undefined && !definition.produces ? 204 : 200),
    otherStatus: definition.otherStatus,
    isPlanned: definition.isPlanned !== undefined,
    planOf:
      typeof definition.isPlanned === 'function' ? (definition.isPlanned as Route['planOf']) : undefined,
    output: definition.output,
    produces: definition.produces ?? 'application/json',
    hasTarget: target !== undefined,
    target: (core, tenantId, params, caller) =>
      target ? target(core, tenantId, params, caller) : Promise.resolve(undefined),
    openTo: openTo && ((core, actor, found) => openTo(core, actor, found as T)),
    handler: (context) => handler(context as Context<P, z.output<Q>, z.output<B>, T>),
  };
}
