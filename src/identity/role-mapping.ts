import { createHash } from 'node:crypto';
import type { RoleRule, RuleCondition } from '../persistence/collections/directories.js';
import { fold } from '../shared/fold.js';
import { compilePath, type CompiledPath, type ExtensionAliases, type MappingView } from './rule-paths.js';

export type { RoleRule, RuleCondition } from '../persistence/collections/directories.js';

/** A role that a rule gives, and which value of which attribute made it. */
export interface MappedGrant {
  role: string;
  /** The rule's id. */
  rule: string;
  /** For people, e.g. `groups.displayName is "Engineering"`. */
  because: string;
}

/** A value the directory sent that no rule knows: it grants nothing. */
export interface UnmatchedValue {
  path: string;
  value: string;
}

export interface MappingResult {
  /** In the order of the rules; one entry for each role of each rule that matched. */
  grants: MappedGrant[];
  unmatched: UnmatchedValue[];
}

interface CompiledRule extends CompiledPath {
  rule: RoleRule;
  matches: (folded: string) => boolean;
}

/** Rules made ready to run. */
export interface CompiledRules {
  rules: readonly CompiledRule[];
  needsGroups: boolean;
}

/**
 * Whether a text as a whole is what a pattern says, `*` standing for any run of characters. Linear in practice and never exponential: on
 * a mismatch only the latest `*` takes one more character.
 */
export function matchesPattern(pattern: string, text: string): boolean {
  let [at, read, star, mark] = [0, 0, -1, 0];
  while (read < text.length) {
    if (pattern[at] === '*') {
      star = at++;
      mark = read;
    } else if (pattern[at] === text[read]) {
      at += 1;
      read += 1;
    } else if (star >= 0) {
      at = star + 1;
      read = ++mark;
    } else return false;
  }
  while (pattern[at] === '*') at += 1;
  return at === pattern.length;
}

function testOf(when: RuleCondition): (folded: string) => boolean {
  if (when.matches !== undefined) {
    const pattern = fold(when.matches);
    return (value) => matchesPattern(pattern, value);
  }
  const wanted = new Set((when.in ?? [when.is ?? '']).map(fold));
  return (value) => wanted.has(value);
}

/** A rule whose path cannot be read matches nothing; {@link compilePath} finds it out before a rule is stored. */
export function compileRules(rules: readonly RoleRule[], aliases: ExtensionAliases): CompiledRules {
  const compiled = rules.flatMap((rule) => {
    const path = compilePath(rule.when.path, aliases);
    return path ? [{ ...path, rule, matches: testOf(rule.when) }] : [];
  });
  return { rules: compiled, needsGroups: compiled.some((rule) => rule.needsGroups) };
}

/** A rule in words: `groups.displayName is "Engineering"`. */
export function describeCondition(when: RuleCondition): string {
  if (when.matches !== undefined) return `${when.path} matches "${when.matches}"`;
  if (when.in) return `${when.path} is in ${when.in.map((value) => `"${value}"`).join(', ')}`;
  return `${when.path} is "${when.is ?? ''}"`;
}

function because({ rule }: CompiledRule, value: string): string {
  if (rule.when.is !== undefined && rule.when.is === value) return describeCondition(rule.when);
  return `${describeCondition(rule.when)}: "${value}"`;
}

const sorted = (values: readonly string[]): string[] => [...new Set(values)].sort();

/** The attributes that exist to carry roles: a value there that nothing knows is worth a word. */
const reported = ['roles.value', 'entitlements.value', 'groups.displayName'] as const;

function unmatchedOf(
  view: MappingView,
  compiled: CompiledRules,
  aliases: ExtensionAliases,
): UnmatchedValue[] {
  const known = new Set(
    compiled.rules.flatMap((rule) =>
      rule
        .read(view)
        .filter((value) => rule.matches(fold(value)))
        .map(fold),
    ),
  );
  const groups = view.groups.filter(
    (group) => ![group.displayName, group.externalId ?? '', group.id].some((name) => known.has(fold(name))),
  );
  return reported.flatMap((path) => {
    const read = compilePath(path, aliases)?.read({ ...view, groups });
    return sorted(read ?? [])
      .filter((value) => !known.has(fold(value)))
      .map((value) => ({ path, value }));
  });
}

/**
 * Works out the roles that a directory's rules give a user. Pure: the same user and rules give the same result, whatever came first.
 *
 * Every rule is looked at, in order; each one whose condition holds for any of the attribute's values gives all its roles. Values and
 * attribute names are compared without regard to case.
 */
export function mapCompiledRules(view: MappingView, compiled: CompiledRules): MappedGrant[] {
  return compiled.rules.flatMap((rule) => {
    const hit = sorted(rule.read(view)).find((value) => rule.matches(fold(value)));
    if (hit === undefined) return [];
    return sorted(rule.rule.grant).map((role) => ({ role, rule: rule.rule.id, because: because(rule, hit) }));
  });
}

/** {@link mapCompiledRules} with a report of what no rule knew. */
export function mapRoles(
  view: MappingView,
  rules: readonly RoleRule[],
  aliases: ExtensionAliases,
): MappingResult {
  const compiled = compileRules(rules, aliases);
  return { grants: mapCompiledRules(view, compiled), unmatched: unmatchedOf(view, compiled, aliases) };
}

/** A rule's id is made of what it says: the same rule stored again keeps its id and its grants. */
export function ruleId(when: RuleCondition, grant: readonly string[]): string {
  const said = JSON.stringify([
    when.path,
    when.is ?? null,
    when.in ?? null,
    when.matches ?? null,
    sorted(grant),
  ]);
  return createHash('sha256').update(said).digest('base64url').slice(0, 12);
}
