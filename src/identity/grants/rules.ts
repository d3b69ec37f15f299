import type { RoleRule, RuleCondition } from '../../persistence/collections/directories.js';
import { AppError, type InputFault } from '../../shared/errors.js';
import type { Actor, Core } from '../core.js';
import { requireGrantable } from '../permissions.js';
import { unknownPath } from './rule-attributes.js';
import { ruleId } from './role-mapping.js';
import { compilePath, aliasesFor } from './rule-paths.js';
import type { TenantConfig } from '../tenants/config.js';

export type { RoleRule } from '../../persistence/collections/directories.js';

/** A condition as it comes from outside: exactly one of the tests is set. */
interface RuleConditionInput {
  path: string;
  is?: string | undefined;
  in?: readonly string[] | undefined;
  matches?: string | undefined;
}

export interface RoleRuleInput {
  when: RuleConditionInput;
  grant: readonly string[];
}

const maxRules = 500;
/** Of all rules together, in characters: the directory's document is read with each of its requests. */
const maxRulesCharacters = 1_048_576;

function conditionFaults(
  core: Core,
  config: TenantConfig,
  { path, is, in: list, matches }: RuleConditionInput,
  pointer: string,
): InputFault[] {
  const faults: InputFault[] = [];
  const fault = compilePath(path, aliasesFor(core))
    ? unknownPath(core, config, path)
    : (unknownPath(core, config, path) ?? `${path} is not an attribute path`);
  if (fault !== undefined) faults.push({ pointer: `${pointer}/path`, detail: fault });
  if ([is, list, matches].filter((test) => test !== undefined).length !== 1) {
    faults.push({ pointer, detail: 'must hold exactly one of is, in and matches' });
  }
  if (list?.length === 0) faults.push({ pointer: `${pointer}/in`, detail: 'must name at least one value' });
  if (matches !== undefined && (matches.length > 200 || /^\**$/.test(matches))) {
    faults.push({
      pointer: `${pointer}/matches`,
      detail: 'must hold more than "*", and at most 200 characters',
    });
  }
  return faults;
}

/** A condition as it is stored. */
export function conditionOf({ path, is, in: list, matches }: RuleConditionInput): RuleCondition {
  return {
    path: path.trim(),
    ...(is !== undefined && { is }),
    ...(list && { in: [...list] }),
    ...(matches !== undefined && { matches }),
  };
}

function ruleFaults(core: Core, config: TenantConfig, rule: RoleRuleInput, index: number): InputFault[] {
  const faults = conditionFaults(core, config, rule.when, `/${index}/when`);
  if (rule.grant.length === 0)
    faults.push({ pointer: `/${index}/grant`, detail: 'must name at least one role' });
  rule.grant.forEach((role, at) => {
    if (config.roles.has(role)) return;
    faults.push({ pointer: `/${index}/grant/${at}`, detail: `there is no role ${role}` });
  });
  return faults;
}

/**
 * Makes rules ready to be stored: every path readable, one test each, every role existing, and none of the roles that are new in them
 * beyond what the actor holds.
 *
 * @param before - the rules they replace.
 * @throws AppError `input.invalid` with pointers into the list of rules, `role.not_grantable`.
 */
export function checkRules(
  core: Core,
  actor: Actor,
  config: TenantConfig,
  before: readonly RoleRule[],
  rules: readonly RoleRuleInput[],
): RoleRule[] {
  const old = new Set(before.map((rule) => rule.id));
  // What stands already is not judged again: it may look at what has gone from the schemas since.
  const isOld = ({ when, grant }: RoleRuleInput): boolean => old.has(ruleId(conditionOf(when), grant));
  const errors = rules.flatMap((rule, index) => (isOld(rule) ? [] : ruleFaults(core, config, rule, index)));
  if (rules.length > maxRules) errors.push({ pointer: '', detail: `at most ${maxRules} rules` });
  if (JSON.stringify(rules).length > maxRulesCharacters) {
    errors.push({ pointer: '', detail: `at most ${maxRulesCharacters} characters, all rules together` });
  }
  if (errors.length > 0) throw new AppError('input.invalid', 'some rules are not valid', { errors });
  const stored = rules.map(({ when: input, grant }) => {
    const when = conditionOf(input);
    return { id: ruleId(when, grant), when, grant: [...new Set(grant)] };
  });
  const added = stored.filter((rule) => !old.has(rule.id)).flatMap((rule) => rule.grant);
  requireGrantable(
    actor,
    added.flatMap((role) => config.roles.get(role) ?? []),
  );
  return [...new Map(stored.map((rule) => [rule.id, rule])).values()];
}
