import type { AccessAnswer } from '../../identity/applications/access-check.js';
import { userStatuses } from '../../identity/grants/user-status.js';
import type { RoleExplanation } from '../../identity/users/role-explanation.js';
import { z } from '../schema.js';
import { instant, instantOrNull, iso, isoOrNull } from './fields.js';

const ruleTrace = z.strictObject({
  rule: z.string().describe('the rule’s id'),
  condition: z.string(),
  values: z.array(z.string()).describe('what the user has at that place'),
  matched: z.boolean(),
  grants: z.array(z.string()),
});

const unmatched = z
  .array(z.strictObject({ path: z.string(), value: z.string() }))
  .describe('what was sent and no rule knows: it grants nothing');

export const dryRunSchema = z
  .strictObject({
    grants: z.array(z.strictObject({ role: z.string(), rule: z.string(), because: z.string() })),
    unmatched,
    trace: z.array(ruleTrace),
  })
  .openapi('DryRunResult');

const source = z.strictObject({
  type: z.enum(['manual', 'invite', 'rule', 'sso']),
  detail: z.string(),
  rule: z.string().nullable().describe('id of the directory’s rule that gave it'),
  directory: z
    .strictObject({ id: z.string(), name: z.string() })
    .nullable()
    .describe('whose rule or assignment gave it'),
  since: instant,
  until: instantOrNull,
});

export const roleExplanationSchema = z
  .strictObject({
    status: z.enum(userStatuses),
    heldBack: z.string().nullable().describe('why no role works at all'),
    roles: z.array(
      z.strictObject({
        role: z.string(),
        name: z.string(),
        permissions: z.array(z.string()),
        inForce: z.boolean(),
        sources: z.array(source),
      }),
    ),
    rules: z.array(ruleTrace).describe('every rule of the user’s directory, and what came of it'),
    unmatched,
    unknownRoles: z.array(z.string()).describe('granted roles that do not exist any more'),
  })
  .openapi('RoleExplanation');

export const accessAnswerSchema = z
  .strictObject({
    allowed: z.boolean(),
    application: z.string().nullable(),
    permission: z.string(),
    status: z.enum(userStatuses),
    refusals: z.array(z.string()).describe('what is in the way, in words; empty when allowed'),
    paths: z
      .array(
        z.strictObject({
          role: z.string(),
          name: z.string(),
          by: z
            .enum(['role', 'assignment'])
            .describe(
              '`assignment`: by being assigned to the application, which gives its Reader’s permissions',
            ),
          inForce: z.boolean(),
          sources: z.array(source),
        }),
      )
      .describe('every way by which the permission comes to the user'),
    access: z
      .strictObject({
        by: z.enum(['everyone', 'role', 'group']),
        roles: z.array(z.string()),
        groups: z.array(z.string()),
        allowed: z.boolean(),
      })
      .nullable()
      .describe('who may use the application at all'),
    limits: z.strictObject({ products: z.array(z.string()), profileAccess: z.boolean() }).nullable(),
    givenBy: z.array(z.string()).describe('the roles that would give it'),
  })
  .openapi('AccessAnswer');

type Sources = RoleExplanation['roles'][number]['sources'];

const presentSources = (sources: Sources) =>
  sources.map(({ type, detail, rule, directory, since, until }) => ({
    type,
    detail,
    rule,
    directory,
    since: iso(since),
    until: isoOrNull(until),
  }));

export function presentAnswer({ paths, access, limits, ...answer }: AccessAnswer) {
  return {
    ...answer,
    paths: paths.map(({ sources, ...path }) => ({ ...path, sources: presentSources(sources) })),
    access: access && { ...access, roles: [...access.roles], groups: [...access.groups] },
    limits: limits && { ...limits, products: [...limits.products] },
  };
}

export function presentExplanation(explanation: RoleExplanation) {
  return {
    ...explanation,
    roles: explanation.roles.map((reason) => ({
      role: reason.role,
      name: reason.name,
      permissions: [...reason.permissions],
      inForce: reason.inForce,
      sources: presentSources(reason.sources),
    })),
  };
}
