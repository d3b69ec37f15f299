import { createHash } from 'node:crypto';
import type { RoleRule, RuleCondition } from '../../persistence/collections/directories.js';
import { fold } from '../../shared/fold.js';
import { compilePath, type CompiledPath, type ExtensionAliases, type MappingView } from './rule-paths.js';

export type { RoleRule, RuleCondition } from '../../persistence/collections/directories.js';

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

/** What a rule compares: a value as it was sent, and folded. */
interface SeenValue {
  value: string;
  folded: string;
}

/** What is left of the work that patterns may take over one user. */
interface Effort {
  left: number;
}

interface CompiledRule extends CompiledPath {
  rule: RoleRule;
  matches: (folded: string, effort: Effort) => boolean;
}

/** Rules made ready to run. */
export interface CompiledRules {
  rules: readonly CompiledRule[];
  needsGroups: boolean;
}

/** A pattern looks at no value longer than this; no name of a role or a group is. */
const maxPatternInput = 1000;

/**
 * How many characters the patterns of a directory look at over one user, all together: some 15 ms in the worst case. What is beyond it no
 * pattern matches; `is` and `in` look at everything.
 */
const patternEffort = 1_048_576;

/**
 * A test whether a text as a whole is what a pattern says, `*` standing for any run of characters. Each piece between two `*` is looked
 * for once, after the piece before it: the first place where it stands leaves the most room for the rest.
 */
export function compilePattern(pattern: string): (text: string, effort: Effort) => boolean {
  const pieces = pattern.split('*');
  const [head = '', tail = ''] = [pieces[0], pieces.at(-1)];
  if (pieces.length === 1) return (text) => text === pattern;
  const middle = pieces.slice(1, -1).filter((piece) => piece !== '');
  return (text, effort) => {
    const end = text.length - tail.length;
    if (end < head.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
    if (middle.length === 0) return true;
    effort.left -= text.length;
    if (effort.left < 0) return false;
    let at = head.length;
    for (const piece of middle) {
      const found = text.indexOf(piece, at);
      if (found < 0) return false;
      at = found + piece.length;
    }
    return at <= end;
  };
}

function testOf(when: RuleCondition): CompiledRule['matches'] {
  if (when.matches !== undefined) {
    const test = compilePattern(fold(when.matches));
    return (value, effort) => effort.left > 0 && value.length <= maxPatternInput && test(value, effort);
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

/** Where a text is told to people, it is told so far. */
const maxReported = { values: 20, characters: 100 };

const told = (value: string): string =>
  value.length > maxReported.characters ? `${value.slice(0, maxReported.characters)}…` : value;

/** A rule in words: `groups.displayName is "Engineering"`. */
function describeCondition(when: RuleCondition): string {
  if (when.matches !== undefined) return `${when.path} matches "${when.matches}"`;
  if (when.in) {
    const more = when.in.length - maxReported.values;
    const list = when.in.slice(0, maxReported.values).map((value) => `"${told(value)}"`);
    return `${when.path} is in ${list.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  }
  return `${when.path} is "${told(when.is ?? '')}"`;
}

function because({ rule }: CompiledRule, value: string): string {
  if (rule.when.is !== undefined && rule.when.is === value) return describeCondition(rule.when);
  return `${describeCondition(rule.when)}: "${told(value)}"`;
}

const sorted = (values: readonly string[]): string[] => [...new Set(values)].sort();

type ReadValues = (path: CompiledPath & { rule: RoleRule }) => readonly SeenValue[];

/** Reads what rules look at, in order and without repetition: once for all rules that look at the same place. */
function readerOf(view: MappingView): ReadValues {
  const known = new Map<string, SeenValue[]>();
  return ({ rule, read }) => {
    const path = rule.when.path.toLowerCase();
    const values = known.get(path) ?? sorted(read(view)).map((value) => ({ value, folded: fold(value) }));
    known.set(path, values);
    return values;
  };
}

/** The attributes that exist to carry roles: a value there that nothing knows is worth a word. */
const reported = ['roles.value', 'entitlements.value', 'groups.displayName'] as const;

/** What the directory sent and no rule knows. */
export function unmatchedOf(
  view: MappingView,
  compiled: CompiledRules,
  aliases: ExtensionAliases,
): UnmatchedValue[] {
  const valuesOf = readerOf(view);
  const effort: Effort = { left: patternEffort };
  const known = new Set<string>();
  for (const rule of compiled.rules) {
    for (const { folded } of valuesOf(rule)) if (rule.matches(folded, effort)) known.add(folded);
  }
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
  const valuesOf = readerOf(view);
  const effort: Effort = { left: patternEffort };
  return compiled.rules.flatMap((rule) => {
    const hit = valuesOf(rule).find(({ folded }) => rule.matches(folded, effort));
    if (hit === undefined) return [];
    return sorted(rule.rule.grant).map((role) => ({
      role,
      rule: rule.rule.id,
      because: because(rule, hit.value),
    }));
  });
}

/** {@link mapCompiledRules} with a report of what no rule knew. */
export function mapRoles(
  view: MappingView,
  compiled: CompiledRules,
  aliases: ExtensionAliases,
): MappingResult {
  return { grants: mapCompiledRules(view, compiled), unmatched: unmatchedOf(view, compiled, aliases) };
}

/** What a rule came to, for those who ask why. */
export interface RuleTrace {
  rule: string;
  /** In words: `groups.displayName is "Engineering"`. */
  condition: string;
  /** The first of what the user has at that place. */
  values: string[];
  matched: boolean;
  grants: string[];
}

/** Tells of each rule whether it matched, and of what. */
export function traceRules(
  view: MappingView,
  compiled: CompiledRules,
  grants: readonly MappedGrant[],
): RuleTrace[] {
  const valuesOf = readerOf(view);
  const matched = new Set(grants.map((grant) => grant.rule));
  return compiled.rules.map((rule) => ({
    rule: rule.rule.id,
    condition: describeCondition(rule.rule.when),
    values: valuesOf(rule)
      .slice(0, maxReported.values)
      .map(({ value }) => told(value)),
    matched: matched.has(rule.rule.id),
    grants: [...rule.rule.grant],
  }));
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
