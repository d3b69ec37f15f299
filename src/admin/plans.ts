import type { Actor, Core } from '../identity/core.js';
import { planKinds } from '../identity/plans/effects.js';
import type { Plan } from '../identity/plans/plan.js';
import type { UserDocument } from '../persistence/collections/users.js';
import { planChange } from '../identity/plans/rehearse.js';
import { AppError } from '../shared/errors.js';
import { id } from './present/fields.js';
import type { Route } from './route.js';
import { z } from './schema.js';

/** What every change takes that can be planned. */
const planParameters = {
  dryRun: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional()
    .describe('`true`: answer what it would do, and for whom, and change nothing'),
  plan: z
    .string()
    .max(100)
    .optional()
    .describe('`plan` of a dry run: refused with `plan.stale` when it would do anything else by now'),
};

export interface PlanQuery {
  readonly dryRun?: boolean;
  readonly plan?: string;
}

const noParameters = z.strictObject({});

/** The parameters of a route. */
export function queryOf({ query = noParameters, isPlanned }: Route): z.ZodObject {
  return isPlanned ? query.extend(planParameters) : query;
}

export const planSchema = z
  .strictObject({
    plan: z.string().describe('to be sent with the change as `?plan=`'),
    users: z.number().int().describe('how many users there are'),
    affected: z.number().int().describe('how many of them anything happens to'),
    changes: z.array(
      z.strictObject({
        kind: z.enum(planKinds),
        what: z.string().describe('the role, the permission (`application:permission`) or the new status'),
        users: z.number().int(),
        examples: z.array(z.strictObject({ id, label: z.string() })).describe('the first of them'),
      }),
    ),
    later: z
      .array(
        z.strictObject({
          kind: z.enum(['role.gained', 'role.lost']),
          what: z.string(),
          users: z.number().int(),
        }),
      )
      .describe('roles of people who are not activated or approved yet: they work once they are'),
    summary: z.array(z.string()).describe('the changes in sentences'),
    settings: z
      .array(z.strictObject({ name: z.string(), before: z.unknown(), after: z.unknown() }))
      .describe('the settings that are others then'),
  })
  .openapi('Plan');

export function presentPlan({ id: plan, changes, later, ...rest }: Plan): z.input<typeof planSchema> {
  return {
    plan,
    ...rest,
    later: [...later],
    changes: changes.map((change) => ({ ...change, examples: [...change.examples] })),
  };
}

/** What a route's handler is called with, as far as a plan depends on it. */
interface PlannedRequest {
  readonly core: Core;
  readonly actor: Actor;
  readonly params: Readonly<Record<string, string>>;
  readonly query: PlanQuery;
  readonly body: unknown;
}

/** A change as it is planned. */
export interface PlannedWork {
  /** Makes it in one transaction. */
  work: (core: Core) => Promise<unknown>;
  /** What it does to each user beside. */
  change?: (user: UserDocument) => UserDocument;
}

/** Works out what a request would do. @throws AppError whatever the request itself is refused with. */
export function planRequest<C extends PlannedRequest>(
  core: Core,
  route: Pick<Route, 'id'> & {
    readonly handler: (context: C) => Promise<unknown>;
    readonly planOf: ((context: C) => PlannedWork) | undefined;
  },
  context: C,
): Promise<Plan> {
  const { dryRun: _, plan: __, ...query } = context.query;
  const asked = [route.id, context.params, query, context.body];
  const byHandler = (inside: Core): Promise<unknown> => route.handler({ ...context, core: inside });
  const { work, change }: PlannedWork = route.planOf?.(context) ?? { work: byHandler };
  return planChange(core, context.actor.tenantId, work, { asked, ...(change && { change }) });
}

/** @throws AppError `plan.stale`. */
export function requirePlan(plan: Plan, id: string | undefined): void {
  if (plan.id === id) return;
  throw new AppError('plan.stale', 'the plan does not hold any more: what it was made of has changed');
}
