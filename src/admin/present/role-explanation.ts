import type { RoleExplanation } from '../../identity/users/role-explanation.js';
import { z } from '../schema.js';
import { instant, instantOrNull, iso, isoOrNull } from './fields.js';
import { statuses } from './user.js';

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
    status: z.enum(statuses),
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

export function presentExplanation(explanation: RoleExplanation) {
  return {
    ...explanation,
    roles: explanation.roles.map((reason) => ({
      role: reason.role,
      name: reason.name,
      permissions: [...reason.permissions],
      inForce: reason.inForce,
      sources: reason.sources.map(({ type, detail, rule, directory, since, until }) => ({
        type,
        detail,
        rule,
        directory,
        since: iso(since),
        until: isoOrNull(until),
      })),
    })),
  };
}
